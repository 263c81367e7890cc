"""Filings as their screens need them: what would be filed, who has filed, what changed since."""

from dataclasses import asdict, dataclass, field
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Branch
from school.members.selectors.tree import children_on
from school.plans.models import StudyPlan
from school.plans.rules import Figures, figures
from school.plans.selectors.counts import node_counts
from school.plans.selectors.plans import plans_at
from school.reports.models import Filing, FilingRow, FilingSnapshot
from school.reports.rules import due_on, period_end, period_start, previous_start
from school.reports.selectors.board import person_rows

Kind = FilingRow.Kind
FIGURES = tuple(Figures.__dataclass_fields__)
TOLD = (Filing.State.FILED, Filing.State.CONFIRMED)


@dataclass(frozen=True)
class Line:
    """One row to file: as ``FilingRow``, before it is frozen."""

    kind: str
    plan: StudyPlan
    label: str
    figures: Figures
    branch_id: int | None = None
    member_id: int | None = None


@dataclass(frozen=True)
class ChildState:
    """One child of a node in a period: filed or not, and with what."""

    branch: Branch
    filing: Filing | None
    snapshot: FilingSnapshot | None

    @property
    def told(self) -> bool:
        """Whether its numbers stand (filed or confirmed)."""
        return bool(self.filing and self.filing.state in TOLD)

    @property
    def tone(self) -> str:
        """Tone of its state."""
        if self.filing is None or self.filing.state == Filing.State.OPEN:
            return "warn"
        return {"returned": "late", "filed": "info", "confirmed": "done"}[self.filing.state]

    @property
    def label(self) -> str:
        """Its state in words."""
        return self.filing.get_state_display() if self.filing else _("待上报")


@dataclass(frozen=True)
class Draft:
    """What a node would file now."""

    as_of: date
    lines: list[Line]
    children: list[ChildState] = field(default_factory=list)

    @property
    def totals(self) -> list[Line]:
        """One line a plan."""
        return [line for line in self.lines if line.kind == Kind.TOTAL]

    @property
    def missing(self) -> list[ChildState]:
        """Children who have not filed."""
        return [child for child in self.children if not child.told]


def draft(node: Branch, kind: str, start: date, *, lines: bool = True) -> Draft:
    """What a node would file: a leaf from its counters, a node above from what was filed to it.

    Args:
        lines: False where what was filed is shown instead; spares five statements a plan.
    """
    as_of = min(period_end(kind, start), clock.today())
    children = list(children_on(node, as_of))
    if not children:
        return Draft(as_of, _leaf_lines(node, start, as_of) if lines else [])
    states = child_states(children, kind, start)
    return Draft(as_of, _node_lines(node, states, start, as_of) if lines else [], states)


def _plans(node: Branch, start: date, as_of: date) -> list[StudyPlan]:
    return [
        plan
        for plan in plans_at(node)
        if plan.starts_on <= as_of and (plan.closes_on is None or plan.closes_on >= start)
    ]


def _leaf_lines(node: Branch, start: date, as_of: date) -> list[Line]:
    lines = []
    for plan in _plans(node, start, as_of):
        counts = node_counts(node, plan, as_of).total
        if not (counts.due or counts.exempt):
            continue
        total = figures(counts, ends_on=plan.ends_on, day=as_of)
        lines.append(Line(Kind.TOTAL, plan, node.short_name, total, branch_id=node.pk))
        lines += [
            Line(Kind.MEMBER, plan, row.name, row.figures, member_id=row.member_id)
            for row in person_rows(node, plan, as_of, study=False)
        ]
    return lines


def _node_lines(node: Branch, states: list[ChildState], start: date, as_of: date) -> list[Line]:
    """Sums of what the children filed, and the node's own members, plan by plan."""
    told = [state for state in states if state.told and state.snapshot]
    rows = FilingRow.objects.filter(
        snapshot__in=[state.snapshot.pk for state in told], kind=Kind.TOTAL
    ).select_related("plan", "snapshot__filing__branch")
    by_plan: dict[StudyPlan, list[Line]] = {plan: [] for plan in _plans(node, start, as_of)}
    for row in rows:
        by_plan.setdefault(row.plan, []).append(
            Line(
                Kind.BRANCH,
                row.plan,
                row.label,
                figures_of(row),
                branch_id=row.snapshot.filing.branch_id,
            )
        )
    lines: list[Line] = []
    for plan, below in by_plan.items():
        own = node_counts(node, plan, as_of).own
        if own.due or own.exempt:
            shown = figures(own, ends_on=plan.ends_on, day=as_of)
            below.append(Line(Kind.BRANCH, plan, _("本级"), shown, branch_id=node.pk))
        if below:
            total = add_up([line.figures for line in below])
            lines.append(Line(Kind.TOTAL, plan, node.short_name, total, branch_id=node.pk))
            lines += below
    return lines


def add_up(all_figures: list[Figures]) -> Figures:
    """Figures of several sets of members together."""
    return Figures(*(sum(getattr(f, name) for f in all_figures) for name in FIGURES))


def figures_of(row: FilingRow) -> Figures:
    """The frozen figures of a row."""
    return Figures(**row.figures)


def frozen(shown: Figures) -> dict[str, int]:
    """Figures as a row keeps them."""
    return asdict(shown)


def child_states(children: list[Branch], kind: str, start: date) -> list[ChildState]:
    """Each child with its filing of a period and the newest snapshot. Two queries."""
    filings = {
        f.branch_id: f
        for f in Filing.objects.filter(branch__in=children, period=kind, starts_on=start)
    }
    newest: dict[int, FilingSnapshot] = {}
    for snapshot in FilingSnapshot.objects.filter(filing__in=filings.values()).order_by("attempt"):
        newest[snapshot.filing_id] = snapshot
    return [
        ChildState(child, filing, newest.get(filing.pk) if filing else None)
        for child in children
        for filing in [filings.get(child.pk)]
    ]


@dataclass(frozen=True)
class Drift:
    """How a plan's figures of a filed period differ now (上报后变动)."""

    plan: StudyPlan
    filed: Figures
    now: Figures

    @property
    def changes(self) -> list[tuple[str, int, int]]:
        """(what, filed, now) where they differ."""
        names = {
            "due": _("应学"),
            "exempt": _("免学"),
            "done": _("已完成"),
            "open": _("未完成"),
            "overdue": _("其中逾期"),
        }
        return [
            (label, getattr(self.filed, name), getattr(self.now, name))
            for name, label in names.items()
            if getattr(self.filed, name) != getattr(self.now, name)
        ]


def drift(node: Branch, snapshot: FilingSnapshot) -> list[Drift]:
    """Plans whose figures as of the filed day are different by what is known now."""
    found = []
    for row in snapshot.rows.filter(kind=Kind.TOTAL).select_related("plan"):
        counts = node_counts(node, row.plan, snapshot.as_of).total
        now = figures(counts, ends_on=row.plan.ends_on, day=snapshot.as_of)
        each = Drift(row.plan, figures_of(row), now)
        if each.changes:
            found.append(each)
    return found


@dataclass(frozen=True)
class Duty:
    """The period a branch should file next."""

    starts_on: date
    due_on: date
    days_left: int
    state: str

    @property
    def told(self) -> bool:
        """Nothing to do any more."""
        return self.state in TOLD


def next_duty(node: Branch, kind: str = Filing.Period.MONTH) -> Duty:
    """Last month until it is filed or its days of grace are over, then this month. One query."""
    today = clock.today()
    this = period_start(kind, today)
    last = previous_start(kind, this)
    known = dict(
        Filing.objects.filter(branch=node, period=kind, starts_on__in=[this, last]).values_list(
            "starts_on", "state"
        )
    )
    grace = settings.SCHOOL_FILING_GRACE_DAYS
    late = due_on(kind, last, grace)
    pending = known.get(last, Filing.State.OPEN) not in TOLD
    start, end = (last, late) if pending and today <= late else (this, due_on(kind, this, grace))
    state = known.get(start, Filing.State.OPEN)
    return Duty(start, end, (end - today).days, state)
