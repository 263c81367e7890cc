"""Corrections: a line stays as it was booked, and further lines say what is right."""

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import Member
from school.study.models import (
    HourEntry,
    HourRule,
)
from school.study.rules import origins
from school.study.selectors.rules import year_closed
from school.study.services.ledger.posting import book, booked_as, next_round, post
from school.study.services.locks import lock_member


@transaction.atomic
def reverse_entry(*, entry: HourEntry, reason: str, by: Member | None) -> HourEntry:
    """Take an entry back by a further one of the opposite sign.

    Raises:
        Conflict: it is a reversal itself, was reversed before, or its year is closed.
    """
    lock_member(entry.member_id)
    if entry.reverses_id or HourEntry.objects.filter(reverses=entry).exists():
        raise Conflict(_("这条学时记录已经冲销过，不能再次冲销。"))
    if year_closed(entry.counts_for_year):
        raise Conflict(
            _("%(year)s 年度已封账，原记录不能再冲销；少记的学时经更正列入迟到学时。")
            % {"year": entry.counts_for_year}
        )
    opposite = take_back(entry, reason)
    audit.record(
        "study.entry_reversed",
        actor=by,
        subject=entry,
        fields={"credit": entry.credit, "reason": reason},
    )
    return opposite


def take_back(entry: HourEntry, reason: str, kind: str = origins.REVERSAL) -> HourEntry:
    """Book the opposite of a line; the caller holds the member and has checked the year.

    Args:
        kind: ``origins.ANEW`` when what the line stands for is booked anew.
    """
    return book(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=-entry.seconds,
        credit=-entry.credit,
        award=None if entry.award is None else -entry.award,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule_id=entry.rule_id,
        origin=f"{kind}:{entry.pk}",
        note=reason[:200],
        reverses=entry,
    )


@transaction.atomic
def correct_entry(
    *, entry: HourEntry, reason: str, by: Member, credit: int | None = None
) -> HourEntry:
    """Take an entry back for a reason and, where the right figure is known, book that instead.

    In a closed year the entry stays, and what is missing of the right figure goes to the list of
    late arrivals.

    Args:
        credit: hundredths of 学时 that are right; None: nothing takes its place.

    Returns the last line written.

    Raises:
        NotAllowed: they are one's own hours.
        DomainError: no reason, or the figure is the same or not one.
        Conflict: see ``reverse_entry``.
    """
    if entry.member_id == by.pk:
        raise NotAllowed(_("不能更正自己的学时，请由其他教务人员处理。"))
    if not reason.strip():
        raise DomainError(_("请写明更正原因。"), field="reason")
    if credit is not None and not 0 < credit <= 100_000 or credit == entry.credit:
        raise DomainError(_("更正后的学时应大于 0，并且与原来不同。"), field="credit")
    if year_closed(entry.counts_for_year) and credit is not None and credit > entry.credit:
        return _add_late(entry, credit - entry.credit, reason.strip())
    last = reverse_entry(entry=entry, reason=reason.strip(), by=by)
    if credit is None:
        return last
    return book(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=entry.seconds,
        credit=credit,
        award=credit,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule_id=entry.rule_id,
        origin=origins.of_fix(entry.pk),
        note=reason.strip()[:200],
    )


def _add_late(entry: HourEntry, missing: int, reason: str) -> HourEntry:
    """What a closed year's line should have had more, for the list of late arrivals."""
    lock_member(entry.member_id)
    origin = origins.of_fix(entry.pk)
    known = booked_as(entry.member_id, origin) or hasattr(entry, "late_arrival")
    if known or entry.reverses_id or hasattr(entry, "reversed_by"):
        raise Conflict(_("这条记录已经更正过，请在“迟到学时”或后来的记录里办理。"))
    return post(
        member_id=entry.member_id,
        item_id=entry.item_id,
        title=entry.title,
        seconds=0,
        award=missing,
        source=entry.source,
        studied_on=entry.studied_on,
        counts_for_year=entry.counts_for_year,
        rule=entry.rule,
        origin=origin,
        note=reason,
        decided=True,
    )


def book_anew(*, award: int, credit: int, note: str, rule: HourRule | None, **line) -> HourEntry:
    """Book what a job has worked out, in the next round of its origin.

    The caller holds the member, has checked the year and answers for the caps.
    """
    line["round"] = next_round(line["member_id"], line["origin"])
    return book(**line, award=award, credit=credit, note=note[:200], rule=rule)
