"""Yearly targets in words: how the credit came about, what else is asked, where the pace leads."""

from datetime import date

from django.utils.translation import gettext as _

from school.core.wording import hours
from school.plans.models import TargetSet
from school.plans.rules.targets import NEW_POST, YEAR_MONTHS, Forecast, Part
from school.plans.selectors.year import ConditionResult, TargetResult
from school.study.models import HourEntry


def formula(*, due: int, parts: tuple[Part, ...], change: str) -> str:
    """How a target came about; "" where one rung holds for the whole year.

    >>> formula(due=4000, parts=(Part("支部书记", 4, 5600), Part("党员", 8, 3200)), change="months")
    '支部书记 4 个月 + 党员 8 个月：(56 × 4 + 32 × 8) ÷ 12 = 40 学时'
    """
    if not parts:
        return ""
    months = sum(part.months for part in parts)
    if len(parts) == 1 and months == YEAR_MONTHS:
        return "" if change == TargetSet.Change.MONTHS else _only(parts[0], change)
    names = " + ".join(
        _("%(rung)s %(months)d 个月") % {"rung": part.label, "months": part.months}
        for part in parts
    )
    terms = " + ".join(f"{hours(part.due)} × {part.months}" for part in parts)
    terms = f"({terms})" if len(parts) > 1 else terms
    said = _("%(names)s：%(terms)s ÷ 12 = %(due)s 学时") % {
        "names": names,
        "terms": terms,
        "due": hours(due),
    }
    if sum(part.due * part.months for part in parts) % YEAR_MONTHS:
        said += _("（舍去不足 0.01 的部分）")
    return said


def _only(part: Part, change: str) -> str:
    if change == TargetSet.Change.HIGHER:
        return _("年中职务有变动的按较高的一档：%(rung)s") % {"rung": part.label}
    return _("按年初的一档：%(rung)s") % {"rung": part.label}


def condition(result: ConditionResult) -> dict[str, str]:
    """One condition: what is asked, its state in words, and the tone of its tag."""
    asked = result.condition
    if asked.kind == NEW_POST:
        text = _("新任%(post)s，最迟%(by)s参加一次集中培训") % {
            "post": asked.label,
            "by": _day(asked.by),
        }
    else:
        text = _("本年度至少参加一次集中培训")
    if result.state == "met" and result.on:
        return {
            "text": text,
            "state": _("已参加（%(on)s）") % {"on": _day(result.on)},
            "tone": "done",
        }
    if result.state == "missed":
        return {"text": text, "state": _("期限已过，未参加"), "tone": "late"}
    return {"text": text, "state": _("尚未参加"), "tone": "warn"}


def _day(day: date) -> str:
    return _("%(year)d年%(month)d月%(day)d日") % {
        "year": day.year,
        "month": day.month,
        "day": day.day,
    }


def sources(result: TargetResult) -> str:
    """Which sources count; "" when all do."""
    if not result.sources:
        return ""
    labels = dict(HourEntry.Source.choices)
    return "、".join(str(labels.get(each, each)) for each in result.sources)


def outlook(seen: Forecast, *, due: int, got: int) -> str:
    """Where the pace leads; "" in the first weeks, when it is met and after the year."""
    if seen.kind == "reach" and seen.on is not None:
        return _("按今年以来的进度，预计%(when)s达到应修学时。") % {"when": _part_of_month(seen.on)}
    if seen.kind == "short":
        likely = max(seen.likely, 0) // 10 * 10
        given = {
            "likely": hours(likely),
            "missing": hours(due - likely),
            "monthly": hours(seen.monthly),
        }
        if got > 0:
            return (
                _(
                    "按今年以来的进度，到年底约 %(likely)s 学时，还差 %(missing)s 学时；"
                    "今后每月要有 %(monthly)s 学时才能达到。"
                )
                % given
            )
        return _("今年还没有计入本项的学时，今后每月要有 %(monthly)s 学时才能达到。") % given
    return ""


def _part_of_month(day: date) -> str:
    """A forecast is no promise of a day: 10 月上旬, 中旬 or 下旬."""
    given = {"month": day.month}
    if day.day <= 10:
        return _("%(month)d月上旬") % given
    return _("%(month)d月中旬") % given if day.day <= 20 else _("%(month)d月下旬") % given
