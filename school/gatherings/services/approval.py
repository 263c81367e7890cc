"""The branch above says yes, or sends it back. Whoever entered or gains never approves."""

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import DomainError
from school.core.language import school_language
from school.gatherings.models import Gathering
from school.gatherings.permissions import check_may_approve
from school.gatherings.services.booking import book_all
from school.gatherings.services.names import locked_in
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
    return book_all(gathering=gathering, by=by)


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
