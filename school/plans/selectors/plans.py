"""Which plans there are, for whom."""

from django.db.models import Q, QuerySet

from school.members.models import Branch
from school.plans.models import StudyPlan


def counting_plans() -> list[StudyPlan]:
    """Plans whose figures may still change."""
    return list(
        StudyPlan.objects.filter(state=StudyPlan.State.PUBLISHED).select_related("audience")
    )


def plans_at(node: Branch) -> QuerySet[StudyPlan]:
    """Published and ended plans of a node's line: its own, those from above, those from below."""
    above = [node.path[:end] for end in range(Branch.steplen, len(node.path), Branch.steplen)]
    return (
        StudyPlan.objects.exclude(state=StudyPlan.State.DRAFT)
        .filter(Q(owner__path__in=above) | Q(owner__path__startswith=node.path))
        .order_by("ends_on", "pk")
    )
