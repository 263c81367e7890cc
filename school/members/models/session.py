"""Open sessions of a member, and the passwords that may not come back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.members.models.member import Member


class SignInSession(models.Model):
    """One signed-in browser. ``key`` names the row of the session store; ending deletes that."""

    class End(models.TextChoices):
        SIGNED_OUT = "signed_out", _("退出")
        REVOKED = "revoked", _("本人下线")
        PASSWORD = "password", _("密码更改")
        SECOND_STEP = "second_step", _("改用两步验证")
        IDLE = "idle", _("久未操作")
        ADMINISTRATOR = "administrator", _("管理员下线")
        LEFT = "left", _("减员")

    member = models.ForeignKey(
        Member, models.CASCADE, related_name="sessions", verbose_name=_("党员")
    )
    key = models.CharField(max_length=64, unique=True)
    label = models.CharField(_("设备"), max_length=80, blank=True)
    address = models.CharField(_("地址段"), max_length=45, blank=True)
    began_at = models.DateTimeField(_("登录时间"))
    seen_at = models.DateTimeField(_("最近操作"))
    with_code = models.BooleanField(_("用登录码"), default=False)
    with_second_step = models.BooleanField(_("两步验证"), default=False)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    end = models.CharField(_("结束方式"), max_length=14, choices=End.choices, blank=True)

    class Meta:
        verbose_name = _("登录会话")
        verbose_name_plural = _("登录会话")
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "ended_at"], name="session_open_of")]

    def __str__(self) -> str:
        return f"{self.member} {self.label} {self.began_at:%Y-%m-%d %H:%M}"


class PasswordUsed(models.Model):
    """A password a member has had, as its hash; the last few may not be chosen again."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", verbose_name=_("党员"))
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField(_("设置时间"))

    class Meta:
        verbose_name = _("用过的密码")
        verbose_name_plural = _("用过的密码")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.member} {self.set_at:%Y-%m-%d}"
