"""What search keeps in the database: documents, the outbox, the glossary and suggestions."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel


class SearchDoc(models.Model):
    """The database copy of one indexed thing: snippets, seconds and the audience check read it."""

    doc_id = models.CharField(_("文档编号"), max_length=120, unique=True)
    model_label = models.CharField(_("模型"), max_length=80)
    object_id = models.CharField(_("对象编号"), max_length=36)
    kind = models.CharField(_("类型"), max_length=40, db_index=True)
    title = models.CharField(_("标题"), max_length=255)
    body = models.TextField(_("正文"), blank=True)
    transcript = models.TextField(_("讲稿"), blank=True)
    cues = models.JSONField(
        _("字幕"), default=list, blank=True, help_text=_("[开始毫秒, 结束毫秒, 文字] 的列表")
    )
    tags = models.JSONField(_("标签"), default=list, blank=True)
    facets = models.JSONField(_("分面"), default=dict, blank=True)
    audience = models.CharField(_("受众"), max_length=40, db_index=True)
    url = models.CharField(_("地址"), max_length=500)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    weight = models.FloatField(_("权重"), default=1.0)
    version = models.BigIntegerField(_("版本"), default=0)
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("搜索文档")
        verbose_name_plural = _("搜索文档")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["model_label", "object_id"], name="searchdoc_object"),
        ]

    def __str__(self) -> str:
        return self.title


class Outbox(models.Model):
    """One change that the index must follow; written in the transaction of the change itself.

    Applied rows stay for a day: a rebuild replays what was applied to the old index meanwhile.
    """

    class Op(models.TextChoices):
        UPSERT = "upsert", _("写入")
        DELETE = "delete", _("删除")

    model_label = models.CharField(_("模型"), max_length=80)
    object_id = models.CharField(_("对象编号"), max_length=36)
    op = models.CharField(_("操作"), max_length=10, choices=Op.choices, default=Op.UPSERT)
    created_at = models.DateTimeField(_("时间"))
    attempts = models.PositiveIntegerField(_("次数"), default=0)
    reason = models.TextField(_("原因"), blank=True)
    next_attempt_at = models.DateTimeField(_("下次尝试"), null=True, blank=True)
    applied_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("索引更新")
        verbose_name_plural = _("索引更新")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(applied_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.model_label}:{self.object_id}"


class GlossaryTerm(models.Model):
    """A word of the host's field: kept whole by the segmenter and widened by its synonyms."""

    term = models.CharField(_("词语"), max_length=40, unique=True)
    synonyms = models.CharField(
        _("同义说法"),
        max_length=200,
        blank=True,
        help_text=_("用逗号或空格隔开。搜索其中任何一个，也会找到其他说法。"),
    )
    weight = models.PositiveSmallIntegerField(
        _("权重"), default=1, help_text=_("输入时提示的先后，数字大的在前。")
    )

    panels = [FieldPanel("term"), FieldPanel("synonyms"), FieldPanel("weight")]

    class Meta:
        verbose_name = _("搜索词")
        verbose_name_plural = _("搜索词")
        ordering = ["term"]

    def __str__(self) -> str:
        return self.term

    def clean(self) -> None:
        self.term = self.term.strip()
        if not self.term:
            raise ValidationError({"term": _("请填写词语。")})

    @property
    def synonym_list(self) -> list[str]:
        """The synonyms as a list, empty parts dropped."""
        parts = re.split(r"[,;，；、\s]+", self.synonyms)
        return [part for part in parts if part]


class Suggestion(models.Model):
    """A term offered while typing; looked up by the prefix of its folded form."""

    term = models.CharField(_("词语"), max_length=255)
    folded = models.CharField(_("检索形式"), max_length=255, db_index=True)
    weight = models.PositiveSmallIntegerField(_("权重"), default=1)
    audience = models.CharField(_("受众"), max_length=40, default="public")
    doc_id = models.CharField(_("来源文档"), max_length=120, blank=True, db_index=True)

    class Meta:
        verbose_name = _("搜索建议")
        verbose_name_plural = _("搜索建议")
        ordering = ["-weight", "term"]

    def __str__(self) -> str:
        return self.term
