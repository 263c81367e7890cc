"""The secretary's desk: the list, a new one, one with its names, end, close, void, guests."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core import clock
from school.core.errors import DomainError
from school.gatherings import services
from school.gatherings.forms import EndForm, FileForm, GatheringForm, GuestForm
from school.gatherings.models import Attendance, Gathering
from school.gatherings.permissions import (
    gathering_or_404,
    visible,
    why_not_approve,
    why_not_confirm,
)
from school.gatherings.rules import Mark
from school.gatherings.selectors.branch import (
    FILTERS,
    GatheringPage,
    filters,
    gathering_list,
    gathering_page,
    make_up_counts,
    make_up_lines,
)
from school.gatherings.selectors.sessions import open_session
from school.members.models import Member
from school.members.permissions import board_required, scope_for

FIELDS = {"ends_at": "ends", "ended_at": "ended_at"}


def crumbs(*more: dict) -> list[dict]:
    """From the branch's home to here."""
    return [
        {"label": _("支部"), "url": "/branch/"},
        {"label": _("集体学习"), "url": reverse("gatherings:index")},
        *more,
    ]


def crumbs_of(gathering: Gathering, last: str = "") -> list[dict]:
    """To a gathering, or to a page below it."""
    url = reverse("gatherings:detail", args=[gathering.pk]) if last else ""
    below = [{"label": last, "url": ""}] if last else []
    return crumbs({"label": gathering.title, "url": url}, *below)


@board_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Gatherings of the branches this member looks after, by state."""
    scope = scope_for(request.user)
    wanted = request.GET.get("state", "")
    wanted = wanted if wanted in FILTERS else ""
    gatherings = visible(scope)
    counts = filters(gatherings)
    page = Paginator(gathering_list(gatherings, wanted), 20).get_page(request.GET.get("page"))
    chips = [
        {
            "label": label,
            "url": f"?{urlencode({'state': key})}" if key else "?",
            "count": counts[key],
            "current": key == wanted,
        }
        for key, label in FILTERS.items()
        if counts[key] or key == wanted
    ]
    context = {
        "page": page,
        "chips": chips if counts[""] else [],
        "wanted": wanted,
        "may_write": scope.writable_branches.exists(),
        "crumbs": crumbs()[:1] + [{"label": _("集体学习"), "url": ""}],
    }
    return render(request, "gatherings/index.html", context)


@board_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """What is or was studied, when and where; one that is not over yet runs from here on."""
    branches = scope_for(request.user).writable_branches
    initial = {"branch": request.GET.get("branch") or branches.order_by("-depth").first()}
    form = GatheringForm(request.POST or None, branches=branches, initial=initial)
    if request.method == "POST" and form.is_valid() and (gathering := _made(request, form)):
        return redirect("gatherings:detail", gathering.pk)
    further = [(form[f"begins_{n}"], form[f"ends_{n}"]) for n in (2, 3, 4)]
    context = {
        "form": form,
        "further": further,
        "further_open": any(b.errors or e.errors or b.value() for b, e in further),
        "crumbs": crumbs({"label": _("登记集体学习"), "url": ""}),
    }
    return render(request, "gatherings/new.html", context)


def _made(request: HttpRequest, form: GatheringForm) -> Gathering | None:
    values = form.values()
    over = values["sessions"][-1][1] <= clock.now()
    make = services.open_gathering if over else services.convene_gathering
    try:
        return make(by=request.user, **values)
    except DomainError as error:
        field = FIELDS.get(error.field, error.field)
        form.add_error(field if field in form.fields else None, error.message)
        return None


@never_cache
@board_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Running: the code and who has come. Ended: the names. Registered: what was booked."""
    gathering = gathering_or_404(request.user, pk)
    page = gathering_page(gathering)
    state, now = gathering.state, clock.now()
    writes = scope_for(request.user).may_write(gathering.branch)
    running = state == Gathering.State.RUNNING
    waiting = state == Gathering.State.WAITING
    why_not = why_not_approve(request.user, gathering) if waiting else ""
    context = {
        "gathering": gathering,
        "page": page,
        "items": gathering.items.select_related("item"),
        "files": gathering.files.all(),
        "figures": _figures(page),
        "all_present": request.GET.get("all") == "present",
        "loaded_ms": clock.to_ms(clock.authority()),
        "may_write": writes,
        "entering": writes and state in {Gathering.State.RUNNING, Gathering.State.OPEN},
        "running": running,
        "check_in_open": running and open_session(gathering, now) is not None,
        "over": now >= gathering.ends_at,
        "may_end": running and now > gathering.starts_at,
        "end_form": EndForm(initial={"ended_at": _end_of(gathering, now)}),
        "guest_form": GuestForm(),
        "file_form": FileForm(),
        "may_approve": waiting and not why_not,
        "why_not": why_not,
        "make_ups": make_up_counts(gathering) if state == Gathering.State.CLOSED else (0, 0),
        "may_correct": writes and state == Gathering.State.CLOSED,
        "own_hours": _own_hours(request.user, gathering, page),
        "enters_himself": writes and _is_expected(request.user, page),
        "crumbs": crumbs_of(gathering),
    }
    return render(request, "gatherings/detail.html", context)


def _own_hours(member: Member, gathering: Gathering, page: GatheringPage) -> list[dict]:
    """What organisers entered for themselves and the branch above has still to answer for."""
    if gathering.state != Gathering.State.CLOSED:
        return []
    waiting = [row.attendance for row in page.rows if row.attendance.withheld]
    return [
        {
            "attendance": each,
            "mine": each.member_id == member.pk,
            "why_not": why_not_confirm(member, gathering, each),
        }
        for each in waiting
    ]


def _is_expected(member: Member, page: GatheringPage) -> bool:
    return any(row.attendance.member_id == member.pk for row in page.rows)


def _end_of(gathering: Gathering, now: datetime) -> time:
    """The end to offer: this minute when it still runs, rounded up, within the day."""
    begun = now.replace(second=0, microsecond=0)
    end = min(begun + timedelta(minutes=1), gathering.ends_at).astimezone(clock.LOCAL)
    midnight = clock.local_day(end) != clock.local_day(gathering.ends_at - timedelta(seconds=1))
    return time(23, 59) if midnight else end.time()


def _figures(page) -> list[dict]:
    states = Attendance.State
    rest = page.counts[states.EXPECTED]
    figures = [
        {"label": _("应到"), "value": page.expected},
        {"label": _("实到"), "value": page.counts[states.PRESENT]},
        {"label": _("请假"), "value": page.counts[states.LEAVE]},
        {"label": _("缺席"), "value": page.counts[states.ABSENT]},
    ]
    if rest:
        figures[3] = {"label": _("未登记"), "value": rest}
    return figures


def marks_of(request: HttpRequest) -> dict[tuple[int, int], Mark]:
    """The posted marks: ``state-<attendance>-<session>``, ``late-…`` and ``early-…``."""
    marks = {}
    for key, state in request.POST.items():
        name, _dash, rest = key.partition("-")
        if name != "state":
            continue
        numbers = rest.split("-")
        if len(numbers) != 2 or not all(n.isdecimal() and len(n) < 19 for n in numbers):
            continue
        if state not in {"present", "leave", "absent"}:
            continue
        late, early = (_minutes(request, f"{word}-{rest}") for word in ("late", "early"))
        marks[int(numbers[0]), int(numbers[1])] = Mark(state, late, early)
    return marks


def _minutes(request: HttpRequest, key: str) -> int:
    text = request.POST.get(key, "").strip()
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1


def _states(request: HttpRequest) -> dict[int, str]:
    """The short form, one state for all sessions: ``state-<attendance>``."""
    return {
        int(number): value
        for key, value in request.POST.items()
        if (number := key.removeprefix("state-")) != key and number.isdecimal() and len(number) < 19
        if value in {"present", "leave", "absent"}
    }


def _seen_at(request: HttpRequest) -> datetime | None:
    text = request.POST.get("loaded", "")
    if not text.isdecimal() or len(text) > 14:
        return None
    return datetime.fromtimestamp(int(text) / 1000, tz=UTC)


@board_required
@require_POST
def names(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what is ticked so far."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.enter_names(
        gathering=gathering, marks=marks_of(request), by=request.user, seen_at=_seen_at(request)
    )
    messages.success(request, _("到会情况已保存。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the gathering from the ticked names, or send it to the branch above."""
    gathering = gathering_or_404(request.user, pk, write=True)
    closed = services.close_gathering(
        gathering=gathering,
        states=_states(request),
        marks=marks_of(request),
        seen_at=_seen_at(request),
        by=request.user,
    )
    if closed.state == Gathering.State.WAITING:
        messages.success(request, _("已提交，上级党组织审核后计入学时。"))
    else:
        messages.success(request, _("登记完成，学时已计入。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one that runs."""
    gathering = gathering_or_404(request.user, pk, write=True)
    form = EndForm(request.POST)
    if not form.is_valid():
        raise DomainError(_("请填写结束时间，例如 15:30。"))
    services.end_gathering(gathering=gathering, ended_at=form.moment(gathering), by=request.user)
    messages.success(request, _("已结束签到，请核对名单后完成登记。"))
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Declare the gathering void, with a reason."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.cancel_gathering(
        gathering=gathering, reason=request.POST.get("reason", ""), by=request.user
    )
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def guest(request: HttpRequest, pk: int) -> HttpResponse:
    """Add somebody of another branch who sits in."""
    gathering = gathering_or_404(request.user, pk, write=True)
    form = GuestForm(request.POST)
    if not form.is_valid():
        raise DomainError(_("请填写工号和姓名。"))
    try:
        added = services.add_guest(gathering=gathering, by=request.user, **form.cleaned_data)
    except DomainError as error:
        # Known to the branch: the list stays in front of the secretary with the reason.
        messages.error(request, error.message)
    else:
        messages.success(request, _("已添加%(name)s。") % {"name": added.member.name})
    return redirect("gatherings:detail", pk)


@board_required
@require_POST
def guest_gone(request: HttpRequest, pk: int, attendance_id: int) -> HttpResponse:
    """Take a guest off the list."""
    gathering = gathering_or_404(request.user, pk, write=True)
    services.remove_guest(gathering=gathering, attendance_id=attendance_id, by=request.user)
    return redirect("gatherings:detail", pk)


@board_required
@require_GET
def make_ups(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has made up what was missed, and who not yet."""
    gathering = gathering_or_404(request.user, pk)
    lines = make_up_lines(gathering)
    done = sum(1 for line in lines if line.done_on)
    context = {
        "gathering": gathering,
        "lines": lines,
        "figures": [
            {"label": _("应补"), "value": len(lines)},
            {"label": _("已补"), "value": done, "tone": "done"},
            {"label": _("未补"), "value": len(lines) - done},
            {"label": _("其中逾期"), "value": sum(1 for line in lines if line.overdue)},
        ],
        "crumbs": crumbs_of(gathering, _("补学名单")),
    }
    return render(request, "gatherings/make_ups.html", context)
