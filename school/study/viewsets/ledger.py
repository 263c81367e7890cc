"""The ledger in the admin: read, searched, corrected by further lines."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import IndexView, InspectView
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from school.core import wording
from school.core.errors import DomainError
from school.study.forms.hours import CorrectionForm
from school.study.models import HourEntry
from school.study.permissions import ledger_of, may_correct, may_read_ledger
from school.study.services.ledger import correct_entry
from school.study.viewsets.desk import HoursPolicy, page

register_permission_policy(HourEntry, HoursPolicy(HourEntry, view=may_read_ledger))


def _credit(entry: HourEntry) -> str:
    return wording.hours(entry.credit)


class LedgerIndex(IndexView):
    """Lines within reach."""

    def get_base_queryset(self):
        return ledger_of(self.request.user).select_related("member")


class LedgerInspect(InspectView):
    """A line out of reach does not exist."""

    template_name = "study/admin/entry.html"

    def get_object(self, queryset=None):
        return get_object_or_404(ledger_of(self.request.user), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs) -> dict:
        entry = self.object
        opposite = HourEntry.objects.filter(reverses=entry).first()
        return super().get_context_data(**kwargs) | {
            "opposite": opposite,
            "may_correct": may_correct(self.request.user, entry)
            and not (opposite or entry.reverses_id),
        }


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line back for a reason, and book the right figure where it is known."""
    entry = get_object_or_404(ledger_of(request.user).select_related("member"), pk=pk)
    if not may_correct(request.user, entry):
        messages.error(request, _("没有更正这条学时的权限；自己的学时由其他教务人员处理。"))
        return redirect("wagtailadmin_home")
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            correct_entry(
                entry=entry,
                reason=form.cleaned_data["reason"],
                credit=form.cleaned_data["credit"],
                by=request.user,
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("已更正，学时台账里可以看到冲销和更正的记录。"))
            return redirect("hour_entries:inspect", pk)
    above = (reverse("hour_entries:index"), _("学时台账"))
    return page(request, "correct", _("更正学时"), {"entry": entry, "form": form}, above)


class LedgerViewSet(ModelViewSet):
    """Every line of the ledger, to be read and searched by staff number, name or title."""

    model = HourEntry
    name = "hour_entries"
    icon = "list-ul"
    menu_label = gettext_lazy("学时台账")
    list_display = [
        Column("member", label=gettext_lazy("党员")),
        Column("title", label=gettext_lazy("事由")),
        Column(_credit, label=gettext_lazy("学时")),
        Column("get_source_display", label=gettext_lazy("来源")),
        Column("studied_on", label=gettext_lazy("学习日期")),
        Column("counts_for_year", label=gettext_lazy("计入年度")),
        Column("note", label=gettext_lazy("说明")),
    ]
    index_view_class = LedgerIndex
    inspect_view_class = LedgerInspect
    list_filter = ["source", "counts_for_year"]
    search_fields = ["member__staff_number", "member__name", "title"]
    ordering = ["-id"]
    list_per_page = 50
    inspect_view_enabled = True
    copy_view_enabled = False
    form_fields = ["title"]

    def get_urlpatterns(self):
        return [*super().get_urlpatterns(), path("correct/<int:pk>/", correct, name="correct")]
