"""Full personal numbers, shown once to who may see them, for a reason, on record."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core import audit, clock
from school.core.errors import DomainError, TooMany
from school.core.models import AuditEntry
from school.members.models import Member, MemberRecord

REVEALED = "members.number_revealed"
FIELDS = {
    "mobile": gettext_lazy("手机号"),
    "identity": gettext_lazy("身份证号"),
    "address": gettext_lazy("住址"),
}


def revealable(member: Member) -> list[str]:
    """Which of ``FIELDS`` are registered for a member."""
    kept = {
        "mobile": member.mobile_cipher,
        "identity": member.identity_cipher,
        "address": MemberRecord.objects.filter(member=member)
        .values_list("address_cipher", flat=True)
        .first(),
    }
    return [name for name in FIELDS if kept[name]]


@transaction.atomic
def reveal(*, member: Member, field: str, reason: str, by: Member, request: HttpRequest) -> str:
    """A personal value in full; the caller has checked that ``by`` may act for the member's branch.

    Args:
        field: one of ``FIELDS``.
        reason: what it is needed for; kept in the trail, the value is not.

    Raises:
        DomainError: the field is unknown or empty, or the reason says too little.
        TooMany: too many were shown within an hour.
    """
    reason = " ".join(reason.split())
    if len(reason) < settings.PERSONAL_REASON_CHARACTERS:
        raise DomainError(
            _("请写明用途，至少 %(count)d 个字。") % {"count": settings.PERSONAL_REASON_CHARACTERS},
            field="reason",
        )
    if field not in revealable(member):
        raise DomainError(_("没有登记这一项。"), field="field")
    _refuse_if_many(by)
    value = _value(member, field)
    audit.record(
        REVEALED,
        actor=by,
        subject=member,
        fields={"fields": [field], "reason": reason[:200]},
        request=request,
    )
    return value


def _value(member: Member, field: str) -> str:
    if field == "address":
        return MemberRecord.objects.select_related("member").get(member=member).address
    return getattr(member, field)


def _refuse_if_many(by: Member) -> None:
    """Counted in the trail itself, under the person's row, so that no two requests slip through."""
    list(Member.objects.select_for_update().filter(pk=by.pk).values_list("pk"))
    hour = timedelta(hours=1)
    shown = AuditEntry.objects.filter(
        actor_id=by.pk, action=REVEALED, at__gt=clock.now() - hour
    ).order_by("at")
    moments = list(shown.values_list("at", flat=True)[: settings.PERSONAL_REVEALS_PER_HOUR])
    if len(moments) < settings.PERSONAL_REVEALS_PER_HOUR:
        return
    minutes = max(1, -(-int((moments[0] + hour - clock.now()).total_seconds()) // 60))
    raise TooMany(
        _("一小时内查看完整号码的次数已到上限，请 %(minutes)d 分钟后再试。") % {"minutes": minutes}
    )
