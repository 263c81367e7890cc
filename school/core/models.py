"""Nouns every app stands on: jobs, the audit trail, the base page, the host's own settings."""

import hashlib

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.models import Page

from school.core.forms import SchoolPageForm, ascii_slug
from school.core.notice_text import PRIVACY_NOTICE
from school.core.prepared import prepared


class Job(models.Model):
    """One background job. Celery carries only its id; this row decides (decision 2).

    A worker claims a queued row by compare-and-set and holds it by a lease it renews; a beat task
    re-sends what has an expired lease, so a killed worker delays a job and never loses it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    kind = models.CharField(_("类型"), max_length=60)
    queue = models.CharField(_("队列"), max_length=20, default="default")
    subject_type = models.CharField(_("对象类型"), max_length=60, blank=True)
    subject_id = models.CharField(_("对象编号"), max_length=64, blank=True)
    title = models.CharField(_("说明"), max_length=200, blank=True)
    payload = models.JSONField(_("参数"), default=dict, blank=True)
    result = models.JSONField(_("结果"), default=dict, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.QUEUED)
    step = models.CharField(_("步骤"), max_length=100, blank=True)
    progress = models.PositiveSmallIntegerField(_("进度（千分之）"), default=0)
    reason = models.TextField(_("原因"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    max_attempts = models.PositiveSmallIntegerField(_("最多次数"), default=3)
    lease_owner = models.CharField(_("执行者"), max_length=64, blank=True)
    lease_until = models.DateTimeField(_("租约到"), null=True, blank=True)
    created_by_id = models.BigIntegerField(_("提交人"), null=True, blank=True)
    created_at = models.DateTimeField(_("提交时间"))
    sent_at = models.DateTimeField(_("派发时间"), null=True, blank=True)
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    finished_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="job_state_lease"),
            models.Index(fields=["subject_type", "subject_id"], name="job_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.kind} #{self.pk}"

    @property
    def percent(self) -> int:
        """Progress as a whole percentage, for a bar."""
        return self.progress // 10

    @property
    def is_open(self) -> bool:
        """Whether the job may still change by itself."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class AppendOnly(models.Model):
    """A row that is written once. Corrections are further rows."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs) -> None:
        if self.pk and not kwargs.get("force_insert") and not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError(f"{type(self).__name__} is append-only")


class AuditEntry(AppendOnly):
    """Who did what to what, from where. Append-only; sealed every minute (AuditSeal)."""

    at = models.DateTimeField(_("时间"))
    actor_id = models.BigIntegerField(_("操作人编号"), null=True, blank=True)
    actor_label = models.CharField(_("操作人"), max_length=80, blank=True)
    action = models.CharField(_("操作"), max_length=60)
    subject_type = models.CharField(_("对象类型"), max_length=60, blank=True)
    subject_id = models.CharField(_("对象编号"), max_length=64, blank=True)
    subject_label = models.CharField(_("对象"), max_length=200, blank=True)
    fields = models.JSONField(_("内容"), default=dict, blank=True)
    address = models.CharField(_("地址段"), max_length=45, blank=True)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        ordering = ["-id"]
        # Each filter of the viewer walks one of these from the newest entry down.
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["actor_id", "at", "id"], name="audit_by_actor"),
            models.Index(fields=["action", "at", "id"], name="audit_by_action"),
            models.Index(
                fields=["subject_type", "subject_id", "at", "id"], name="audit_by_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.action}"


class AuditSeal(AppendOnly):
    """One link of the chain: an HMAC over a set of entries and the link before it.

    ``ids`` are the entries sealed here, as ranges [first, last]. ``holes`` are numbers up to
    ``high_id`` that no seal covers yet, as [first, last, noticed at (epoch seconds)]: a
    transaction that took a number and has not committed fills its hole later, and the seal that
    finds the entry covers it then.
    """

    previous = models.BigIntegerField(unique=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    high_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    ids = models.JSONField(default=list)
    holes = models.JSONField(default=list)
    newest_at = models.DateTimeField()
    key_id = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("审计封签")
        verbose_name_plural = _("审计封签")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"


class AuditPrune(AppendOnly):
    """Sealed blocks that were written to a file and taken out after the time they are kept for.

    The row is signed and never goes. The database lets go of an entry or a seal only when a row
    here covers it, so nothing leaves without a trace.
    """

    through_seal = models.BigIntegerField(unique=True)
    through_id = models.BigIntegerField()
    seal_mac = models.CharField(max_length=64)
    seals = models.PositiveIntegerField()
    entries = models.PositiveIntegerField()
    oldest_at = models.DateTimeField()
    newest_at = models.DateTimeField()
    file = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("审计归档")
        verbose_name_plural = _("审计归档")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.file


class SchoolPage(Page):
    """Base of every page type: an ASCII slug when none is given, and a summary for lists."""

    summary = models.CharField(
        _("摘要"), max_length=200, blank=True, help_text=_("列表和搜索结果里显示，一两句话。")
    )

    base_form_class = SchoolPageForm

    class Meta:
        abstract = True

    def full_clean(self, *args, **kwargs) -> None:
        if not self.slug:
            self.slug = ascii_slug(self.title, type(self).__name__)
        super().full_clean(*args, **kwargs)


class PrivacyNotice(AppendOnly):
    """One version of the notice on personal information, as it was shown.

    A member's consent names the version; what it said can be read for good.
    """

    version = models.CharField(_("告知版本"), max_length=20, unique=True)
    text = models.TextField(_("告知内容"))
    since = models.DateTimeField(_("启用时间"))

    class Meta:
        verbose_name = _("个人信息处理告知")
        verbose_name_plural = _("个人信息处理告知")
        ordering = ["-since", "-id"]

    def __str__(self) -> str:
        return self.version

    @property
    def digest(self) -> str:
        """SHA-256 of the text, which a consent keeps beside the version."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@register_setting(icon="site")
class HostSettings(BaseSiteSetting):
    """What the host says about itself: name, filing numbers, contact, the notice line."""

    school_name = models.CharField(_("党校名称"), max_length=40, default="网上党校")
    host_name = models.CharField(_("主办单位"), max_length=60, blank=True)
    filing_icp = models.CharField(_("ICP备案号"), max_length=60, blank=True)
    filing_police = models.CharField(_("公安备案号"), max_length=60, blank=True)
    contact = models.CharField(_("联系方式"), max_length=120, blank=True)
    help_line = models.CharField(
        _("登录帮助"),
        max_length=120,
        blank=True,
        default="登录遇到问题，请联系所在支部书记或组织部门。",
    )
    notice = models.CharField(
        _("提示语"),
        max_length=120,
        blank=True,
        default="非涉密平台，严禁存储、处理、传输国家秘密和工作秘密",
    )
    privacy_notice = models.TextField(
        _("个人信息处理告知"),
        blank=True,
        help_text=_("留空用系统自带的文本。改动时要同时填写新的版本号，党员会再次看到并同意。"),
    )
    privacy_version = models.CharField(
        _("告知版本"), max_length=20, default=settings.PRIVACY_NOTICE_VERSION
    )

    panels = [
        MultiFieldPanel(
            [FieldPanel("school_name"), FieldPanel("host_name"), FieldPanel("notice")],
            heading=_("名称"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("filing_icp"),
                FieldPanel("filing_police"),
                FieldPanel("contact"),
                FieldPanel("help_line"),
            ],
            heading=_("页脚与登录"),
        ),
        MultiFieldPanel(
            [FieldPanel("privacy_notice"), FieldPanel("privacy_version")],
            heading=_("个人信息"),
        ),
    ]

    class Meta:
        verbose_name = _("学校设置")

    def clean(self) -> None:
        if not self.school_name.strip():
            raise ValidationError({"school_name": _("请填写党校名称。")})
        self._check_notice()

    def save(self, *args, **kwargs) -> None:
        """Save together with what ``school.core.host`` keeps of it."""
        self._check_notice()
        with transaction.atomic():
            super().save(*args, **kwargs)

    @property
    def privacy_text(self) -> str:
        """The notice as it is written now; a browser's line ends make no other text."""
        return self.privacy_notice.replace("\r\n", "\n").strip() or PRIVACY_NOTICE

    def _check_notice(self) -> None:
        """What a version said stays what it said: somebody has agreed to it.

        A host without a text of its own goes on showing what its version says when another
        release of the school brings another text.
        """
        kept = PrivacyNotice.objects.filter(version=self.privacy_version).first()
        if kept is None or kept.text == self.privacy_text:
            return
        stored = HostSettings.objects.filter(pk=self.pk).first()
        if stored and (stored.privacy_text, stored.privacy_version) == (
            self.privacy_text,
            self.privacy_version,
        ):
            return
        told = _("版本 %(version)s 的告知内容已经启用，不能再改。请填写新的版本号。")
        raise ValidationError(
            {"privacy_version": ValidationError(told, params={"version": self.privacy_version})}
        )

    @classmethod
    def for_request(cls, request):
        """The settings of the one site there is, without looking that site up first."""
        kept = cls.get_cache_attr_name()
        if not hasattr(request, kept):
            found = _of_default_site()
            if not found:
                return super().for_request(request)
            setattr(request, kept, found[0])
        return getattr(request, kept)


@prepared
def _of_default_site() -> models.QuerySet[HostSettings]:
    """The settings of the one site there is; every page shows some of them."""
    return HostSettings.objects.filter(site__is_default_site=True).order_by("pk")[:1]
