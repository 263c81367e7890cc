"""Pure rules of plans. The one place where 应学, 已完成, 未完成 and 其中逾期 are defined.

Boards, task lists, filings and exports read what comes from here (docs/decisions/09-counters.md).
"""

from school.plans.rules.counts import (
    MEASURES,
    NOBODY,
    Counts,
    Figures,
    LightLimits,
    figures,
    light,
    percent,
)
from school.plans.rules.facts import (
    AudienceLine,
    Begun,
    Condition,
    Credit,
    Done,
    Line,
    MemberFacts,
    PlanFacts,
    PlanLine,
    Span,
    Target,
    included,
)
from school.plans.rules.months import month_before, month_end, month_start
from school.plans.rules.timeline import (
    Key,
    asked_at,
    credited,
    hours_state,
    item_asked,
    state_on,
    timeline,
)

__all__ = [
    "MEASURES",
    "NOBODY",
    "AudienceLine",
    "Begun",
    "Condition",
    "Counts",
    "Credit",
    "Done",
    "Figures",
    "Key",
    "LightLimits",
    "Line",
    "MemberFacts",
    "PlanFacts",
    "PlanLine",
    "Span",
    "Target",
    "asked_at",
    "credited",
    "figures",
    "hours_state",
    "included",
    "item_asked",
    "light",
    "month_before",
    "month_end",
    "month_start",
    "percent",
    "state_on",
    "timeline",
]
