"""The member's own pages: 我的, 我的学时."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from school.core import clock, navigation
from school.core.errors import NotFound
from school.members.permissions import member_required
from school.members.selectors.people import home_branch
from school.study import registry, selectors

ROWS = 50


@require_GET
@member_required
def me(request: HttpRequest) -> HttpResponse:
    """Name, branch, the year's hours, and everything of one's own that works."""
    year = clock.today().year
    links = navigation.links(request, navigation.MENU)
    return render(
        request,
        "study/me.html",
        {
            "member": request.user,
            "branch": home_branch(request.user),
            "year": selectors.hours_of_year(request.user.pk, year),
            "panel": registry.year_panel(request.user.pk, year),
            "rows": [link for link in links if not link.post],
            "buttons": [link for link in links if link.post],
        },
    )


@require_GET
@member_required
def hours(request: HttpRequest) -> HttpResponse:
    """One year of the ledger: sums, months, rows with source and why not credited."""
    today = clock.today()
    years = selectors.years_of(request.user.pk)
    year = _year(request.GET.get("year"), years, today.year)
    entries = selectors.entries_of_year(request.user.pk, year)
    return render(
        request,
        "study/hours.html",
        {
            "year": selectors.hours_of_year(request.user.pk, year),
            "panel": registry.year_panel(request.user.pk, year),
            "years": [
                {"label": _("%d 年") % each, "url": f"?year={each}", "current": each == year}
                for each in years
            ],
            "months": [
                {"label": str(m.month), "online": m.online, "offline": m.offline}
                for m in selectors.months_of_year(request.user.pk, year)
            ],
            "this_month": today.month if year == today.year else 12,
            "page": Paginator(entries, ROWS).get_page(request.GET.get("page")),
            "crumbs": [{"label": _("我的"), "url": "/me/"}, {"label": _("我的学时")}],
        },
    )


def _year(asked: str | None, years: list[int], default: int) -> int:
    if not asked:
        return default
    if not asked.isdecimal() or int(asked) not in years:
        raise NotFound(_("没有这个年度的学时记录。"))
    return int(asked)
