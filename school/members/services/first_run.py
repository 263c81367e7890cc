"""The first run: notice, new password, own data, letter size. Resumable: each step is a fact."""

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.core.models import HostSettings
from school.members.models import Consent, Member
from school.members.services.corrections import ask_correction

NOTICE, PASSWORD, PROFILE, LETTERS = "notice", "password", "profile", "letters"
STEPS = (NOTICE, PASSWORD, PROFILE, LETTERS)

PRIVACY_NOTICE = """\
为组织和记录党员学习，本平台处理以下个人信息：工号、姓名、所在党组织、党内职务和人员类别；\
登录时间、设备类型和网络地址段；学习、测验、集体学习的记录和学时。手机号、身份证号加密保存，默认遮盖显示。

上述信息用于确认身份、计算学时、统计支部学习情况和处理申诉，只向本人、所在支部和上级党组织中有权限的人员显示，不用于其他目的，不向平台以外提供。

学习记录保存到所在年度封账后不少于三年，登录与操作日志保存不少于六个月。本人可以查看、复制、申请更正自己的信息；对学时有异议，可以申诉。"""


def notice_text(host: HostSettings) -> str:
    """The notice on personal information the host shows."""
    return host.privacy_notice.strip() or PRIVACY_NOTICE


def next_step(member: Member, host: HostSettings) -> str | None:
    """The first step a member has still to take, or None."""
    if member.consent_version != host.privacy_version:
        return NOTICE
    if member.must_set_password:
        return PASSWORD
    if member.profile_confirmed_at is None:
        return PROFILE
    if member.first_run_done_at is None:
        return LETTERS
    return None


@transaction.atomic
def agree(*, member: Member, host: HostSettings) -> None:
    """Keep a member's agreement to the notice as it is shown now."""
    digest = hashlib.sha256(notice_text(host).encode()).hexdigest()
    Consent.objects.get_or_create(
        member=member,
        version=host.privacy_version,
        defaults={"text_digest": digest, "at": clock.now()},
    )
    member.consent_version = host.privacy_version
    _finish_if_done(member, host)
    member.save(update_fields=["consent_version", "first_run_done_at"])


@transaction.atomic
def confirm_profile(*, member: Member, correction: str = "") -> None:
    """Confirm name and branch, or ask the branch to correct them; study can go on either way."""
    if correction.strip():
        try:
            ask_correction(member=member, text=correction)
        except DomainError as error:
            raise Conflict(error.message, field="correction") from error
    member.profile_confirmed_at = clock.now()
    member.save(update_fields=["profile_confirmed_at"])


@transaction.atomic
def choose_letters(*, member: Member, size: str) -> None:
    """Choose the size of type and finish the first run."""
    if size not in Member.TextSize.values:
        raise DomainError(_("请选择一种字号。"), field="size")
    member.text_size = size
    member.first_run_done_at = clock.now()
    member.save(update_fields=["text_size", "first_run_done_at"])


def _finish_if_done(member: Member, host: HostSettings) -> None:
    """After a new version of the notice nothing but the agreement is asked again."""
    if member.profile_confirmed_at and not member.must_set_password:
        member.first_run_done_at = member.first_run_done_at or clock.now()
