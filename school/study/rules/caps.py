"""What the caps of self-paced study hold while lines of a ledger are gone through in order."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from school.study.rules import hours

SELF_PACED = ("online", "quiz")
# In a rule's caps of the year: both sources together.
TOGETHER = "self_paced"


class Held:
    """Sums of one member's self-paced credit, by day and by (year, source)."""

    __slots__ = ("days", "years")

    def __init__(self) -> None:
        self.days: dict[date, int] = defaultdict(int)
        self.years: dict[tuple[int, str], int] = defaultdict(int)

    def add(self, source: str, day: date, year: int, credit: int) -> None:
        """Take a line in; a reversal comes with its minus."""
        if source in SELF_PACED and credit:
            self.days[day] += credit
            self.years[year, source] += credit

    def rooms(self, rule, source: str, day: date, year: int) -> Iterator[tuple[int, str]]:
        """What each cap of the rule still has room for, see ``hours.grant``."""
        if rule is None or source not in SELF_PACED:
            return
        if rule.daily_cap is not None:
            yield rule.daily_cap - self.days.get(day, 0), hours.DAY_FULL
        caps = rule.yearly_caps
        if caps.get(source) is not None:
            yield caps[source] - self.years.get((year, source), 0), hours.YEAR_FULL
        if caps.get(TOGETHER) is not None:
            both = sum(self.years.get((year, each), 0) for each in SELF_PACED)
            yield caps[TOGETHER] - both, hours.SELF_FULL

    def grant(
        self,
        rule,
        *,
        award: int,
        source: str,
        day: date,
        year: int,
        paid: bool = False,
        closed: bool = False,
    ) -> hours.Grant:
        """What an award books next; ``add`` it when it really is booked."""
        rooms = () if closed or paid else self.rooms(rule, source, day, year)
        return hours.grant(award, closed=closed, paid=paid, rooms=rooms)


def capped(rule) -> bool:
    """Whether a rule has any cap: without one nobody needs the sums."""
    return rule is not None and (rule.daily_cap is not None or bool(rule.yearly_caps))
