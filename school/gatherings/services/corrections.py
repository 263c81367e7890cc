"""Put one person right in a registered gathering, without touching the others."""

from collections.abc import Mapping

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import DomainError, NotAllowed
from school.core.language import school_language
from school.gatherings.models import Attendance, Gathering
from school.gatherings.permissions import approves_for
from school.gatherings.rules import Mark
from school.gatherings.services.booking import (
    PRESENT,
    book_one,
    give_make_ups,
    meet,
    own_word,
    shown_revisions,
    take_back_hours,
    unmeet,
    withhold,
)
from school.gatherings.services.names import held_row, locked_in, write_marks
from school.members.models import Member
from school.members.permissions import scope_for
from school.notices.services import tell

State = Gathering.State


@transaction.atomic
def correct_attendance(
    *,
    gathering: Gathering,
    attendance_id: int,
    marks: Mapping[int, Mark],
    reason: str,
    by: Member,
) -> Attendance:
    """Say anew who was there and for how long: of one person, in a gathering that is booked.

    What was booked is taken back by further rows and booked as it should have been; the time is
    given back or spent, and viewing and make-up follow. Study that was reported meanwhile for
    minutes given back is not judged again.

    Args:
        marks: session id → mark; sessions that are not named stay as they are.

    Raises:
        DomainError: no reason, nothing changes, or a mark that cannot be.
        NotAllowed: one's own.
        NotFound: not on the list.
        Conflict: it is not registered (any more), or its year is closed.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError(_("请写明更正原因。"), field="reason")
    gathering = locked_in(gathering.pk, State.CLOSED)
    before = held_row(gathering, attendance_id)
    if before.member_id == by.pk:
        raise NotAllowed(_("不能更正本人的到会情况，请由其他人员或上级党组织更正。"))
    sessions = list(gathering.sessions.all())
    named = {(before.pk, session_id): mark for session_id, mark in marks.items()}
    if not write_marks(gathering, sessions, named):
        raise DomainError(_("到会情况没有变化。"), field="reason")
    after = held_row(gathering, before.pk)
    _book_anew(gathering, before, after, reason, by)
    audit.record(
        "gatherings.attendance_corrected",
        actor=by,
        subject=gathering,
        fields={
            "member": after.member_id,
            "was": [before.state, before.paid_seconds],
            "now": [after.state, after.paid_seconds],
            "reason": reason,
        },
    )
    _tell(gathering, after, reason)
    return after


def _book_anew(
    gathering: Gathering, before: Attendance, after: Attendance, reason: str, by: Member
) -> None:
    take_back_hours(gathering, before, reason, by)
    after.claimed, after.paid_seconds, after.seen, after.withheld = [], 0, False, False
    after.save(update_fields=["claimed", "paid_seconds", "seen", "withheld"])
    if after.state == PRESENT:
        above = approves_for(scope_for(by), gathering)
        if own_word(gathering, after, after.presences.filter(state=PRESENT)) and not above:
            withhold(after)
        else:
            book_one(gathering=gathering, attendance=after)
    _view_anew(gathering, before, after, reason, by)


def _view_anew(
    gathering: Gathering, before: Attendance, after: Attendance, reason: str, by: Member
) -> None:
    """Who has seen it before and after keeps the completions, with all that came of them."""
    revisions = shown_revisions(gathering)
    if before.seen and not after.seen:
        unmeet(after, reason, by)
    if after.seen and not before.seen:
        meet(gathering, after, revisions)
    if after.seen or after.withheld:
        after.make_ups.all().delete()
    elif not after.make_ups.exists():
        give_make_ups(gathering, [after], revisions)


@school_language()
def _tell(gathering: Gathering, attendance: Attendance, reason: str) -> None:
    tell(
        member_ids=[attendance.member_id],
        title=_("到会情况已更正：%(title)s") % {"title": gathering.title[:50]},
        body=_("现为%(state)s。原因：%(reason)s")
        % {"state": attendance.get_state_display(), "reason": reason},
        path=reverse("gatherings:own"),
    )
