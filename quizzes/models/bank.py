"""Question banks. A question keeps its identity; what it says is a frozen version."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.core.models import AppendOnly
from school.members.models import Branch


class QuestionBank(models.Model):
    """A collection of questions and the branch that answers for it (none: the whole school)."""

    title = models.CharField(_("题库名称"), max_length=80)
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="question_banks",
        verbose_name=_("所属党组织"),
        help_text=_("留空为全校共用，只有系统管理员可以修改。"),
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("创建时间"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("题库")
        verbose_name_plural = _("题库")
        ordering = ["title", "id"]
        constraints = [models.UniqueConstraint(fields=["branch", "title"], name="bank_title_once")]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question of a bank. Retired ones are drawn no more; papers taken keep them."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("单选题")
        MULTIPLE = "multiple", _("多选题")
        TRUE_FALSE = "true_false", _("判断题")
        FILL_BLANK = "fill_blank", _("填空题")

    bank = models.ForeignKey(
        QuestionBank, models.PROTECT, related_name="questions", verbose_name=_("题库")
    )
    kind = models.CharField(_("题型"), max_length=12, choices=Kind.choices)
    category = models.CharField(_("分类"), max_length=40, blank=True)
    topic = models.CharField(_("知识点"), max_length=60, blank=True)
    source = models.CharField(_("出处"), max_length=120, blank=True)
    current = models.ForeignKey(
        "QuestionVersion",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("现行版本"),
    )
    created_at = models.DateTimeField(_("创建时间"), default=clock.now, editable=False)
    retired_at = models.DateTimeField(_("停用时间"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("试题")
        verbose_name_plural = _("试题")
        ordering = ["bank_id", "id"]
        indexes = [models.Index(fields=["bank", "kind", "retired_at"], name="question_draw")]

    def __str__(self) -> str:
        return self.current.stem[:60] if self.current else f"#{self.pk}"


class QuestionVersion(AppendOnly):
    """What a question said and counted as right from one edit to the next.

    ``options``: ``[{"id": "a", "text": "…"}, …]``, empty for fill-blank.
    ``key``: ``{"options": ["a", …]}``, or ``{"blanks": [["安全", "平安"], …], "ordered": true}``.
    ``marks``: integer hundredths of a mark.
    """

    class Difficulty(models.TextChoices):
        EASY = "easy", _("易")
        MEDIUM = "medium", _("中")
        HARD = "hard", _("难")

    question = models.ForeignKey(
        Question, models.PROTECT, related_name="versions", verbose_name=_("试题")
    )
    number = models.PositiveIntegerField(_("版本号"))
    stem = models.TextField(_("题干"))
    options = models.JSONField(_("选项"), default=list, blank=True)
    key = models.JSONField(_("答案"))
    explanation = models.TextField(_("解析"), blank=True)
    difficulty = models.CharField(
        _("难度"), max_length=6, choices=Difficulty.choices, default=Difficulty.MEDIUM
    )
    marks = models.PositiveIntegerField(_("分值（百分之一）"), default=500)
    created_at = models.DateTimeField(_("保存时间"))
    created_by_id = models.BigIntegerField(_("保存人"), null=True, blank=True)

    class Meta:
        verbose_name = _("试题版本")
        verbose_name_plural = _("试题版本")
        ordering = ["question_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="question_version_once"),
            models.CheckConstraint(condition=models.Q(marks__gt=0), name="question_marks_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.stem[:40]} v{self.number}"
