"""The admin's 题库 menu: banks, questions, papers, sittings, and what may be chosen of them."""

from django.contrib import messages
from django.http import Http404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic.chooser import (
    ChooseResultsView,
    ChooseView,
    ChosenMultipleView,
    ChosenView,
)
from wagtail.admin.views.generic.history import HistoryView
from wagtail.admin.views.generic.usage import UsageView
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

from quizzes import admin_views
from quizzes.forms import BankForm, PaperForm, QuestionForm, SittingForm
from quizzes.models import Paper, Question, QuestionBank, Sitting
from quizzes.permissions import authoring_for
from quizzes.rules.authoring import printed_marks
from school.core.errors import Conflict
from school.core.viewsets.choosing import ChooseOnlyViewSet


class _Own:
    """A foreign branch's thing does not exist here."""

    def get_object(self, queryset=None):
        found = super().get_object()
        if not authoring_for(self.request.user).may_write(found):
            raise Http404
        return found


class _OwnIndex(generic.IndexView):
    related: tuple[str, ...] = ()

    def get_base_queryset(self):
        return authoring_for(self.request.user).writable(self.model).select_related(*self.related)


class _Edit(_Own, generic.EditView):
    pass


class _Delete(_Own, generic.DeleteView):
    def get_object(self, queryset=None):
        found = super().get_object()
        if not authoring_for(self.request.user).may_delete(found):
            raise Conflict(_("已经使用过，不能删除。题目可以停用，试卷可以取消发布。"))
        return found


class _History(_Own, HistoryView):
    pass


class _Usage(_Own, UsageView):
    pass


class _OwnViewSet(ModelViewSet):
    """What the four share: own things only, no copies."""

    copy_view_enabled = False
    add_to_reference_index = False
    edit_view_class = _Edit
    delete_view_class = _Delete
    history_view_class = _History
    usage_view_class = _Usage
    search_backend_name = None

    def register_permissions(self) -> None:
        """Role grants decide; there is nothing to tick on Wagtail's groups."""


class BankIndex(_OwnIndex):
    related = ("branch",)


class BankViewSet(_OwnViewSet):
    model = QuestionBank
    icon = "folder-open-inverse"
    menu_label = _("题库")
    index_view_class = BankIndex
    search_fields = ["title"]
    list_display = [
        "title",
        Column("branch", label=_("所属党组织"), accessor=lambda bank: bank.branch or _("全校共用")),
        Column("sheets", label=_("Excel"), accessor=lambda bank: _sheet_links(bank)),
    ]

    def get_form_class(self, for_update=False):
        return BankForm

    def get_urlpatterns(self):
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/import/", admin_views.import_sheet, name="import"),
            path("<int:pk>/export/", admin_views.export_sheet, name="export"),
            path("template/", admin_views.template_sheet, name="template"),
        ]


def _sheet_links(bank: QuestionBank) -> str:
    return format_html(
        '<a href="{}">{}</a> · <a href="{}">{}</a>',
        reverse("question_banks:import", args=[bank.pk]),
        _("导入"),
        reverse("question_banks:export", args=[bank.pk]),
        _("导出"),
    )


class QuestionIndex(_OwnIndex):
    related = ("current", "bank")


class QuestionViewSet(_OwnViewSet):
    model = Question
    icon = "help"
    menu_label = _("试题")
    index_view_class = QuestionIndex
    search_fields = ["current__stem", "category", "topic"]
    list_filter = ["kind"]
    list_display = [
        "__str__",
        "bank",
        Column("kind", label=_("题型"), accessor="get_kind_display"),
        Column("marks", label=_("分值"), accessor=lambda q: _marks(q)),
        Column(
            "state", label=_("状态"), accessor=lambda q: _("停用") if q.retired_at else _("在用")
        ),
    ]

    def get_form_class(self, for_update=False):
        return QuestionForm

    def get_urlpatterns(self):
        # A question that was asked stays; it can be retired instead.
        return [each for each in super().get_urlpatterns() if each.name != "delete"]


def _marks(question: Question) -> str:
    return printed_marks(question.current.marks) if question.current else "—"


class _TellsRefusal:
    def form_valid(self, form):
        reply = super().form_valid(form)
        if form.refusal:
            messages.warning(self.request, _("已保存，但没有发布：%s") % form.refusal)
        return reply


class PaperCreate(_TellsRefusal, generic.CreateView):
    pass


class PaperEdit(_TellsRefusal, _Edit):
    pass


class PaperIndex(_OwnIndex):
    related = ("branch",)


class PaperViewSet(_OwnViewSet):
    model = Paper
    icon = "list-ul"
    menu_label = _("试卷")
    index_view_class = PaperIndex
    add_view_class = PaperCreate
    edit_view_class = PaperEdit
    search_fields = ["title"]
    list_display = [
        "title",
        Column("mode", label=_("组卷方式"), accessor="get_mode_display"),
        Column("pass_mark", label=_("及格线"), accessor=lambda paper: f"{paper.pass_mark}%"),
        Column(
            "state",
            label=_("状态"),
            accessor=lambda paper: _("已发布") if paper.published_at else _("草稿"),
        ),
    ]
    edit_handler = ObjectList(
        [
            FieldPanel("title"),
            FieldRowPanel([FieldPanel("branch"), FieldPanel("audience")]),
            FieldPanel("introduction"),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("pass_mark"), FieldPanel("time_limit_minutes")]),
                    FieldRowPanel([FieldPanel("attempts_allowed"), FieldPanel("multiple_rule")]),
                    FieldRowPanel([FieldPanel("shuffle_questions"), FieldPanel("shuffle_options")]),
                ],
                heading=_("作答规则"),
            ),
            FieldPanel("mode"),
            InlinePanel(
                "questions",
                heading=_("试题（固定试题时用）"),
                label=_("试题"),
                panels=[FieldPanel("question")],
            ),
            InlinePanel(
                "draws",
                heading=_("抽题规则（随机抽题时用）"),
                label=_("规则"),
                panels=[
                    FieldPanel("bank"),
                    FieldRowPanel(
                        [FieldPanel("kind"), FieldPanel("difficulty"), FieldPanel("count")]
                    ),
                ],
            ),
            FieldPanel("published"),
        ],
        base_form_class=PaperForm,
    )


class SittingIndex(_OwnIndex):
    related = ("paper",)


class SittingViewSet(_OwnViewSet):
    model = Sitting
    icon = "date"
    menu_label = _("考试场次")
    index_view_class = SittingIndex
    list_display = ["title", "paper", "opens_at", "closes_at"]

    def get_form_class(self, for_update=False):
        return SittingForm


class QuizGroup(ModelViewSetGroup):
    """One menu entry for all of it."""

    items = (
        BankViewSet("question_banks", url_prefix="question-banks"),
        QuestionViewSet("questions", url_prefix="questions"),
        PaperViewSet("papers", url_prefix="papers"),
        SittingViewSet("sittings", url_prefix="sittings"),
    )
    menu_label = _("题库")
    menu_icon = "help"
    menu_name = "quizzes"
    menu_order = 360


def _chooser(chosen: type, usable: str, order: str, **words) -> ChooseOnlyViewSet:
    """A chooser that offers only what ``authoring_for(user).<usable>`` holds."""

    class Listed:
        def get_object_list(self):
            return getattr(authoring_for(self.request.user), usable).order_by(order)

    class Allowed:
        def get_queryset(self):
            return getattr(authoring_for(self.request.user), usable)

        def get_object(self, pk):
            return self.get_queryset().get(pk=pk)

        def get_objects(self, pks):
            return self.get_queryset().filter(pk__in=pks)

    name = f"{chosen._meta.model_name}_chooser"
    values = {
        "model": chosen,
        "choose_view_class": type("Choose", (Listed, ChooseView), {}),
        "choose_results_view_class": type("ChooseResults", (Listed, ChooseResultsView), {}),
        "chosen_view_class": type("Chosen", (Allowed, ChosenView), {}),
        "chosen_multiple_view_class": type("ChosenMany", (Allowed, ChosenMultipleView), {}),
        **words,
    }
    made = type(f"{chosen.__name__}Chooser", (ChooseOnlyViewSet,), values)
    return made(name, url_prefix=name.replace("_", "-"))


question_chooser = _chooser(
    Question,
    "usable_questions",
    "-pk",
    icon="help",
    choose_one_text=_("选择试题"),
    choose_another_text=_("换一道题"),
)
bank_chooser = _chooser(
    QuestionBank,
    "usable_banks",
    "title",
    icon="folder-open-inverse",
    choose_one_text=_("选择题库"),
    choose_another_text=_("换一个题库"),
)
paper_chooser = _chooser(
    Paper,
    "usable_papers",
    "-pk",
    icon="list-ul",
    choose_one_text=_("选择试卷"),
    choose_another_text=_("换一份试卷"),
)
