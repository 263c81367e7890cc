"""What plans add to the frame and to the pages of apps below."""

from dataclasses import replace
from datetime import date

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Member
from school.plans import target_words
from school.plans.models import Exemption
from school.plans.rules.targets import forecast
from school.plans.selectors import exemptions
from school.plans.selectors.tasks import open_count, plans_requiring
from school.plans.selectors.year import TargetResult, let_off_of, nearest, year_progress
from school.study import presets
from school.study.registry import TargetLine, YearPanel
from school.study.rules.policy import Wish


def task_badge(request: HttpRequest) -> int | None:
    """How many required items the signed-in member has still to do; kept for the request."""
    if not request.user.is_authenticated:
        return None
    return open_count(request.user.pk, clock.today()) or None


def year_panel(member_id: int, year: int) -> YearPanel | None:
    """The nearest unmet target of a member's year, all others beside it, and who is let off."""
    progress = year_progress(member_id, year)
    let_off = let_off_of(member_id, year)
    if progress is None and not let_off:
        return None
    mine = list(progress.targets) if progress else []
    lines = tuple(target_line(target) for target in mine) + tuple(_let_off(row) for row in let_off)
    shown = lines[mine.index(nearest(mine))] if mine else lines[0]
    return YearPanel(
        label=shown.label,
        due=shown.due,
        credited=shown.credited,
        outside=shown.outside,
        path=reverse("plans:tasks"),
        targets=lines,
        last=tuple(target_line(target) for target in progress.last_targets) if progress else (),
    )


def target_line(target: TargetResult) -> TargetLine:
    """One target in words and numbers, as every page shows it."""
    return TargetLine(
        label=target.name,
        due=target.due,
        credited=target.got,
        outside=target.outside,
        met=target.met,
        basis=target.basis,
        formula=target_words.formula(due=target.due, parts=target.parts, change=target.change),
        sources=target_words.sources(target),
        outlook=_outlook(target),
        conditions=tuple(target_words.condition(each) for each in target.conditions),
    )


def _outlook(target: TargetResult) -> str:
    today = clock.today()
    if target.year != today.year:
        return ""
    seen = forecast(
        due=target.due,
        got=target.got,
        first=target.starts_on or date(target.year, 1, 1),
        day=today,
        last=date(target.year, 12, 31),
    )
    return target_words.outlook(seen, due=target.due, got=target.got)


def _let_off(row: Exemption) -> TargetLine:
    said = _("免学：%(reason)s（%(who)s批准）") % {"reason": row.reason, "who": row.approver}
    return TargetLine(label=row.target.name, let_off=said)


def exemption_links(member: Member) -> list[dict]:
    """Row of a branch's link list; a badge says how many wait for this person. One query."""
    return [
        {
            "label": _("免学"),
            "url": reverse("plans:exemptions"),
            "icon": "check",
            "badge": exemptions.open_count(member) or None,
        }
    ]


def wishes(member_id: int, item_id: int, day: date) -> list[Wish]:
    """What running plans ask of a first view of an item by a member who has to study it.

    A plan that says nothing about the rate asks for the school's rate of required study.
    """
    usual = presets.required_rate()
    return [
        plan.wish if plan.max_rate else replace(plan.wish, max_rate=usual)
        for plan in plans_requiring(member_id, item_id, day)
    ]
