"""What plans add to the frame and to the pages of apps below."""

from dataclasses import replace
from datetime import date

from django.http import HttpRequest
from django.urls import reverse

from school.core import clock
from school.plans.selectors.tasks import open_count, plans_requiring
from school.plans.selectors.year import year_progress
from school.study import presets
from school.study.registry import YearPanel
from school.study.rules.policy import Wish


def task_badge(request: HttpRequest) -> int | None:
    """How many required items the signed-in member has still to do; kept for the request."""
    if not request.user.is_authenticated:
        return None
    return open_count(request.user.pk, clock.today()) or None


def year_panel(member_id: int, year: int) -> YearPanel | None:
    """The nearest unmet target of a member's year."""
    progress = year_progress(member_id, year)
    if progress is None:
        return None
    return YearPanel(
        label=progress.name,
        due=progress.due,
        credited=progress.got,
        outside=progress.outside,
        path=reverse("plans:tasks"),
    )


def wishes(member_id: int, item_id: int, day: date) -> list[Wish]:
    """What running plans ask of a first view of an item by a member who has to study it.

    A plan that says nothing about the rate asks for the school's rate of required study.
    """
    usual = presets.required_rate()
    return [
        plan.wish if plan.max_rate else replace(plan.wish, max_rate=usual)
        for plan in plans_requiring(member_id, item_id, day)
    ]
