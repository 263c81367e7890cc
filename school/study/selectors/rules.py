"""The hour rule in force, and whether a year is closed."""

from datetime import date

from django.db.models import F, Max, Q

from school.study.models import HourRule, Recredit, YearClose


def rule_on(day: date) -> HourRule | None:
    """The version that study of a local day counts by; None before the first. One query.

    The latest decision to credit the day anew goes before the dates of the versions.
    """
    covering = Q(recredits__since__lte=day, recredits__until__gte=day)
    return (
        HourRule.objects.annotate(decided=Max("recredits", filter=covering))
        .filter(Q(decided__isnull=False) | Q(effective_from__lte=day))
        .order_by(F("decided").desc(nulls_last=True), "-effective_from")
        .first()
    )


class RuleBook:
    """All versions and decisions, read once, for work on many days. Two queries.

    Args:
        trial: a version (stored or not) to be asked instead for the days from ``since`` to
            ``until``: what it would change.
    """

    def __init__(
        self,
        trial: HourRule | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> None:
        self.rules = {rule.pk: rule for rule in HourRule.objects.order_by("-effective_from")}
        self.decisions = [
            (each.since, each.until, self.rules[each.rule_id])
            for each in Recredit.objects.order_by("-pk")
        ]
        if trial is not None and since and until:
            self.decisions.insert(0, (since, until, trial))
        self._known: dict[date, HourRule | None] = {}

    def on(self, day: date) -> HourRule | None:
        """The version that study of a local day counts by; None before the first."""
        if day not in self._known:
            self._known[day] = self._find(day)
        return self._known[day]

    def _find(self, day: date) -> HourRule | None:
        for since, until, rule in self.decisions:
            if since <= day <= until:
                return rule
        return next((rule for rule in self.rules.values() if rule.effective_from <= day), None)

    def has_mode(self, mode: str) -> bool:
        """Whether any day could count by a mode."""
        known = [*self.rules.values(), *(rule for _since, _until, rule in self.decisions)]
        return any(rule.mode == mode for rule in known)

    def mode(self, day: date) -> str:
        """The mode of that version; "" before the first."""
        rule = self.on(day)
        return rule.mode if rule else ""


def year_closed(year: int) -> bool:
    """Whether a year takes no further entries."""
    return YearClose.objects.filter(year=year).exists()
