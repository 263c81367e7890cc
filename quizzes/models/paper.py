"""Papers (fixed or drawn) and the sittings in which they may be taken."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.models import Orderable

from quizzes.models.bank import Question, QuestionBank, QuestionVersion
from school.core import clock
from school.members.models import Audience, Branch


class Paper(ClusterableModel):
    """What is asked and under which rules. Each attempt stores its own drawn, shuffled copy."""

    class Mode(models.TextChoices):
        FIXED = "fixed", _("固定试题")
        DRAWN = "drawn", _("随机抽题")

    class MultipleRule(models.TextChoices):
        EXACT = "exact", _("全部选对才得分")
        HALF = "half", _("漏选得一半分，错选不得分")

    title = models.CharField(_("试卷名称"), max_length=120)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("所属党组织"),
        help_text=_("留空为全校共用，只有系统管理员可以修改。"),
    )
    introduction = models.CharField(_("考前说明"), max_length=300, blank=True)
    mode = models.CharField(_("组卷方式"), max_length=6, choices=Mode.choices, default=Mode.FIXED)
    pass_mark = models.PositiveSmallIntegerField(
        _("及格线（%）"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("得分占总分的百分比，达到即通过。"),
    )
    time_limit_minutes = models.PositiveSmallIntegerField(
        _("限时（分钟）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_("留空为不限时。时间以服务器为准，到点自动交卷。"),
    )
    attempts_allowed = models.PositiveSmallIntegerField(
        _("可答次数"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("留空为不限次数。"),
    )
    shuffle_questions = models.BooleanField(_("打乱试题顺序"), default=True)
    shuffle_options = models.BooleanField(_("打乱选项顺序"), default=True)
    multiple_rule = models.CharField(
        _("多选题计分"), max_length=6, choices=MultipleRule.choices, default=MultipleRule.EXACT
    )
    audience = models.ForeignKey(
        Audience,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("受众"),
        help_text=_("留空为全体登录人员。"),
    )
    created_at = models.DateTimeField(_("创建时间"), default=clock.now, editable=False)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("试卷")
        verbose_name_plural = _("试卷")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pass_mark__gte=1) & Q(pass_mark__lte=100), name="paper_pass_mark"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("quizzes:start", args=[self.pk])


class PaperQuestion(Orderable):
    """One question of a fixed paper; its current version is taken when an attempt starts."""

    paper = ParentalKey(
        Paper, on_delete=models.CASCADE, related_name="questions", verbose_name=_("试卷")
    )
    question = models.ForeignKey(Question, models.PROTECT, related_name="+", verbose_name=_("试题"))
    marks = models.PositiveIntegerField(
        _("分值（百分之一）"),
        null=True,
        blank=True,
        help_text=_("留空用试题自带的分值。500 为 5 分。"),
    )

    class Meta(Orderable.Meta):
        verbose_name = _("试卷试题")
        verbose_name_plural = _("试卷试题")

    def __str__(self) -> str:
        return f"{self.paper_id} · {self.question_id}"


class PaperDraw(Orderable):
    """So many questions of a kind from a bank, drawn anew for each attempt."""

    paper = ParentalKey(
        Paper, on_delete=models.CASCADE, related_name="draws", verbose_name=_("试卷")
    )
    bank = models.ForeignKey(QuestionBank, models.PROTECT, related_name="+", verbose_name=_("题库"))
    kind = models.CharField(
        _("题型"),
        max_length=12,
        choices=Question.Kind.choices,
        blank=True,
        help_text=_("留空为不分题型。"),
    )
    difficulty = models.CharField(
        _("难度"),
        max_length=6,
        choices=QuestionVersion.Difficulty.choices,
        blank=True,
        help_text=_("留空为不分难度。"),
    )
    count = models.PositiveSmallIntegerField(
        _("题数"), default=5, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    marks = models.PositiveIntegerField(
        _("每题分值（百分之一）"),
        null=True,
        blank=True,
        help_text=_("留空用试题自带的分值。500 为 5 分。"),
    )

    class Meta(Orderable.Meta):
        verbose_name = _("抽题规则")
        verbose_name_plural = _("抽题规则")

    def __str__(self) -> str:
        return f"{self.bank} × {self.count}"


class Sitting(models.Model):
    """A window in which an audience may take a paper. A paper without sittings is always open."""

    paper = models.ForeignKey(
        Paper, models.PROTECT, related_name="sittings", verbose_name=_("试卷")
    )
    title = models.CharField(_("场次名称"), max_length=80)
    opens_at = models.DateTimeField(_("开始时间"))
    closes_at = models.DateTimeField(_("结束时间"), null=True, blank=True)
    audience = models.ForeignKey(
        Audience,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("受众"),
        help_text=_("留空同试卷的受众。"),
    )

    class Meta:
        verbose_name = _("考试场次")
        verbose_name_plural = _("考试场次")
        ordering = ["opens_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="sitting_window",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if self.closes_at and self.opens_at and self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": _("结束时间应晚于开始时间。")})
