"""A node's 学习情况: the one object behind the screen, its export and its filing."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.conf import settings
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from school.core import clock
from school.core.wording import hours as hours_text
from school.members.models import Branch, Member, Membership, MemberStanding
from school.members.selectors.tree import children_on
from school.plans.models import PlanItem, StudyPlan
from school.plans.rules import Counts, Figures, LightLimits, figures, light
from school.plans.selectors.counts import member_states, node_counts, trend
from school.plans.selectors.plans import plans_at
from school.plans.selectors.year import nearest, results_of, targets_of
from school.study.models import HourEntry, StudyDay
from school.study.rules.hours import stepped
from school.study.selectors.disputes import in_dispute
from school.study.selectors.rules import rule_on

ALL, DONE, OPEN, OVERDUE, EXEMPT = "all", "done", "open", "overdue", "exempt"
FILTERS = (ALL, DONE, OPEN, OVERDUE, EXEMPT)


@dataclass(frozen=True)
class PersonRow:
    """One member of a branch on a day. Credits in hundredths of 学时."""

    member_id: int
    name: str
    staff_number: str
    state: str
    tone: str
    done: int = 0
    total: int = 0
    got: int = 0
    due: int | None = None
    last_on: date | None = None
    figures: Figures | None = None
    outside: str = ""
    # All of the year, whether it counts for a target or not.
    online: int = 0
    offline: int = 0
    disputed: bool = False

    @property
    def hours(self) -> str:
        """18.5/32, or 18.5 when nothing is asked."""
        return (
            f"{hours_text(self.got)}/{hours_text(self.due)}" if self.due else hours_text(self.got)
        )


@dataclass(frozen=True)
class ChildRow:
    """One child of a node: the same figures, its light and its way so far."""

    branch: Branch | None
    name: str
    figures: Figures
    light: str
    trend: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    """What a node's page shows; ``people`` for a leaf, ``children`` for a node with branches."""

    node: Branch
    plan: StudyPlan | None
    plans: list[StudyPlan]
    day: date
    taken_at: datetime
    filter: str
    figures: Figures | None = None
    light: str = ""
    is_leaf: bool = True
    people: list[PersonRow] = field(default_factory=list)
    others: list[PersonRow] = field(default_factory=list)
    children: list[ChildRow] = field(default_factory=list)
    all_rows: int = 0

    @property
    def rows(self) -> list[PersonRow] | list[ChildRow]:
        """The rows after the filter."""
        return self.people if self.is_leaf else self.children

    @property
    def emptiness(self) -> str:
        """Why there are no rows: ``no-plan``, ``nobody``, ``all-done``, ``no-match`` or ""."""
        if self.plan is None:
            return "no-plan"
        if not self.all_rows:
            return "nobody"
        if self.rows:
            return ""
        done = self.figures and self.figures.due and not self.figures.open
        return "all-done" if done and self.filter in (OPEN, OVERDUE) else "no-match"


def limits() -> LightLimits:
    """The host's limits of the lights."""
    return LightLimits(
        normal=round(settings.SCHOOL_LIGHT_NORMAL * 100),
        slow=round(settings.SCHOOL_LIGHT_SLOW * 100),
        start_share=round(settings.SCHOOL_LIGHT_START_SHARE * 100),
    )


def light_of(shown: Figures, plan: StudyPlan, day: date) -> str:
    """The light of some figures of a plan on a day."""
    return light(
        done=shown.done,
        due=shown.due,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        day=day,
        limits=limits(),
    )


def choose_plan(plans: list[StudyPlan], day: date, wanted: int | None) -> StudyPlan | None:
    """The plan asked for, else the running one with the nearest deadline, else the last one."""
    for plan in plans:
        if plan.pk == wanted:
            return plan
    running = [p for p in plans if p.starts_on <= day <= p.ends_on]
    begun = [p for p in plans if p.starts_on <= day]
    if running:
        return running[0]
    return (begun or plans or [None])[-1]


def board(
    node: Branch, *, day: date, plan_id: int | None = None, filter: str = ALL, rows: bool = True
) -> Board:
    """The board of a node for a plan as of a day, with its rows filtered (or without rows)."""
    plans = list(plans_at(node))
    plan = choose_plan(plans, day, plan_id)
    shown = Board(node, plan, plans, day, clock.now(), filter)
    children = list(children_on(node, day)) if rows else []
    shown = replace(shown, is_leaf=not children)
    if plan is None:
        return replace(shown, people=[], all_rows=0)
    counts = node_counts(node, plan, day)
    total = figures(counts.total, ends_on=plan.ends_on, day=day)
    shown = replace(shown, figures=total, light=light_of(total, plan, day))
    if not rows:
        return shown
    children += _ended_children(children, counts.children)
    shown = replace(shown, is_leaf=not children)
    if children:
        below = child_rows(children, counts.children, counts.own, plan, day)
        kept = [row for row in below if _child_matches(row, filter)]
        return replace(shown, children=kept, all_rows=total.due + total.exempt)
    people = person_rows(node, plan, day)
    kept = [row for row in people if _person_matches(row, filter)]
    others = other_rows(node, day, {row.member_id for row in people}) if filter == ALL else []
    return replace(shown, people=kept, others=others, all_rows=len(people))


def _ended_children(children: list[Branch], counts: dict[int, Counts]) -> list[Branch]:
    """Branches dissolved before the day that a plan which had ended still counts."""
    known = {child.pk for child in children}
    gone = [pk for pk, held in counts.items() if pk not in known and (held.due or held.exempt)]
    return list(Branch.objects.filter(pk__in=gone).order_by("path")) if gone else []


def _child_matches(row: ChildRow, wanted: str) -> bool:
    return {
        ALL: True,
        DONE: bool(row.figures.done),
        OPEN: bool(row.figures.open),
        OVERDUE: bool(row.figures.overdue),
        EXEMPT: bool(row.figures.exempt),
    }[wanted]


def _person_matches(row: PersonRow, wanted: str) -> bool:
    shown = row.figures
    return {
        ALL: True,
        DONE: bool(shown and shown.done),
        OPEN: bool(shown and shown.open),
        OVERDUE: bool(shown and shown.overdue),
        EXEMPT: bool(shown and shown.exempt),
    }[wanted]


def child_rows(
    children: list[Branch], counts: dict[int, Counts], own: Counts, plan: StudyPlan, day: date
) -> list[ChildRow]:
    """Rows of a node's children, in the order of the tree; 本级 last when it has members."""
    points = trend([child.pk for child in children], plan, day)
    rows = []
    for child in children:
        shown = figures(counts.get(child.pk, Counts()), ends_on=plan.ends_on, day=day)
        months = [c.on_time + c.late for c in points.get(child.pk, []) if c.due]
        ended = child.dissolved_on is not None and child.dissolved_on <= day
        name = _("%(name)s（已撤销）") % {"name": child.short_name} if ended else child.short_name
        rows.append(ChildRow(child, name, shown, light_of(shown, plan, day), months))
    if own.due or own.exempt:
        shown = figures(own, ends_on=plan.ends_on, day=day)
        rows.append(ChildRow(None, _("本级"), shown, light_of(shown, plan, day)))
    return rows


def person_rows(node: Branch, plan: StudyPlan, day: date, *, study: bool = True) -> list[PersonRow]:
    """Members a branch itself counts, overdue first, then open, done, 免学.

    Three queries, and five more for hours, what of them is disputed and last day (``study``).
    """
    counts = member_states(node, plan, day)
    required = {
        row.pk: row
        for row in PlanItem.objects.filter(plan=plan, required=True)
        if row.added_on is None or row.added_on <= day
    }
    people = {m.pk: m for m in Member.objects.filter(pk__in=counts).only("name", "staff_number")}
    studied = _study_of(list(counts), day) if study else {}
    disputed = in_dispute(list(counts)) if study else set()
    rows = []
    for pk, states in counts.items():
        shown = figures(states[None], ends_on=plan.ends_on, day=day)
        done = sum(1 for item in required if _is_done(states.get(item)))
        # A withdrawn item stays only for those who had finished it.
        total = sum(
            1
            for item, row in required.items()
            if _is_done(states.get(item)) or row.withdrawn_on is None or row.withdrawn_on > day
        )
        tone, state = person_state(shown)
        got, due, last_on, online, offline = studied.get(pk, (0, None, None, 0, 0))
        rows.append(
            PersonRow(
                pk,
                people[pk].name,
                people[pk].staff_number,
                state,
                tone,
                done=total if shown.done else done,
                total=total,
                got=got,
                due=due,
                last_on=last_on,
                figures=shown,
                online=online,
                offline=offline,
                disputed=pk in disputed,
            )
        )
    return sorted(rows, key=_person_order)


def _is_done(counts: Counts | None) -> bool:
    return bool(counts and (counts.on_time or counts.late))


def _person_order(row: PersonRow) -> tuple:
    shown = row.figures
    rank = 0 if shown.overdue else 1 if shown.untouched else 2 if shown.studying else 3
    return (4 if shown.exempt else rank, row.done, row.staff_number)


def person_state(shown: Figures) -> tuple[str, str]:
    """(tone, words) of one member's figures."""
    if shown.exempt:
        return "plain", _("免学")
    if shown.on_time:
        return "done", _("按期完成")
    if shown.late:
        return "done", _("逾期完成")
    if shown.overdue:
        return "late", _("逾期")
    if shown.studying:
        return "info", _("学习中")
    return "plain", _("未开始")


Study = tuple[int, int | None, date | None, int, int]


def _study_of(member_ids: list[int], day: date) -> dict[int, Study]:
    """(credit that counts, due, last day of study, online, offline) of each. Four queries.

    Where nothing is asked the whole year counts, in the same steps as on the member's own page.
    """
    credit: dict[tuple[int, int], dict[str, int]] = {}
    last: dict[int, date] = {}
    ledger = HourEntry.objects.filter(member_id__in=member_ids, studied_on__lte=day)
    for member, year, source, total, at in (
        ledger.order_by()
        .values_list("member_id", "counts_for_year", "source")
        .annotate(total=Sum("credit"), at=Max("studied_on"))
    ):
        credit.setdefault((member, year), {})[source] = total
        last[member] = max(at, last.get(member, at))
    days = StudyDay.objects.filter(member_id__in=member_ids, day__lte=day)
    for member, at in days.order_by().values_list("member_id").annotate(Max("day")):
        last[member] = max(at, last.get(member, at))
    results = results_of(targets_of(member_ids, [day.year], day), credit, day)
    rule = rule_on(day)
    found = {}
    for pk in member_ids:
        mine = results.get((pk, day.year))
        shown = nearest(mine) if mine else None
        sources = credit.get((pk, day.year), {})
        offline = sum(each for source, each in sources.items() if source in HourEntry.OFFLINE)
        both = sum(sources.values())
        got = shown.got if shown else stepped(both, rule.step if rule else 1)
        found[pk] = (got, shown.due if shown else None, last.get(pk), both - offline, offline)
    return found


def other_rows(node: Branch, day: date, counted: set[int]) -> list[PersonRow]:
    """Who is listed at a branch outside its figures: 兼, and home members who are not counted."""
    rows = []
    memberships = (
        Membership.objects.on(day)
        .filter(branch=node)
        .exclude(kind=Membership.Kind.HOME, member_id__in=counted)
        .select_related("member")
        .order_by("kind", "member__staff_number")
    )
    memberships = list(memberships)
    at_home = [m.member_id for m in memberships if m.kind == Membership.Kind.HOME]
    held = MemberStanding.objects.on(day).filter(member_id__in=at_home) if at_home else ()
    standings = {standing.member_id: standing for standing in held}
    for each in memberships:
        attached = each.kind == Membership.Kind.ATTACHED
        rows.append(
            PersonRow(
                each.member_id,
                each.member.name,
                each.member.staff_number,
                "",
                "plain",
                outside=_("兼") if attached else _why_outside(standings.get(each.member_id)),
            )
        )
    return rows


def _why_outside(standing: MemberStanding | None) -> str:
    if standing is None:
        return _("未登记类别")
    if standing.state != MemberStanding.State.NORMAL:
        return standing.get_state_display()
    if standing.kind not in settings.SCHOOL_COUNTED_KINDS:
        return standing.get_kind_display()
    return _("不在学习对象内")
