"""A year's targets on pages of apps above: the same words as on the member's own page."""

from django import template

from school.plans.places import target_line
from school.plans.selectors.year import YearProgress

register = template.Library()


@register.inclusion_tag("plans/year_targets.html")
def year_targets(progress: YearProgress) -> dict:
    """All targets of a member's year with their conditions and how they came about."""
    return {"targets": [target_line(target) for target in progress.targets]}
