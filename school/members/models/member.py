"""The member: who signs in, studies and is counted."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.core.encrypted import encrypted_column
from school.members.models.dated import Dated, ends_after_start
from school.members.rules.masks import mask_identity, mask_mobile, mask_name

MOBILE = encrypted_column(
    "members.member", "mobile_cipher", binding="binding", index="mobile_index"
)
IDENTITY = encrypted_column(
    "members.member", "identity_cipher", binding="binding", index="identity_index"
)


class MemberManager(BaseUserManager):
    """Makes members; the password of an imported one is unusable until the first sign-in."""

    def create_user(self, staff_number: str, name: str, password: str | None = None, **extra):
        """A member with a staff number; no password means none usable."""
        member = self.model(
            staff_number=self.model.normalize_username(staff_number).strip().upper(),
            name=name.strip(),
            **extra,
        )
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, staff_number: str, name: str, password: str | None = None, **extra):
        """The system administrator of a new installation."""
        return self.create_user(
            staff_number, name, password, is_superuser=True, is_staff=True, **extra
        )

    def get_by_natural_key(self, staff_number: str):
        return self.get(staff_number=staff_number.strip().upper())


class Member(AbstractBaseUser, PermissionsMixin):
    """The user model. Personal numbers are encrypted; a keyed blind index finds them."""

    class TextSize(models.TextChoices):
        STANDARD = "standard", _("标准")
        ELDER = "elder", _("长辈版")

    staff_number = models.CharField(_("工号"), max_length=32, unique=True)
    name = models.CharField(_("姓名"), max_length=40)
    email = models.EmailField(_("邮箱"), blank=True)
    # What the encrypted values of this person are bound to: known before the row is saved and
    # never changed, unlike the key and the staff number.
    binding = models.UUIDField(default=uuid.uuid4, editable=False)
    mobile_cipher = models.CharField(max_length=120, blank=True, editable=False)
    mobile_index = models.CharField(max_length=64, null=True, unique=True, editable=False)
    identity_cipher = models.CharField(max_length=120, blank=True, editable=False)
    identity_index = models.CharField(max_length=64, null=True, unique=True, editable=False)
    is_staff = models.BooleanField(_("后台人员"), default=False)
    is_active = models.BooleanField(_("可登录"), default=True)
    date_joined = models.DateTimeField(_("建档时间"), default=clock.now)
    text_size = models.CharField(
        _("字号"), max_length=10, choices=TextSize.choices, default=TextSize.STANDARD
    )
    first_run_done_at = models.DateTimeField(_("首次登录完成时间"), null=True, blank=True)
    profile_confirmed_at = models.DateTimeField(_("信息核对时间"), null=True, blank=True)
    must_set_password = models.BooleanField(_("须设新密码"), default=True)
    password_changed_at = models.DateTimeField(_("密码设置时间"), null=True, blank=True)
    erased_at = models.DateTimeField(_("个人信息删除时间"), null=True, blank=True)
    consent_version = models.CharField(_("已同意的告知版本"), max_length=20, blank=True)
    previous_login = models.DateTimeField(_("上次登录"), null=True, blank=True)

    USERNAME_FIELD = "staff_number"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = MemberManager()

    class Meta:
        verbose_name = _("党员")
        verbose_name_plural = _("党员")
        ordering = ["staff_number"]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def set_password(self, raw_password: str | None) -> None:
        """Set a password and remember when; the caller saves both columns."""
        super().set_password(raw_password)
        self.password_changed_at = clock.now() if raw_password is not None else None

    @property
    def masked_label(self) -> str:
        """How trails and logs call the member: staff number and a masked name."""
        return f"{self.staff_number} {mask_name(self.name)}"

    def set_mobile(self, number: str) -> None:
        """Store a mobile number encrypted and findable; the caller saves."""
        MOBILE.write(self, number)

    @property
    def mobile(self) -> str:
        """The number in full: for the reveal, the member's own export and an approved roster."""
        return MOBILE.read(self)

    @property
    def masked_mobile(self) -> str:
        """138****8000, or empty."""
        return MOBILE.masked(self, mask_mobile)

    def set_identity(self, number: str) -> None:
        """Store an identity number encrypted and findable; the caller saves."""
        IDENTITY.write(self, number)

    @property
    def identity(self) -> str:
        """The number in full: for the reveal, the member's own export and an approved roster."""
        return IDENTITY.read(self)

    @property
    def masked_identity(self) -> str:
        """110***************, or empty."""
        return IDENTITY.masked(self, mask_identity)


class MemberStanding(Dated):
    """What a member is on a day: kind and state. The day's standing decides who is counted."""

    class Kind(models.TextChoices):
        FULL = "full", _("正式党员")
        PROBATIONARY = "probationary", _("预备党员")
        CANDIDATE = "candidate", _("发展对象")
        ACTIVIST = "activist", _("入党积极分子")
        STAFF = "staff", _("职工群众")

    class State(models.TextChoices):
        NORMAL = "normal", _("正常")
        FLOATING = "floating", _("流出")
        RETIRED = "retired", _("离退休")
        SUSPENDED = "suspended", _("停止党籍")
        LOST = "lost", _("失联")
        LEFT = "left", _("已减员")

    class Reason(models.TextChoices):
        DIED = "died", _("去世")
        WITHDREW = "withdrew", _("退党")
        REMOVED = "removed", _("劝退、除名")
        EXPELLED = "expelled", _("开除党籍")
        DISALLOWED = "disallowed", _("不予承认或取消预备资格")
        MOVED_AWAY = "moved_away", _("转出本单位")
        EMPLOYMENT_ENDED = "employment_ended", _("离职")
        OTHER = "other", _("其他")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="standings", verbose_name=_("党员")
    )
    kind = models.CharField(_("人员类别"), max_length=16, choices=Kind.choices)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.NORMAL)
    # Why somebody left; empty for all others, and for who left before it was asked.
    reason = models.CharField(_("减员原因"), max_length=20, choices=Reason.choices, blank=True)

    class Meta:
        verbose_name = _("人员类别与状态")
        verbose_name_plural = _("人员类别与状态")
        ordering = ["member_id", "since"]
        constraints = [
            ends_after_start("standing_dates"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(until=None), name="standing_one_open"
            ),
        ]
        # Lists leave out who has left; without it PostgreSQL reads every standing there is.
        indexes = [
            models.Index(fields=["member"], condition=Q(state="left"), name="standing_left"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_kind_display()}"
