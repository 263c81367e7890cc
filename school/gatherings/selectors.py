"""Reads of gatherings, named after their screens."""

from django.db.models import Count, Q, QuerySet

from school.core import clock
from school.gatherings.models import Attendance, Gathering
from school.members.models import Branch
from school.plans.models import PlanItem, StudyPlan
from school.study.models import StudyItem

CHOICES = 80


def gathering_list(branches: QuerySet[Branch]) -> QuerySet[Gathering]:
    """Gatherings of these branches, newest first, each with ``expected`` and ``present`` counts."""
    present = Q(attendances__state=Attendance.State.PRESENT)
    return (
        Gathering.objects.filter(branch__in=branches.values("pk"))
        .select_related("branch")
        .annotate(expected=Count("attendances"), present=Count("attendances", filter=present))
        .order_by("-starts_at", "-pk")
    )


def showable_items() -> list[StudyItem]:
    """What a group may study: lessons and articles, those of running plans first."""
    today = clock.today()
    asked = set(
        PlanItem.objects.filter(
            plan__state=StudyPlan.State.PUBLISHED,
            plan__starts_on__lte=today,
            withdrawn_on=None,
        ).values_list("item_id", flat=True)
    )
    items = StudyItem.objects.filter(
        kind__in=(StudyItem.Kind.LESSON, StudyItem.Kind.ARTICLE),
        withdrawn_at=None,
        current__isnull=False,
    ).order_by("-pk")[: CHOICES * 2]
    ordered = sorted(items, key=lambda item: (item.pk not in asked, item.kind, -item.pk))
    return ordered[:CHOICES]
