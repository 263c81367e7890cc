"""Reads of the audit viewer: filters, pages by key, names. Never counts a million rows."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from school.core import clock
from school.core.audit import names
from school.core.audit.entries import NO_ADDRESS
from school.core.models import AuditEntry

PAGE = 50
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TrailFilter:
    """What an auditor asks for; empty fields ask for nothing.

    Attributes:
        who: staff number as typed. actor: id it stands for, 0 when nobody has it.
        since, until: local days, both included.
    """

    who: str = ""
    actor: int | None = None
    action: str = ""
    subject_type: str = ""
    subject: str = ""
    subject_id: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, query: QueryDict) -> "TrailFilter":
        """The filter of a request's query; what makes no sense is left out."""
        who = query.get("who", "").strip()[:40]
        subject_type = query.get("subject_type", "").strip()[:60]
        subject = query.get("subject", "").strip()[:64]
        return cls(
            who=who,
            actor=_actor(who, query.get("actor", "")),
            action=query.get("action", "").strip()[:60],
            subject_type=subject_type,
            subject=subject,
            subject_id=_subject_id(subject_type, subject, query.get("subject_id", "")),
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
        )

    def query(self) -> dict[str, str]:
        """The filter as the query of an address."""
        given = {
            "who": self.who,
            "actor": "" if self.who or self.actor is None else str(self.actor),
            "action": self.action,
            "subject_type": self.subject_type,
            "subject": self.subject,
            "subject_id": "" if self.subject else self.subject_id,
            "since": str(self.since or ""),
            "until": str(self.until or ""),
        }
        return {key: value for key, value in given.items() if value}

    def entries(self) -> QuerySet[AuditEntry]:
        """Matching entries, unordered."""
        rows = AuditEntry.objects.order_by()
        if self.actor is not None:
            rows = rows.filter(actor_id=self.actor)
        if self.action:
            rows = rows.filter(action=self.action)
        if self.subject_type:
            rows = rows.filter(subject_type=self.subject_type)
            if self.subject_id:
                rows = rows.filter(subject_id=self.subject_id)
        return _between(rows, self.since, self.until)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _actor(who: str, number: str) -> int | None:
    if who:
        people = get_user_model()
        found = people._default_manager.filter(**{people.USERNAME_FIELD: who.upper()})
        return found.values_list("pk", flat=True).first() or 0
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None


def _subject_id(subject_type: str, subject: str, number: str) -> str:
    if not subject:
        return number.strip()[:64]
    return names.find_subject(subject_type, subject) or "0"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.LOCAL)


def _between(
    rows: QuerySet[AuditEntry], since: date | None, until: date | None
) -> QuerySet[AuditEntry]:
    """Entries of some local days, both included."""
    if since:
        rows = rows.filter(at__gte=_midnight(since))
    if until:
        rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
    return rows


@dataclass(frozen=True)
class Line:
    """One entry as the list shows it."""

    entry: AuditEntry
    action: str
    subject_type: str
    changes: list[names.Change]
    where: str


# Where a page begins: moment and number of the entry beside it.
Key = tuple[datetime, int]


@dataclass(frozen=True)
class TrailPage:
    """A page of the trail, newest first; keys of the pages beside it, None when there is none."""

    lines: list[Line] = field(default_factory=list)
    newer: Key | None = None
    older: Key | None = None


def in_words(entries: list[AuditEntry]) -> list[Line]:
    """Entries in words; what they name by codes is looked up for all of them at once."""
    wording = names.Wording.of(entries)
    return [
        Line(
            entry=entry,
            action=wording.action(entry),
            subject_type=wording.subject(entry),
            changes=wording.changes(entry),
            where=_where(entry.address),
        )
        for entry in entries
    ]


def _where(origin: str) -> str:
    """Where an entry came from, for people."""
    kind, _dash, number = origin.partition(":")
    if kind == "job":
        return _("后台任务 %(number)s") % {"number": number}
    return _("无法识别") if origin == NO_ADDRESS else origin


def written_key(key: Key | None) -> str:
    """A key as it stands in an address: microseconds and number."""
    return f"{int(key[0].timestamp() * 1_000_000)}-{key[1]}" if key else ""


def read_key(text: str) -> Key | None:
    """A key out of an address, None when it is none."""
    moment, _dash, number = text.partition("-")
    digits = moment.isascii() and moment.isdigit() and number.isascii() and number.isdigit()
    if not digits or len(moment) > 17 or len(number) > 18:
        return None
    return EPOCH + timedelta(microseconds=int(moment)), int(number)


def newest_first(rows: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    """In the order of the list."""
    return rows.order_by("-at", "-pk")


def page(wanted: TrailFilter, *, before: Key | None = None, after: Key | None = None) -> TrailPage:
    """The page below (``before``) or above (``after``) a key; the newest without either."""
    rows = wanted.entries()
    if after is not None:
        # The first condition lets the index find the place, the second is the exact one.
        beyond = rows.filter(at__gte=after[0]).exclude(at=after[0], pk__lte=after[1])
        found = list(beyond.order_by("at", "pk")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        return TrailPage(
            in_words(shown),
            newer=_key(shown[0]) if len(found) > PAGE else None,
            older=_key(shown[-1]) if shown else after,
        )
    if before is not None:
        rows = rows.filter(at__lte=before[0]).exclude(at=before[0], pk__gte=before[1])
    found = list(newest_first(rows)[: PAGE + 1])
    shown = found[:PAGE]
    return TrailPage(
        in_words(shown),
        newer=None if before is None else (_key(shown[0]) if shown else before),
        older=_key(shown[-1]) if len(found) > PAGE else None,
    )


def _key(entry: AuditEntry) -> Key:
    return entry.at, entry.pk


def address_of(subject_type: str, subject_id: object) -> str:
    """Where the trail of one subject is read."""
    return f"{reverse('audit:index')}?subject_type={subject_type}&subject_id={subject_id}"
