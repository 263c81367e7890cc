"""Forms of the admin: banks, questions (each save a version), papers, sittings, sheets, and what
of them a lesson's page may ask."""

from collections.abc import Iterable

from django import forms
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from quizzes.models import Paper, Question, QuestionBank, QuestionVersion, Sitting
from quizzes.permissions import authoring_for
from quizzes.rules import authoring
from quizzes.rules.authoring import AuthoringError
from quizzes.rules.moments import parse_moment, printed_moment
from quizzes.services.papers import publish_paper, withdraw_paper
from quizzes.services.questions import (
    create_question,
    restore_question,
    retire_question,
    revise_question,
)
from school.core.errors import DomainError
from school.core.forms import SchoolPageForm


def _limit_branch(form: WagtailAdminModelForm) -> None:
    """Offer only branches the author writes for; only a superuser leaves it empty."""
    rights = authoring_for(form.for_user)
    form.fields["branch"].queryset = rights.branches
    form.fields["branch"].required = not rights.scope.is_superuser


class MomentInput(forms.TextInput):
    """Seconds of a film, shown and typed as ``3:12``; what cannot be read goes on as typed."""

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__({"placeholder": "3:12", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: object) -> str | None:
        return printed_moment(value) if isinstance(value, int) else super().format_value(value)

    def value_from_datadict(self, data, files, name) -> str | None:
        typed = super().value_from_datadict(data, files, name)
        try:
            return str(parse_moment(typed or ""))
        except ValueError:
            return typed


class BankForm(WagtailAdminModelForm):
    """A bank and the branch it belongs to."""

    class Meta:
        model = QuestionBank
        fields = ["title", "branch", "note"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _limit_branch(self)


class QuestionForm(WagtailAdminModelForm):
    """A question as authors write it: options one a line, the answer in customary notation."""

    stem = forms.CharField(
        label=_("题干"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("填空题用 ____（两个以上下划线）表示空。"),
    )
    options_text = forms.CharField(
        label=_("选项"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("单选题、多选题填写，每行一个，按 A、B、C… 的顺序。"),
    )
    answer = forms.CharField(
        label=_("正确答案"),
        max_length=500,
        help_text=_(
            "单选 B;多选 ABD;判断 正确 或 错误；填空各空用 | 分隔，同一空的几种答案用 / 分隔。"
        ),
    )
    ordered = forms.BooleanField(label=_("填空按顺序"), required=False, initial=True)
    explanation = forms.CharField(
        label=_("解析"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000
    )
    difficulty = forms.ChoiceField(
        label=_("难度"), choices=QuestionVersion.Difficulty.choices, initial="medium"
    )
    marks_text = forms.CharField(label=_("分值"), max_length=8, initial="5")
    retired = forms.BooleanField(
        label=_("停用"), required=False, help_text=_("停用后不再抽到，已发出的答卷不受影响。")
    )

    class Meta:
        model = Question
        fields = ["bank", "kind", "category", "topic", "source"]

    field_order = [
        "bank",
        "kind",
        "stem",
        "options_text",
        "answer",
        "ordered",
        "explanation",
        "difficulty",
        "marks_text",
        "category",
        "topic",
        "source",
        "retired",
    ]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank"].queryset = authoring_for(self.for_user).banks
        self.content = None
        if self.instance.pk:
            self.fields["kind"].disabled = True
            self._show_current()
        else:
            del self.fields["retired"]
        self.order_fields(self.field_order)

    def _show_current(self) -> None:
        version = self.instance.current
        if version is None:
            return
        self.initial |= {
            "stem": version.stem,
            "options_text": "\n".join(option["text"] for option in version.options)
            if self.instance.kind != Question.Kind.TRUE_FALSE
            else "",
            "answer": authoring.printed_answer(self.instance.kind, version.options, version.key),
            "ordered": version.key.get("ordered", True),
            "explanation": version.explanation,
            "difficulty": version.difficulty,
            "marks_text": authoring.printed_marks(version.marks),
            "retired": self.instance.retired_at is not None,
        }

    def clean(self) -> dict:
        data = super().clean()
        if "kind" in data and data.get("stem") and data.get("answer"):
            lines = data.get("options_text", "").splitlines()
            try:
                self.content = authoring.author(
                    data["kind"],
                    stem=data["stem"],
                    options=[authoring.strip_letter(line) for line in lines if line.strip()],
                    answer=data["answer"],
                    ordered=data.get("ordered", True),
                )
            except AuthoringError as error:
                field = {"options": "options_text", "key": "answer"}.get(error.field, error.field)
                self.add_error(field, error.message)
        return data

    def clean_marks_text(self) -> int:
        try:
            return authoring.parse_marks(self.cleaned_data["marks_text"])
        except AuthoringError as error:
            raise forms.ValidationError(error.message) from error

    @transaction.atomic
    def save(self, commit: bool = True) -> Question:
        """Store through the services; the content becomes a new version if it changed."""
        data = self.cleaned_data
        values = {
            "content": self.content,
            "explanation": data["explanation"],
            "difficulty": data["difficulty"],
            "marks": data["marks_text"],
            "by": self.for_user,
        }
        if not self.instance.pk:
            labels = {name: data[name] for name in ("bank", "kind", "category", "topic", "source")}
            self.instance = create_question(**labels, **values)
            return self.instance
        question = super().save(commit=True)
        question = revise_question(question=question, **values)
        change = retire_question if data.get("retired") else restore_question
        self.instance = change(question=question, by=self.for_user)
        return self.instance


class PaperForm(WagtailAdminModelForm):
    """A paper with its questions or draws; publishing is a box to tick."""

    published = forms.BooleanField(
        label=_("发布"),
        required=False,
        help_text=_("发布后受众可以作答，课程和计划可以选用。"),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.refusal = ""
        _limit_branch(self)
        self.initial["published"] = self.instance.published_at is not None

    def clean(self) -> dict:
        data = super().clean()
        rights = authoring_for(self.for_user)
        questions = [row.get("question") for row in self._rows("questions")]
        if len({each.pk for each in questions if each}) < sum(bool(each) for each in questions):
            self.add_error(None, _("同一道题在试卷里出现了两次，请删去一个。"))
        for found, usable, text in (
            (
                questions,
                rights.usable_questions,
                _("试题“%s”不可用：已停用，或不在本人的题库范围内。"),
            ),
            (
                [row.get("bank") for row in self._rows("draws")],
                rights.usable_banks,
                _("题库“%s”不在本人的题库范围内。"),
            ),
        ):
            known = set(usable.values_list("pk", flat=True)) if any(found) else set()
            for each in found:
                if each and each.pk not in known:
                    self.add_error(None, text % each)
        return data

    def _rows(self, name: str) -> list[dict]:
        formset = self.formsets.get(name)
        if formset is None or not formset.is_valid():
            return []
        return [
            form.cleaned_data
            for form in formset.forms
            if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]

    @transaction.atomic
    def save(self, commit: bool = True) -> Paper:
        """Store, then publish or withdraw; ``refusal`` says why it could not be published."""
        paper = super().save(commit=commit)
        if not commit:
            return paper
        if not self.cleaned_data["published"]:
            if paper.published_at:
                withdraw_paper(paper=paper, by=self.for_user)
            return paper
        try:
            publish_paper(paper=paper, by=self.for_user)
        except DomainError as error:
            self.refusal = error.message
            if paper.published_at:
                withdraw_paper(paper=paper, by=self.for_user)
        return paper


class SittingForm(WagtailAdminModelForm):
    """When and for whom a paper is open."""

    class Meta:
        model = Sitting
        fields = ["paper", "title", "opens_at", "closes_at", "audience"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paper"].queryset = authoring_for(self.for_user).papers


class SheetForm(forms.Form):
    """An xlsx file of questions."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("按模板填写的 .xlsx 文件，最大 5 MB。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )
    dry_run = forms.BooleanField(label=_("只检查，不导入"), required=False, initial=True)


class LessonForm(SchoolPageForm):
    """A lesson's page. What somebody else has linked stays; new links are to what one may use."""

    def clean(self) -> dict:
        data = super().clean()
        if self.for_user is None:
            return data
        rights = authoring_for(self.for_user)
        self._refuse(
            "gates",
            "question",
            rights.usable_questions,
            _("试题“%s”已停用，或不在本人的题库范围内。"),
        )
        self._refuse("quizzes", "paper", rights.usable_papers, _("试卷“%s”不在本人的管理范围内。"))
        return data

    def _refuse(self, name: str, field: str, usable: QuerySet, text: str) -> None:
        chosen = {each.pk: each for each in self._newly_chosen(name, field)}
        known = set(usable.filter(pk__in=chosen).values_list("pk", flat=True)) if chosen else set()
        for pk, each in chosen.items():
            if pk not in known:
                self.add_error(None, text % each)

    def _newly_chosen(self, name: str, field: str) -> Iterable[Model]:
        formset = self.formsets.get(name)
        if formset is None or not formset.is_valid():
            return
        for form in formset.forms:
            data = form.cleaned_data
            if data and not data.get("DELETE") and field in form.changed_data and data.get(field):
                yield data[field]
