"""The member's own pages: 我的, 我的学时."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from school.core import clock, navigation
from school.core.errors import NotFound
from school.members.permissions import member_required
from school.members.selectors.people import home_branch
from school.study import registry, selectors
from school.study.selectors import entries
from school.study.selectors.room import room_today
from school.study.selectors.rules import year_closed

ROWS = 50
SHEET_ROWS = 2000
MONTHS = {str(number) for number in range(1, 13)}


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
    """One year of the ledger: targets, sums, months, what waits, rows with source and reason."""
    today = clock.today()
    known = selectors.years_of(request.user.pk)
    year = _year(request.GET.get("year"), known, today.year)
    show = request.GET.get("show", entries.ALL)
    show = show if show in entries.SHOWS else entries.ALL
    months = selectors.months_of_year(request.user.pk, year)
    month = _month(request.GET.get("month"))
    rows = selectors.entries_of_year(request.user.pk, year)
    counts = entries.show_counts(rows)
    paginator = Paginator(entries.shown(rows, show, month), ROWS)
    if not month:
        paginator.count = counts[show]
    page = paginator.get_page(request.GET.get("page"))
    return render(
        request,
        "study/hours.html",
        _head(request.user.pk, year, months)
        | {
            "years": [
                {"label": _("%d 年") % each, "url": f"?year={each}", "current": each == year}
                for each in known
            ],
            "room": room_today(request.user.pk) if year == today.year else None,
            "this_month": today.month if year == today.year else 12,
            "page": page,
            "lines": entries.lines_of(page.object_list),
            "any_rows": counts[entries.ALL],
            "shows": [
                {
                    "label": label,
                    "url": _address(year, key, month),
                    "count": counts[key],
                    "current": key == show,
                }
                for key, label in entries.SHOWS.items()
                if counts[key] or key == entries.ALL
            ],
            "month_chips": _month_chips(year, show, month, months),
            "crumbs": [{"label": _("我的"), "url": "/me/"}, {"label": _("我的学时")}],
        },
    )


@require_GET
@member_required
def hours_sheet(request: HttpRequest) -> HttpResponse:
    """One year on paper: targets and results, sums by month, every row."""
    today = clock.today()
    year = _year(request.GET.get("year"), selectors.years_of(request.user.pk), today.year)
    rows = selectors.entries_of_year(request.user.pk, year).order_by("studied_on", "pk")
    months = selectors.months_of_year(request.user.pk, year)
    lines = entries.lines_of(rows[: SHEET_ROWS + 1])
    return render(
        request,
        "study/hours_sheet.html",
        _head(request.user.pk, year, months)
        | {
            "member": request.user,
            "branch": home_branch(request.user),
            "lines": lines[:SHEET_ROWS],
            "cut": len(lines) > SHEET_ROWS,
            "closed": year_closed(year),
            "taken_at": clock.now(),
            "crumbs": [
                {"label": _("我的学时"), "url": f"{reverse('study:hours')}?year={year}"},
                {"label": _("打印")},
            ],
        },
    )


def _head(member_id: int, year: int, months: list) -> dict:
    """What the screen and the sheet share: targets, sums, months, what waits."""
    return {
        "year": selectors.summed(year, months),
        "panel": registry.year_panel(member_id, year),
        "months": [
            {"label": str(m.month), "online": m.online, "offline": m.offline} for m in months
        ],
        "pending": registry.pending_rows(member_id, year),
    }


def _address(year: int, show: str, month: int | None) -> str:
    given = {"year": year, "show": show} | ({"month": month} if month else {})
    return f"?{urlencode(given)}"


def _month_chips(year: int, show: str, month: int | None, months: list) -> list[dict]:
    """All months, and each that has hours; none where there are fewer than two."""
    held = [m.month for m in months if m.online or m.offline]
    if len(held) < 2:
        return []
    chips = [{"label": _("全年"), "url": _address(year, show, None), "current": not month}]
    return chips + [
        {"label": _("%d 月") % each, "url": _address(year, show, each), "current": each == month}
        for each in held
    ]


def _month(asked: str | None) -> int | None:
    """A month by its number; anything else is left out."""
    return int(asked) if asked in MONTHS else None


def _year(asked: str | None, years: list[int], default: int) -> int:
    if not asked:
        return default
    if asked not in {str(each) for each in years}:
        raise NotFound(_("没有这个年度的学时记录。"))
    return int(asked)
