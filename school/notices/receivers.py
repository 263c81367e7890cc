"""What happens among people, told to those concerned. Connected in ``NoticesConfig.ready``."""

from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.core.language import school_language
from school.members.models import Branch, CorrectionRequest, RoleGrant, Transfer
from school.notices.services import tell


def _secretaries(branch: Branch) -> list[int]:
    """Who looks after a branch itself today."""
    rows = RoleGrant.objects.on(clock.today()).filter(branch=branch, role=RoleGrant.Role.SECRETARY)
    return list(rows.values_list("member_id", flat=True))


@school_language()
def tell_transfer_sent(sender, transfer: Transfer, **kwargs) -> None:
    """The member, and who is to receive."""
    names = {"sender": transfer.sender.name, "receiver": transfer.receiver.name}
    tell(
        member_ids=[transfer.member_id],
        title=_("组织关系正在转接"),
        body=_("由%(sender)s转往%(receiver)s，接收前仍在原支部学习和统计。") % names,
        path=reverse("members:profile"),
    )
    if receivers := set(_secretaries(transfer.receiver)) - {transfer.member_id}:
        tell(
            member_ids=receivers,
            title=_("有党员转入，待接收"),
            body=_("%(name)s 由%(sender)s转来。")
            % {"name": transfer.member.name, "sender": transfer.sender.name},
            path=reverse("members:transfer", args=[transfer.pk]),
        )


@school_language()
def tell_transfer_settled(sender, transfer: Transfer, **kwargs) -> None:
    """The member what became of it; the sending branch what the receiver decided."""
    names = {
        "sender": transfer.sender.name,
        "receiver": transfer.receiver.name,
        "day": transfer.effective_on,
        "name": transfer.member.name,
        "answer": transfer.answer,
    }
    title, body, told_sender = {
        Transfer.State.RECEIVED: (
            _("组织关系已转入"),
            _("自 %(day)s 起在%(receiver)s。") % names,
            _("%(name)s 已由%(receiver)s接收，%(day)s 起生效。") % names,
        ),
        Transfer.State.RETURNED: (
            _("组织关系转接已退回"),
            _("%(receiver)s退回，现仍在%(sender)s。") % names,
            _("%(receiver)s退回了 %(name)s 的转接：%(answer)s") % names,
        ),
        Transfer.State.WITHDRAWN: (
            _("组织关系转接已撤回"),
            transfer.answer or _("%(sender)s撤回，现仍在%(sender)s。") % names,
            "",
        ),
    }[transfer.state]
    tell(
        member_ids=[transfer.member_id],
        title=title,
        body=body,
        path=reverse("members:profile"),
    )
    concerned = {transfer.sent_by_id, *_secretaries(transfer.sender)}
    if told_sender and (ids := concerned - {None, transfer.settled_by_id, transfer.member_id}):
        tell(
            member_ids=ids,
            title=title,
            body=told_sender,
            path=reverse("members:transfer", args=[transfer.pk]),
        )


@school_language()
def tell_correction_answered(sender, correction: CorrectionRequest, **kwargs) -> None:
    """The member who asked."""
    done = correction.state == CorrectionRequest.State.DONE
    tell(
        member_ids=[correction.member_id],
        title=_("信息更正申请已处理") if done else _("信息更正申请未予更正"),
        body=correction.answer or _("已按申请更正，请核对。"),
        path=reverse("members:profile"),
    )
