"""The hour rule in force, and whether a year is closed."""

from datetime import date

from school.study.models import HourRule, YearClose


def rule_on(day: date) -> HourRule | None:
    """The version in force on a local day; None before the first."""
    return HourRule.objects.filter(effective_from__lte=day).order_by("-effective_from").first()


def year_closed(year: int) -> bool:
    """Whether a year takes no further entries."""
    return YearClose.objects.filter(year=year).exists()
