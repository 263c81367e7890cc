"""What can be studied. Apps above publish things; here they are only rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.members.models import Audience


class StudyItem(models.Model):
    """One thing that can be studied: an article, a micro-lesson, a quiz, or an aggregate."""

    class Kind(models.TextChoices):
        ARTICLE = "article", _("文章")
        LESSON = "lesson", _("微课")
        QUIZ = "quiz", _("测验")
        COURSE = "course", _("课程")

    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    source_type = models.CharField(_("来源类型"), max_length=60)
    source_id = models.PositiveBigIntegerField(_("来源编号"))
    title = models.CharField(_("标题"), max_length=255)
    path = models.CharField(_("网址路径"), max_length=500, blank=True)
    audience = models.ForeignKey(
        Audience, models.PROTECT, null=True, blank=True, verbose_name=_("受众")
    )
    current = models.ForeignKey(
        "ItemRevision",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("现行版本"),
    )
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("学习内容")
        verbose_name_plural = _("学习内容")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["source_type", "source_id"], name="item_source_once")
        ]

    def __str__(self) -> str:
        return self.title


class ItemPart(models.Model):
    """One part of an aggregate, in order. An optional part is not needed for completion."""

    whole = models.ForeignKey(
        StudyItem, models.CASCADE, related_name="parts", verbose_name=_("整体")
    )
    part = models.ForeignKey(
        StudyItem, models.PROTECT, related_name="wholes", verbose_name=_("部分")
    )
    order = models.PositiveSmallIntegerField(_("顺序"))
    required = models.BooleanField(_("必学"), default=True)

    class Meta:
        verbose_name = _("课程组成")
        verbose_name_plural = _("课程组成")
        ordering = ["whole_id", "order"]
        constraints = [models.UniqueConstraint(fields=["whole", "part"], name="part_once")]

    def __str__(self) -> str:
        return f"{self.whole} / {self.part}"


class ItemRevision(models.Model):
    """A published state of an item that asks for its own evidence.

    A minor edit keeps the number; ``study again``, a replaced video or an axis that changed by
    more than 10 % makes a new one.
    """

    class Axis(models.TextChoices):
        MEDIA = "media", _("毫秒")
        TEXT = "text", _("字数")
        NONE = "none", _("无")

    item = models.ForeignKey(
        StudyItem, models.CASCADE, related_name="revisions", verbose_name=_("学习内容")
    )
    number = models.PositiveIntegerField(_("版本号"))
    axis = models.CharField(_("度量"), max_length=6, choices=Axis.choices)
    axis_length = models.PositiveIntegerField(_("长度"))
    study_ms = models.PositiveIntegerField(_("标准学习时长（毫秒）"), default=0)
    text_digest = models.CharField(_("内容摘要值"), max_length=64, blank=True)
    award = models.PositiveIntegerField(
        _("学时（百分之一）"), default=0, help_text=_("按现行规则学完所计；供页面显示。")
    )
    own_award = models.PositiveIntegerField(
        _("自定学时（百分之一）"), null=True, blank=True, help_text=_("不按规则折算时填写。")
    )
    max_rate = models.PositiveSmallIntegerField(_("最高倍速（百分之一）"), default=150)
    seek_free = models.BooleanField(_("首次学习可快进"), default=False)
    # What the item says for itself; empty: as the school has it (rules.policy.Wish).
    check_in = models.PositiveSmallIntegerField(_("在线确认间隔（分钟）"), null=True, blank=True)
    questions = models.BooleanField(_("视频中的问题须作答"), null=True, blank=True)
    review = models.PositiveSmallIntegerField(_("重看计入（百分之一）"), null=True, blank=True)
    published_at = models.DateTimeField(_("发布时间"))

    class Meta:
        verbose_name = _("内容版本")
        verbose_name_plural = _("内容版本")
        ordering = ["item_id", "number"]
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"{self.item} v{self.number}"
