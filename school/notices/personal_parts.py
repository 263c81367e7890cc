"""What messages hold about a person, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from school.members.models import Member, Transfer
from school.members.personal_data import Part, Row, plain, register_part
from school.notices.models import Delivery, Message

GONE = "已注销"


def _messages(member: Member) -> list[Row]:
    rows = Delivery.objects.filter(member=member).select_related("message").order_by("pk")
    return [
        {
            str(_("时间")): plain(row.message.sent_at),
            str(_("标题")): row.message.title,
            str(_("正文")): row.message.body,
            str(_("已读")): plain(row.read_at),
        }
        for row in rows
    ]


def _forget_name(member: Member) -> int:
    """Messages to branches about the member's transfers name the member in their text."""
    from django.urls import reverse

    paths = [
        reverse("members:transfer", args=[pk])
        for pk in Transfer.objects.filter(member=member).values_list("pk", flat=True)
    ]
    changed = 0
    for message in Message.objects.filter(path__in=paths, body__contains=member.name):
        message.body = message.body.replace(member.name, GONE)
        message.save(update_fields=["body"])
        changed += 1
    return changed


def register() -> None:
    """Say what is held about a member."""
    register_part(
        Part("messages", _("消息"), ("notices.delivery.member",), _messages, _forget_name)
    )
