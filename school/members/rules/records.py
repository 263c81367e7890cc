"""Pure rules on a member's record: what cannot be, and what deserves a second look.

转正 comes a year or more after 入党, 入党 not before the age of 18, sex and birth date are what
the identity number (GB 11643) says; paper files differ, so these warn and never refuse.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ADULT_YEARS = 18
PROBATION_YEARS = 1
WORKING_YEARS = 14
SEXES = {"male": gettext_lazy("男"), "female": gettext_lazy("女")}


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What is known of a member; empty means unknown. ``identity_*`` is what the number tells."""

    sex: str = ""
    born_on: date | None = None
    employed_on: date | None = None
    joined_on: date | None = None
    confirmed_on: date | None = None
    identity_sex: str = ""
    identity_born_on: date | None = None


def years_after(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March where the year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def refusals(facts: RecordFacts, today: date) -> dict[str, str]:
    """What cannot be so: message by field name; empty when all is possible."""
    wrong = {}
    for name in ("born_on", "employed_on", "joined_on", "confirmed_on"):
        day = getattr(facts, name)
        if day and day > today:
            wrong[name] = _("日期不能晚于今天，请核对。")
    if facts.joined_on and facts.confirmed_on and facts.confirmed_on < facts.joined_on:
        wrong.setdefault("confirmed_on", _("转正日期不能早于入党日期，请核对。"))
    if facts.born_on and facts.joined_on and facts.joined_on <= facts.born_on:
        wrong.setdefault("joined_on", _("入党日期要晚于出生日期，请核对。"))
    return wrong


def warnings(facts: RecordFacts) -> list[str]:
    """What is possible but unusual, one sentence each."""
    found = []
    if facts.identity_sex and facts.sex and facts.sex != facts.identity_sex:
        found.append(
            _("性别与身份证号不一致：身份证号第 17 位表示%(sex)s。")
            % {"sex": SEXES[facts.identity_sex]}
        )
    if facts.identity_born_on and facts.born_on and facts.born_on != facts.identity_born_on:
        found.append(
            _("出生日期与身份证号不一致：身份证号为 %(day)s。") % {"day": facts.identity_born_on}
        )
    born_on = facts.born_on or facts.identity_born_on
    if born_on and facts.joined_on and facts.joined_on < years_after(born_on, ADULT_YEARS):
        found.append(_("入党时不满 18 岁，请核对入党日期和出生日期。"))
    if born_on and facts.employed_on and facts.employed_on < years_after(born_on, WORKING_YEARS):
        found.append(_("参加工作日期过早，请核对。"))
    if (
        facts.joined_on
        and facts.confirmed_on
        and facts.confirmed_on < years_after(facts.joined_on, PROBATION_YEARS)
    ):
        found.append(_("转正日期距入党日期不满 1 年，请核对。"))
    return found
