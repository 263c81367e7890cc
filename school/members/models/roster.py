"""Rosters that come in and go out as files."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core.models import Job
from school.members.models.branch import Branch
from school.members.models.member import Member


class RosterImport(models.Model):
    """One uploaded roster: read, previewed, then imported whole or in its good rows.

    ``counts`` holds rows by outcome (created, changed, moved, unchanged, rejected); ``findings``
    the first messages by row for the page; the marked sheet holds them all. With ``whole_only``
    all rows are written in one transaction. Otherwise they are written in chunks, each one
    transaction; ``written`` is how far they have come, so an interrupted import goes on where it
    stopped.
    """

    class State(models.TextChoices):
        READING = "reading", _("读取中")
        READY = "ready", _("待确认")
        IMPORTING = "importing", _("导入中")
        DONE = "done", _("已导入")
        FAILED = "failed", _("未导入")
        CANCELLED = "cancelled", _("已取消")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="roster_imports", verbose_name=_("导入到")
    )
    name = models.CharField(_("文件名"), max_length=120)
    file = models.CharField(_("存放位置"), max_length=200)
    marked_file = models.CharField(_("标注后的表"), max_length=200, blank=True)
    whole_only = models.BooleanField(_("有错误行时整表不导入"), default=True)
    create_branches = models.BooleanField(_("新建表中没有的党组织"), default=False)
    move_members = models.BooleanField(_("转入在其他党组织的党员"), default=False)
    written = models.PositiveIntegerField(_("已写入的行"), default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.READING)
    counts = models.JSONField(_("结果"), default=dict)
    findings = models.JSONField(_("问题"), default=list)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="roster_imports", verbose_name=_("经办人")
    )
    created_at = models.DateTimeField(_("上传时间"))
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("花名册导入")
        verbose_name_plural = _("花名册导入")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class RosterExport(models.Model):
    """One roster taken out: masked at once, with full personal numbers only after approval."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待批准")
        WRITING = "writing", _("生成中")
        READY = "ready", _("可下载")
        DECLINED = "declined", _("未批准")
        FAILED = "failed", _("未生成")
        EXPIRED = "expired", _("已过期")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Excel 表格")
        CSV = "csv", _("CSV 文本")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="roster_exports", verbose_name=_("党组织")
    )
    columns = models.JSONField(_("栏目"), default=list)
    full_numbers = models.BooleanField(_("含完整证件号、手机号"), default=False)
    reason = models.CharField(_("用途"), max_length=200, blank=True)
    format = models.CharField(_("格式"), max_length=4, choices=Format.choices, default=Format.XLSX)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.WRITING)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    file = models.CharField(_("存放位置"), max_length=200, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(
        Member, models.PROTECT, related_name="roster_exports", verbose_name=_("申请人")
    )
    created_at = models.DateTimeField(_("申请时间"))
    answered_by = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("批准人")
    )
    answered_at = models.DateTimeField(_("批准时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("保留至"), null=True, blank=True)

    class Meta:
        verbose_name = _("花名册导出")
        verbose_name_plural = _("花名册导出")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.branch} {self.created_at:%Y-%m-%d}"
