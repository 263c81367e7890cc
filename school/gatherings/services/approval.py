"""The branch above says yes, or sends it back. Whoever entered or gains never approves.

Where gatherings are booked at once, it still answers for what those who register one have entered
for themselves.
"""

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import Conflict, DomainError
from school.core.language import school_language
from school.gatherings.models import Attendance, Gathering
from school.gatherings.permissions import check_may_approve, check_may_confirm
from school.gatherings.services.booking import (
    book_all,
    book_one,
    give_make_ups,
    meet,
    shown_revisions,
)
from school.gatherings.services.names import held_row, locked_in, set_absent
from school.members.models import Member
from school.notices.services import tell

State = Gathering.State


@transaction.atomic
def approve_gathering(*, gathering: Gathering, by: Member) -> Gathering:
    """Book what was entered.

    Raises:
        Conflict: it does not wait for an answer, or its year is closed.
        NotAllowed: who entered it, was there, or does not act for the branch above.
    """
    gathering = locked_in(gathering.pk, State.WAITING)
    check_may_approve(by, gathering)
    gathering.approved_by = by
    audit.record("gatherings.approved", actor=by, subject=gathering)
    return book_all(gathering=gathering, by=by, answered=True)


@transaction.atomic
def send_back_gathering(*, gathering: Gathering, reason: str, by: Member) -> Gathering:
    """Send it back to be entered again; nothing has been booked.

    Raises:
        DomainError: no reason.
        Conflict, NotAllowed: as ``approve_gathering``.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError(_("请写明退回原因。"), field="reason")
    gathering = locked_in(gathering.pk, State.WAITING)
    check_may_approve(by, gathering)
    gathering.state, gathering.send_back_reason = State.OPEN, reason
    gathering.save(update_fields=["state", "send_back_reason"])
    audit.record("gatherings.sent_back", actor=by, subject=gathering, fields={"reason": reason})
    with school_language():
        tell(
            member_ids=[gathering.entered_by_id or gathering.created_by_id],
            title=_("集体学习登记被退回：%(title)s") % {"title": gathering.title[:50]},
            body=reason,
            path=reverse("gatherings:detail", args=[gathering.pk]),
        )
    return gathering


@transaction.atomic
def confirm_own(*, gathering: Gathering, attendance_id: int, by: Member) -> Attendance:
    """Book what somebody who registers a gathering entered for himself.

    Raises:
        Conflict: it does not wait for an answer, or its year is closed.
        NotAllowed: it is one's own, one registered it too, or does not act for the branch above.
    """
    gathering, attendance = _withheld(gathering, attendance_id, by)
    book_one(gathering=gathering, attendance=attendance)
    revisions = shown_revisions(gathering)
    if attendance.seen:
        meet(gathering, attendance, revisions)
    else:
        give_make_ups(gathering, [attendance], revisions)
    audit.record(
        "gatherings.own_confirmed",
        actor=by,
        subject=gathering,
        fields={"member": attendance.member_id},
    )
    return attendance


@transaction.atomic
def decline_own(*, gathering: Gathering, attendance_id: int, reason: str, by: Member) -> Attendance:
    """Say that he was not there: absent, and what was shown is to be made up.

    Raises:
        DomainError: no reason.
        Conflict, NotAllowed: as ``confirm_own``.
    """
    reason = reason.strip()[:200]
    if not reason:
        raise DomainError(_("请写明不予核定的原因。"), field="reason")
    gathering, attendance = _withheld(gathering, attendance_id, by)
    set_absent(attendance)
    give_make_ups(gathering, [attendance], shown_revisions(gathering))
    audit.record(
        "gatherings.own_declined",
        actor=by,
        subject=gathering,
        fields={"member": attendance.member_id, "reason": reason},
    )
    with school_language():
        tell(
            member_ids=[attendance.member_id],
            title=_("本人到会未予核定：%(title)s") % {"title": gathering.title[:50]},
            body=reason,
            path=reverse("gatherings:detail", args=[gathering.pk]),
        )
    return attendance


def _withheld(gathering: Gathering, attendance_id: int, by: Member) -> tuple[Gathering, Attendance]:
    gathering = locked_in(gathering.pk, State.CLOSED)
    attendance = held_row(gathering, attendance_id)
    if not attendance.withheld:
        raise Conflict(_("这条到会记录不在等待核定，请刷新页面。"))
    check_may_confirm(by, gathering, attendance)
    return gathering, attendance
