"""Makes what tests of studying need: members, rules, items, and a page that studies."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from school.core import clock
from school.members.models import Member
from school.study.models import HourRule, ItemRevision, StudyItem
from school.study.services.items import register_item
from school.study.services.reports import Accepted, accept_report
from school.study.services.sessions import Opened, open_session

_numbers = itertools.count(1)

TIERS = [[15, 25], [30, 50], [None, 100]]


def moment(text: str) -> datetime:
    """An aware local moment from ``2026-03-02 20:00`` (seconds optional)."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.LOCAL)


def make_member(name: str = "张建国") -> Member:
    """A member past the first run."""
    return Member.objects.create(
        staff_number=f"S{next(_numbers):06d}",
        name=name,
        password="!",
        must_set_password=False,
        first_run_done_at=clock.now(),
    )


def make_rule(**changes) -> HourRule:
    """Version 1 of the hour rule as a new school has it, with changes."""
    rule, _ = HourRule.objects.get_or_create(
        version=1, defaults={"effective_from": date(2020, 1, 1), "tiers": TIERS}
    )
    for name, value in changes.items():
        setattr(rule, name, value)
    rule.save()
    return rule


def make_lesson(minutes: float = 20, **changes) -> ItemRevision:
    """A registered micro-lesson; its revision."""
    make_rule()
    number = next(_numbers)
    values = {
        "kind": StudyItem.Kind.LESSON,
        "source_type": "courses.page",
        "source_id": number,
        "title": f"微课 {number}",
        "path": f"/lessons/{number}/",
        "audience": None,
        "axis": ItemRevision.Axis.MEDIA,
        "axis_length": int(minutes * 60_000),
        "study_ms": int(minutes * 60_000),
        "max_rate": 200,
        **changes,
    }
    return register_item(**values)


def make_article(characters: int = 1000, **changes) -> ItemRevision:
    """A registered article at 250 characters a minute; its revision."""
    return make_lesson(
        kind=StudyItem.Kind.ARTICLE,
        axis=ItemRevision.Axis.TEXT,
        axis_length=characters,
        study_ms=characters * 240,
        **changes,
    )


def make_course(*parts: tuple[StudyItem, bool]) -> ItemRevision:
    """A registered aggregate of parts."""
    from school.study.services.items import set_parts

    revision = make_lesson(
        kind=StudyItem.Kind.COURSE, axis=ItemRevision.Axis.NONE, axis_length=0, study_ms=0
    )
    set_parts(whole=revision.item, parts=list(parts))
    return revision


@dataclass
class Page:
    """A browser tab that studies: opened at ``start``, it reports what it is told to.

    Every check-in is answered in its moment unless ``answers`` says otherwise. ``accept``: the way
    in that is tested.
    """

    member: Member
    revision: ItemRevision
    start: datetime
    seq: int = 0
    accept: Callable[..., Accepted] = accept_report
    opened: Opened = field(init=False)

    def __post_init__(self) -> None:
        with clock.at(self.start):
            self.opened = open_session(member=self.member, item=self.revision.item)

    def send(
        self, *segments: tuple, after: float | None = None, seq: int | None = None, **changes
    ) -> Accepted:
        """Report segments ``(m0, m1, w0, w1[, rate, visible])`` in seconds of media and wall.

        ``after``: seconds since opening at which the server gets it; default: the last ``w1``.
        """
        rows = []
        for m0, m1, w0, w1, *rest in segments:
            rate, visible = rest or (100, 1)
            rows.append([int(m0 * 1000), int(m1 * 1000), int(w0 * 1000), int(w1 * 1000)])
            rows[-1] += [rate, visible]
        return self.send_raw(
            rows,
            after=after if after is not None else max((s[3] for s in segments), default=0),
            seq=seq,
            **changes,
        )

    def send_raw(
        self, rows: object, *, after: float, seq: int | None = None, **changes
    ) -> Accepted:
        """Report rows as given (text offsets, forged content)."""
        if seq is None:
            self.seq += 1
            seq = self.seq
        values = {
            "token": self.opened.token,
            "member_id": self.member.pk,
            "answers": [[number, at] for number, at in enumerate(self.opened.check_ins)],
            **changes,
        }
        with clock.at(self.start + timedelta(seconds=after)):
            return self.accept(seq=seq, segments=rows, **values)

    def watch(self, begin: float, end: float, *, at: float = 0, rate: float = 1.0) -> Accepted:
        """Watch honestly from ``begin`` to ``end`` (media seconds), starting ``at`` (wall)."""
        answer, media, wall = None, begin, at
        while media < end:
            step = min(30 * rate, end - media)
            rows = []
            for part in range(6):
                low, high = media + step * part / 6, media + step * (part + 1) / 6
                rows.append(
                    (
                        low,
                        high,
                        wall + (low - media) / rate,
                        wall + (high - media) / rate,
                        int(rate * 100),
                        1,
                    )
                )
            media, wall = media + step, wall + step / rate
            answer = self.send(*rows)
        return answer
