"""What this app holds about a person, for export and erasure."""

from collections.abc import Callable

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core.audit import names
from school.core.models import AuditEntry
from school.members.models import (
    CorrectionRequest,
    KnownDevice,
    Member,
    MemberRecord,
    OneTimeCode,
    PasswordUsed,
    RoleGrant,
    RosterImport,
    SignInSession,
    Transfer,
)
from school.members.personal_data import Part, Row, plain, register_part, rows_part, written

GONE = "已删除"
ACCOUNT = (
    "date_joined",
    "last_login",
    "profile_confirmed_at",
    "password_changed_at",
    "consent_version",
)


def _account(member: Member) -> list[Row]:
    facts: Row = {
        str(_("工号")): member.staff_number,
        str(_("姓名")): member.name,
        str(_("手机")): member.mobile,
        str(_("身份证号")): member.identity,
        str(_("邮箱")): member.email,
    }
    for name in ACCOUNT:
        label = str(Member._meta.get_field(name).verbose_name)
        facts[label] = plain(getattr(member, name))
    return [facts]


def _record(member: Member) -> list[Row]:
    found = MemberRecord.objects.filter(member=member)
    rows = written(found, leave_out=("member",))
    for row, kept in zip(rows, found, strict=True):
        row[str(_("现居住地"))] = kept.address
    return rows


def _corrections(member: Member) -> list[Row]:
    found = CorrectionRequest.objects.filter(member=member).order_by("pk")
    rows = written(found, leave_out=("member",))
    for row, kept in zip(rows, found, strict=True):
        row[str(_("应为"))] = kept.value
    return rows


def _trail(member: Member) -> list[Row]:
    """What the member did, and what was done to the member, as the trail keeps it."""
    label = Member._meta.label_lower
    done = AuditEntry.objects.filter(actor_id=member.pk)
    suffered = AuditEntry.objects.filter(subject_type=label, subject_id=str(member.pk))
    entries = {entry.pk: entry for found in (done, suffered) for entry in found.iterator(500)}
    return [
        {
            str(_("时间")): plain(entry.at),
            str(_("操作人")): entry.actor_label,
            str(_("操作")): names.action_name(entry.action),
            str(_("对象")): entry.subject_label,
            str(_("内容")): [
                " ".join(filter(None, (change.label, change.before, change.after)))
                for change in names.changes(entry)
            ],
            str(_("地址段")): entry.address,
        }
        for _pk, entry in sorted(entries.items())
    ]


def _erase_corrections(member: Member) -> int:
    rows = CorrectionRequest.objects.filter(member=member)
    return rows.update(text=GONE, value_cipher="", answer="")


def _delete(model: type[models.Model], *, owner: str) -> Callable[[Member], int]:
    """An eraser that takes the rows away: nothing is counted from them."""

    def erase(member: Member) -> int:
        return model.objects.filter(**{owner: member}).delete()[0]

    return erase


def _blank(model: type[models.Model], column: str, *fields: str) -> Callable[[Member], int]:
    """An eraser that empties texts people wrote about the member and keeps the row."""

    def erase(member: Member) -> int:
        return model.objects.filter(**{column: member}).update(**dict.fromkeys(fields, ""))

    return erase


def _nothing(member: Member) -> list[Row]:
    """What an import shows of a row stands in the member's record already."""
    return []


def _forget_findings(member: Member) -> int:
    """Rows of imported rosters that name the member, in what their pages still show."""
    changed = 0
    for held in RosterImport.objects.exclude(findings=[]).only("findings"):
        named = [
            row
            for row in held.findings
            if row.get("staff") == member.staff_number
            or (not row.get("staff") and row.get("name") == member.name)
        ]
        for row in named:
            row |= {"name": GONE, "staff": "", "changes": []}
        if named:
            RosterImport.objects.filter(pk=held.pk).update(findings=held.findings)
            changed += len(named)
    return changed


def register() -> None:
    """Fill the register with what members, sign-in and the trail hold."""
    register_part(Part("account", _("账号"), (), _account))
    register_part(
        Part(
            "record",
            _("党员信息"),
            ("members.memberrecord.member",),
            _record,
            _delete(MemberRecord, owner="member"),
        )
    )
    rows_part("members.memberstanding.member", _("人员类别与状态"))
    rows_part("members.membership.member", _("组织关系"))
    rows_part("members.postholding.member", _("任职"))
    rows_part(
        "members.rolegrant.member",
        _("角色授权"),
        erase=_blank(RoleGrant, "member", "reason", "end_reason"),
    )
    rows_part(
        "members.transfer.member",
        _("组织关系转接"),
        erase=_blank(Transfer, "member", "reason", "answer"),
    )
    register_part(
        Part(
            "corrections",
            _("信息更正申请"),
            ("members.correctionrequest.member",),
            _corrections,
            _erase_corrections,
        )
    )
    rows_part("members.consent.member", _("告知同意"))
    rows_part(
        "members.knowndevice.member",
        _("登录过的设备"),
        erase=_delete(KnownDevice, owner="member"),
    )
    rows_part(
        "members.signinsession.member", _("登录"), erase=_delete(SignInSession, owner="member")
    )
    rows_part(
        "members.onetimecode.member",
        _("一次性登录码"),
        erase=_delete(OneTimeCode, owner="member"),
    )
    rows_part(
        "members.passwordused.member",
        _("用过的密码（只有时间）"),
        erase=_delete(PasswordUsed, owner="member"),
    )
    rows_part(
        "mfa.authenticator.user",
        _("二次验证"),
        leave_out=("data",),
        erase=_delete(Authenticator, owner="user"),
    )
    rows_part("account.emailaddress.user", _("邮箱地址"), erase=_delete(EmailAddress, owner="user"))
    register_part(Part("rosters", _("名册导入中的行"), (), _nothing, _forget_findings))
    register_part(Part("trail", _("登录与操作记录"), (), _trail))
