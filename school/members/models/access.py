"""Sign-in: one-time codes, failures, known devices, consent, corrections asked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core.encrypted import encrypted_column
from school.core.models import AppendOnly
from school.members.models.member import Member

CORRECTION = encrypted_column("members.correctionrequest", "value_cipher", binding="member.binding")


class OneTimeCode(models.Model):
    """A code for the first sign-in or a forgotten password; only its HMAC is stored."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="codes", verbose_name=_("党员"))
    mac = models.CharField(max_length=64, db_index=True)
    issued_by = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        related_name="issued_codes",
        verbose_name=_("发放人"),
    )
    issued_at = models.DateTimeField(_("发放时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    used_at = models.DateTimeField(_("使用时间"), null=True, blank=True)
    used_on_issuer_device = models.BooleanField(_("在发放人设备上使用"), default=False)
    revoked_at = models.DateTimeField(_("作废时间"), null=True, blank=True)
    told_at = models.DateTimeField(_("告知本人时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("一次性登录码")
        verbose_name_plural = _("一次性登录码")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.member} {self.expires_at:%Y-%m-%d %H:%M}"


class SignInThrottle(models.Model):
    """Failures of one account from one address prefix.

    ``account`` is a hash that names the member who was found, else what was typed, so unknown
    accounts behave like known ones. A star in place of the address counts the account everywhere,
    a star in place of the account the address.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=45, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField()

    class Meta:
        verbose_name = _("登录失败计数")
        verbose_name_plural = _("登录失败计数")
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="throttle_once")]

    def __str__(self) -> str:
        return f"{self.account[:8]} {self.address} {self.failures}"


class KnownDevice(models.Model):
    """A browser from which a member has signed in before."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="devices", verbose_name=_("党员")
    )
    mac = models.CharField(max_length=64)
    label = models.CharField(_("设备"), max_length=80, blank=True)
    first_seen_at = models.DateTimeField(_("首次登录"))
    last_seen_at = models.DateTimeField(_("最近登录"))

    class Meta:
        verbose_name = _("登录过的设备")
        verbose_name_plural = _("登录过的设备")
        constraints = [models.UniqueConstraint(fields=["member", "mac"], name="device_once")]

    def __str__(self) -> str:
        return f"{self.member} {self.label}"


class Consent(AppendOnly):
    """A member's agreement to one version of the notice on personal information."""

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="consents", verbose_name=_("党员")
    )
    version = models.CharField(_("告知版本"), max_length=20)
    text_digest = models.CharField(max_length=64)
    at = models.DateTimeField(_("同意时间"))

    class Meta:
        verbose_name = _("告知同意")
        verbose_name_plural = _("告知同意")
        constraints = [models.UniqueConstraint(fields=["member", "version"], name="consent_once")]

    def __str__(self) -> str:
        return f"{self.member} {self.version}"


class CorrectionRequest(models.Model):
    """A member asks for own data to be corrected; the branch confirms or declines.

    ``field`` and the encrypted value say what it should be, where the member named one field;
    confirming then writes it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("待支部处理")
        DONE = "done", _("已更正")
        DECLINED = "declined", _("不予更正")

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="corrections", verbose_name=_("党员")
    )
    text = models.CharField(_("哪里不对"), max_length=300)
    field = models.CharField(_("更正项目"), max_length=30, blank=True)
    value_cipher = models.TextField(blank=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField(_("提出时间"))
    answered_by = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="answered_corrections",
        verbose_name=_("处理人"),
    )
    answered_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    answer = models.CharField(_("答复"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("信息更正申请")
        verbose_name_plural = _("信息更正申请")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.member} {self.text[:20]}"

    def set_value(self, value: str) -> None:
        """Store what the field should be, encrypted; the caller saves."""
        CORRECTION.write(self, value)

    @property
    def value(self) -> str:
        """What the field should be, in full."""
        return CORRECTION.read(self)
