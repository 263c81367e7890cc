"""支部 (home of who follows up), a node's 学习情况, one member, the export."""

from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from school.core import audit, clock
from school.core.errors import DomainError
from school.members.models import Branch, Membership
from school.members.permissions import Scope, board_required, scope_for
from school.members.places import people_links
from school.plans.places import exemption_links
from school.plans.rules import Figures
from school.reports.export import board_workbook, exporter_label
from school.reports.selectors.board import (
    ALL,
    DONE,
    EXEMPT,
    FILTERS,
    OPEN,
    OVERDUE,
    Board,
    board,
)
from school.reports.selectors.filings import next_duty
from school.reports.selectors.person import person
from school.reports.services.reminders import remind_unfinished
from school.study.places import hours_links

# Nothing was recorded before; the same limit as for filings.
FIRST_YEAR = 2000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@board_required
def home(request: HttpRequest) -> HttpResponse:
    """The three duties of a branch, then its four figures; with several branches, a choice."""
    scope = scope_for(request.user)
    tops = scope.tops
    if len(tops) != 1:
        return render(request, "reports/choose.html", {"nodes": tops})
    node = tops[0]
    shown = board(node, day=clock.today(), rows=False)
    return render(
        request,
        "reports/home.html",
        {
            "node": node,
            "board": shown,
            "duties": _duties(scope, node, shown),
            "figures": _figures(shown, reverse("reports:board", args=[node.pk])),
            "people": people_links(scope, node)
            + hours_links(request.user, node)
            + exemption_links(request.user),
        },
    )


def _duties(scope: Scope, node: Branch, shown: Board) -> list[dict]:
    address = reverse("reports:board", args=[node.pk])
    writes = scope.may_write(node)
    rows = [
        {
            "label": _("谁没学完"),
            "url": f"{address}?filter={OPEN}",
            "icon": "people",
            "note": _("%d 人") % shown.figures.open if shown.figures else _("尚无计划"),
        }
    ]
    if writes and (new := _gathering_address(node)):
        rows.append({"label": _("登记集体学习"), "url": new, "icon": "plus", "note": ""})
    duty = next_duty(node)
    note = _("已上报") if duty.told else _("还有 %d 天") % duty.days_left
    rows.append(
        {
            "label": _("%d 月上报") % duty.starts_on.month,
            "url": reverse("reports:filing", args=[node.pk, f"{duty.starts_on:%Y-%m}"]),
            "icon": "send",
            "note": note,
        }
    )
    if writes:
        rows.append(
            {"label": _("学习计划"), "url": reverse("plans:list"), "icon": "calendar", "note": ""}
        )
    return rows


def _gathering_address(node: Branch) -> str | None:
    try:
        return f"{reverse('gatherings:new')}?branch={node.pk}"
    except NoReverseMatch:
        return None


def _asked(request: HttpRequest) -> dict:
    """Day, plan and filter of the address; what makes no sense is refused with a word."""
    wanted = request.GET.get("filter", ALL)
    plan = request.GET.get("plan", "")
    return {
        "day": _asked_day(request),
        "plan_id": int(plan) if plan.isdecimal() and len(plan) < 19 else None,
        "filter": wanted if wanted in FILTERS else ALL,
    }


def _asked_day(request: HttpRequest) -> date:
    """The day of the address, today where it has none or one to come."""
    today = clock.today()
    text = request.GET.get("on", "").strip()
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DomainError(_("截至日期的格式应为 2026-06-30，请重新选择。")) from None
    if day.year < FIRST_YEAR:
        raise DomainError(_("这一天太早，平台没有记录，请重新选择。"))
    return min(day, today)


def _on(day: date) -> str:
    """The query of an address that keeps a past day."""
    return f"?{urlencode({'on': day.isoformat()})}" if day != clock.today() else ""


def _query(shown: Board, **changes: str) -> str:
    """The address of a board keeps plan, day and filter."""
    parts = {"plan": str(shown.plan.pk) if shown.plan else "", "filter": shown.filter}
    if shown.day != clock.today():
        parts["on"] = shown.day.isoformat()
    parts |= changes
    kept = {k: v for k, v in parts.items() if v and (k, v) != ("filter", ALL)}
    return f"?{urlencode(kept)}" if kept else "?"


def _figures(shown: Board, address: str = "") -> list[dict]:
    """The four figures; each filters the table below."""
    if shown.figures is None:
        return []
    numbers: Figures = shown.figures

    def one(label: str, value: int, wanted: str, tone: str = "", note: str = "") -> dict:
        return {
            "label": label,
            "value": value,
            "url": address + _query(shown, filter=wanted),
            "current": not address and shown.filter == wanted,
            "tone": tone,
            "note": note,
        }

    let_off = _("免学 %d") % numbers.exempt if numbers.exempt else ""
    return [
        one(_("应学"), numbers.due, ALL, note=let_off),
        one(_("已完成"), numbers.done, DONE, "done"),
        one(_("未完成"), numbers.open, OPEN),
        one(_("其中逾期"), numbers.overdue, OVERDUE, "late" if numbers.overdue else ""),
    ]


def crumbs_to(scope: Scope, node: Branch, last: str = "") -> list[dict]:
    """From the highest node this person oversees down to ``node``; one query."""
    paths = [node.path[:end] for end in range(Branch.steplen, len(node.path) + 1, Branch.steplen)]
    line = [b for b in Branch.objects.filter(path__in=paths).order_by("path") if scope.may_see(b)]
    crumbs = [{"label": _("支部"), "url": reverse("reports:home")}]
    crumbs += [{"label": b.short_name, "url": reverse("reports:board", args=[b.pk])} for b in line]
    return [*crumbs, {"label": last}] if last else crumbs


@require_GET
@board_required
def node_board(request: HttpRequest, branch_id: int) -> HttpResponse:
    """A node's 学习情况."""
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    shown = board(node, **_asked(request))
    return render(
        request,
        "reports/board.html",
        {
            "node": node,
            "board": shown,
            "figures": _figures(shown),
            "keep": _query(shown),
            "keep_all": _query(shown, filter=ALL),
            "keep_day": _on(shown.day),
            "exempt_url": _query(shown, filter=EXEMPT),
            "today": clock.today(),
            "may_write": scope.may_write(node),
            "may_remind": _may_remind(scope, node, shown),
            "crumbs": crumbs_to(scope, node),
        },
    )


def _may_remind(scope: Scope, node: Branch, shown: Board) -> bool:
    """Only today's unfinished members of one's own branch can be reminded."""
    unfinished = any(row.figures and row.figures.open for row in shown.people)
    return shown.day == clock.today() and unfinished and scope.may_write(node)


@require_POST
@board_required
def remind(request: HttpRequest, branch_id: int) -> HttpResponse:
    """提醒所选: a message to the chosen unfinished members, then back to the same board."""
    node = scope_for(request.user).writable_branch_or_404(branch_id)
    shown = board(node, **(_asked(request) | {"day": clock.today()}), rows=False)
    if shown.plan is None:
        raise DomainError(_("这个党组织还没有学习计划，没有可以提醒的内容。"))
    chosen = [int(pk) for pk in request.POST.getlist("member") if pk.isdecimal() and len(pk) < 19]
    sent = remind_unfinished(node=node, plan=shown.plan, member_ids=chosen, by=request.user)
    words = []
    if sent.delivered:
        words.append(_("已提醒 %d 人") % sent.delivered)
    if sent.spared:
        words.append(
            _("%(number)d 人 %(days)d 天内已提醒过，不再重复")
            % {"number": sent.spared, "days": settings.NOTICES_REMINDER_DAYS}
        )
    messages.success(request, "，".join(words) + "。")
    return redirect(reverse("reports:board", args=[node.pk]) + _query(shown))


@require_GET
@board_required
def export(request: HttpRequest, branch_id: int) -> HttpResponse:
    """The board as a workbook: the same object as the screen."""
    node = scope_for(request.user).branch_or_404(branch_id)
    shown = board(node, **_asked(request))
    if shown.plan is None:
        raise DomainError(_("这个党组织还没有学习计划，没有可以导出的数据。"))
    audit.record(
        "reports.exported",
        actor=request.user,
        subject=node,
        fields={"plan": shown.plan.pk, "on": str(shown.day), "filter": shown.filter},
    )
    response = HttpResponse(
        board_workbook(shown, by_label=exporter_label(request.user)), content_type=XLSX
    )
    name = f"{node.short_name} 学习情况 {shown.day}.xlsx"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@board_required
def member(request: HttpRequest, branch_id: int, member_id: int) -> HttpResponse:
    """One member of a node: what is asked, what was done, every ledger row with its origin."""
    scope = scope_for(request.user)
    node = scope.branch_or_404(branch_id)
    home = (
        Membership.objects.on(clock.today())
        .filter(member_id=member_id, kind=Membership.Kind.HOME)
        .select_related("branch", "member")
        .first()
    )
    # Who is at home in a branch within reach is within reach; others only for who reaches all.
    reached = home is not None and scope.may_see(home.branch)
    who = home.member if reached else scope.member_or_404(member_id)
    day = _asked_day(request)
    if home and home.branch_id != node.pk and not home.branch.path.startswith(node.path):
        return redirect(reverse("reports:member", args=[home.branch_id, who.pk]) + _on(day))
    return render(
        request,
        "reports/member.html",
        {
            "node": node,
            "who": who,
            "person": person(who, day),
            "today": clock.today(),
            "home": home.branch if home else None,
            "may_write": bool(home) and scope.may_write(home.branch),
            "crumbs": crumbs_to(scope, node, who.name),
        },
    )
