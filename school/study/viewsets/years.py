"""The years of the ledger in the admin: closed after a look, late arrivals booked or refused."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin.viewsets.base import ViewSet

from school.core.errors import DomainError, NotFound
from school.study.forms.hours import LateForm
from school.study.permissions import may_correct, may_read_ledger, may_run_hours
from school.study.selectors import years
from school.study.services.years import book_late, close_year, refuse_late
from school.study.viewsets.desk import check_runs_hours, page

ROWS = 50


def _check_reads(request: HttpRequest) -> None:
    """Raises NotFound for who reads no ledger: the page does not exist for them."""
    if not may_read_ledger(request.user):
        raise NotFound(_("没有找到这个页面。"))


@require_safe
def year_list(request: HttpRequest) -> HttpResponse:
    """All years: open or closed, members, credit, what waits."""
    _check_reads(request)
    context = {"years": years.years_list(), "may_run": may_run_hours(request.user)}
    return page(request, "years", _("年度封账"), context)


def _read(request: HttpRequest) -> int:
    """How many open matters were named where the confirmation was ticked."""
    text = request.POST.get("despite", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, year: int) -> HttpResponse:
    """What is still open of a year, and closing it."""
    check_runs_hours(request)
    found = years.closing(year)
    if found is None:
        raise NotFound(_("没有这个年度的学时记录。"))
    if request.method == "POST":
        try:
            close_year(year=year, by=request.user, despite=_read(request))
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("hour_years:close", year)
        else:
            messages.success(
                request, _("%(year)s 年度已封账。以后到达的学时列入迟到学时。") % {"year": year}
            )
        return redirect("hour_years:index")
    above = (reverse("hour_years:index"), _("年度封账"))
    title = _("%(year)s 年度封账") % {"year": year}
    return page(request, "year_close", title, {"closing": found}, above)


class YearViewSet(ViewSet):
    """Years in the menu of the hours."""

    name = "hour_years"
    icon = "lock"
    menu_label = gettext_lazy("年度封账")

    def get_urlpatterns(self):
        return [
            path("", year_list, name="index"),
            path("close/<int:year>/", close, name="close"),
        ]


@require_safe
def late_list(request: HttpRequest) -> HttpResponse:
    """Late arrivals within reach, those that wait first."""
    _check_reads(request)
    rows = years.late_arrivals(request.user)
    found = Paginator(rows, ROWS).get_page(request.GET.get("p"))
    context = {
        "page": found,
        "rows": [(late, may_correct(request.user, late.entry)) for late in found],
    }
    return page(request, "late_list", _("迟到学时"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def late_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Book one into this year, or refuse it with a reason."""
    _check_reads(request)
    late = get_object_or_404(years.late_arrivals(request.user), pk=pk)
    form = LateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            if not may_correct(request.user, late.entry):
                raise NotFound(_("没有处理这条学时的权限；自己的学时由其他教务人员处理。"))
            if request.POST.get("decision") == "book":
                book_late(late=late, by=request.user, reason=reason)
            else:
                refuse_late(late=late, by=request.user, reason=reason)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("已处理。"))
            return redirect("late_arrivals:index")
    above = (reverse("late_arrivals:index"), _("迟到学时"))
    context = {"late": late, "form": form, "may_decide": may_correct(request.user, late.entry)}
    return page(request, "late_decide", _("处理迟到学时"), context, above)


class LateArrivalViewSet(ViewSet):
    """Late arrivals in the menu of the hours."""

    name = "late_arrivals"
    icon = "warning"
    menu_label = gettext_lazy("迟到学时")

    def get_urlpatterns(self):
        return [
            path("", late_list, name="index"),
            path("<int:pk>/", late_decide, name="decide"),
        ]
