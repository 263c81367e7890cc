"""One member's sheet: the paper as drawn, each answer as given, marks, mistakes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from quizzes.models.bank import Question, QuestionVersion
from quizzes.models.paper import Paper, Sitting


class Attempt(models.Model):
    """A member's try at a paper.

    ``sheet`` is the paper as this member sees it, frozen at the start::

        {"rule": "exact", "pass_mark": 60,
         "questions": [{"version": 12, "marks": 500, "options": ["b", "a", "d", "c"]}, …]}

    ``score`` and ``full`` are integer hundredths of a mark. ``deadline_at`` is by the authority
    clock; an attempt past it is closed without a browser, from the answers saved.
    """

    class State(models.TextChoices):
        OPEN = "open", _("作答中")
        SUBMITTED = "submitted", _("已交卷")
        CLOSED = "closed", _("到时自动交卷")

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="attempts", verbose_name=_("党员")
    )
    paper = models.ForeignKey(
        Paper, models.PROTECT, related_name="attempts", verbose_name=_("试卷")
    )
    sitting = models.ForeignKey(
        Sitting,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attempts",
        verbose_name=_("考试场次"),
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    number = models.PositiveSmallIntegerField(_("第几次"))
    seed = models.BigIntegerField(_("随机种子"))
    sheet = models.JSONField(_("试卷内容"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    started_at = models.DateTimeField(_("开始时间"))
    deadline_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("交卷时间"), null=True, blank=True)
    score = models.PositiveIntegerField(_("得分（百分之一）"), null=True, blank=True)
    full = models.PositiveIntegerField(_("总分（百分之一）"))
    passed = models.BooleanField(_("通过"), null=True, blank=True)

    class Meta:
        verbose_name = _("答卷")
        verbose_name_plural = _("答卷")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "paper", "number"], name="attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["member", "paper"], condition=Q(state="open"), name="attempt_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "deadline_at"], name="attempt_overdue"),
            models.Index(fields=["paper", "member", "passed"], name="attempt_passed"),
        ]

    def __str__(self) -> str:
        return f"{self.paper} #{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("quizzes:attempt", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether answers are still taken (the deadline apart)."""
        return self.state == self.State.OPEN

    @property
    def questions(self) -> list[dict]:
        """The drawn questions in order: ``version``, ``marks``, ``options`` (ids as shown)."""
        return self.sheet["questions"]


class Answer(models.Model):
    """What was given to the question at a position (from 1), as last saved.

    ``given``: option ids, or the texts of the blanks. ``marks`` (hundredths) and ``right`` are
    empty until the attempt is marked.
    """

    attempt = models.ForeignKey(
        Attempt, models.CASCADE, related_name="answers", verbose_name=_("答卷")
    )
    position = models.PositiveSmallIntegerField(_("题号"))
    version = models.ForeignKey(
        QuestionVersion, models.PROTECT, related_name="+", verbose_name=_("试题版本")
    )
    given = models.JSONField(_("作答"), default=list, blank=True)
    saved_at = models.DateTimeField(_("保存时间"), null=True, blank=True)
    marks = models.PositiveIntegerField(_("得分（百分之一）"), null=True, blank=True)
    right = models.BooleanField(_("正确"), null=True, blank=True)

    class Meta:
        verbose_name = _("作答")
        verbose_name_plural = _("作答")
        ordering = ["attempt_id", "position"]
        constraints = [models.UniqueConstraint(fields=["attempt", "position"], name="answer_once")]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.position}"


class Mistake(models.Model):
    """A question a member got wrong. Leaves the book only when the member takes it out."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="mistakes", verbose_name=_("党员")
    )
    question = models.ForeignKey(
        Question, models.PROTECT, related_name="mistakes", verbose_name=_("试题")
    )
    version = models.ForeignKey(
        QuestionVersion, models.PROTECT, related_name="+", verbose_name=_("试题版本")
    )
    wrong_count = models.PositiveIntegerField(_("答错次数"), default=1)
    last_given = models.JSONField(_("最近作答"), default=list, blank=True)
    last_attempt = models.ForeignKey(
        Attempt, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("答卷")
    )
    last_wrong_at = models.DateTimeField(_("最近答错"))
    redone_right_at = models.DateTimeField(_("重做答对"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("移出时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("错题")
        verbose_name_plural = _("错题本")
        ordering = ["-last_wrong_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["member", "question"], name="mistake_once")]
        indexes = [models.Index(fields=["member", "cleared_at"], name="mistake_book")]

    def __str__(self) -> str:
        return f"{self.member_id} · {self.question_id}"
