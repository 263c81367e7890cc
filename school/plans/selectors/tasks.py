"""The member's task list: what is asked, by when, how far."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.core.prepared import prepared
from school.members.models import Member
from school.plans import registry
from school.plans.models import CountDelta, PlanItem, StudyPlan
from school.plans.rules import Counts, item_asked
from school.plans.selectors.counts import states_of_member
from school.plans.selectors.facts import plan_facts
from school.study.models import ItemPart, StudyItem
from school.study.selectors import Progress, progress_of

STUDY, EXAM, MAKE_UP, DONE = "study", "exam", "make-up", "done"
STATES = {STUDY: _("待学"), EXAM: _("待考"), MAKE_UP: _("补学"), DONE: _("已完成")}


@dataclass(frozen=True)
class Todo:
    """One item asked of a member. ``deadline``: the day that counts now."""

    item_id: int
    title: str
    path: str
    kind: str
    plan: str
    required: bool
    deadline: date
    days_left: int
    percent: int
    state: str
    done_on: date | None = None
    late: bool = False

    @property
    def action(self) -> str:
        """The one thing to do next."""
        if self.state == DONE:
            return _("复习")
        if self.kind == StudyItem.Kind.QUIZ:
            return _("去测验")
        return _("继续学习") if self.percent else _("开始学习")


def todo(member: Member, day: date | None = None) -> list[Todo]:
    """Everything running plans ask of a member, the nearest deadline first, done ones last.

    What a missed gathering asks to be made up stands among it. An item asked several times stands
    once, with the nearest open deadline. At most seven queries however many plans there are.
    """
    day = day or clock.today()
    states = states_of_member(member.pk, day)
    due = [plan for plan, items in states.items() if items.get(None, Counts()).due]
    plans = StudyPlan.objects.filter(pk__in=due, state=StudyPlan.State.PUBLISHED)
    found: dict[int, Todo] = {}
    entries = _entries(list(plans.select_related("audience")), day)
    missed = registry.asked_of(member.pk)
    wanted = [*(row.item for row, _ in entries), *(each.item for each in missed)]
    progress = progress_of(member.pk, wanted)
    done_on = {pk: p.completed_on for pk, p in progress.items() if p.completed_on}
    for row, plan in entries:
        facts = plan.facts
        line = next(item for item in facts.items if item.id == row.pk)
        if not item_asked(facts, line, done_on, day):
            continue
        state = states[plan.pk].get(row.pk, Counts())
        if entry := _todo(row, plan, state, progress.get(row.item_id), day):
            _keep_nearest(found, entry)
    for each in missed:
        _keep_nearest(found, _missed(each, progress.get(each.item.pk), day))
    return sorted(found.values(), key=_urgency)


def _keep_nearest(found: dict[int, Todo], entry: Todo) -> None:
    held = found.get(entry.item_id)
    if held is None or _urgency(entry) < _urgency(held):
        found[entry.item_id] = entry


def _missed(asked: registry.AskedItem, progress: Progress | None, day: date) -> Todo:
    return Todo(
        item_id=asked.item.pk,
        title=asked.item.title,
        path=asked.item.path,
        kind=asked.item.kind,
        plan=asked.reason,
        required=True,
        deadline=asked.due_on,
        days_left=(asked.due_on - day).days,
        percent=progress.percent if progress else 0,
        state=MAKE_UP,
    )


def _entries(plans: list[StudyPlan], day: date) -> list[tuple[PlanItem, StudyPlan]]:
    by_id = {plan.pk: plan for plan in plans}
    rows = list(PlanItem.objects.filter(plan__in=plans).select_related("item__current"))
    for plan, facts in zip(plans, plan_facts(plans, rows), strict=True):
        plan.facts = facts
    return [(row, by_id[row.plan_id]) for row in rows]


def _todo(
    row: PlanItem, plan: StudyPlan, state: Counts, progress: Progress | None, day: date
) -> Todo | None:
    done = bool(state.on_time or state.late)
    gone = row.item.withdrawn_at is not None
    past = day > plan.ends_on
    if not done and (gone or (plan.closes_on and day > plan.closes_on)):
        return None
    # 补学 without a last day of its own is measured against the day that was missed.
    deadline = (plan.make_up_until or plan.ends_on) if past else plan.ends_on
    if done:
        kind = DONE
    elif past:
        kind = MAKE_UP
    else:
        kind = EXAM if row.item.kind == StudyItem.Kind.QUIZ else STUDY
    return Todo(
        item_id=row.item_id,
        title=row.item.title,
        path=row.item.path,
        kind=row.item.kind,
        plan=plan.title,
        required=row.required,
        deadline=deadline,
        days_left=(deadline - day).days,
        percent=progress.percent if progress else 0,
        state=kind,
        done_on=progress.completed_on if done and progress else None,
        late=bool(state.late),
    )


def _urgency(entry: Todo) -> tuple:
    done = entry.state == DONE
    return (
        done,
        not entry.required,
        entry.deadline,
        -(entry.done_on.toordinal() if entry.done_on else 0),
        entry.title,
    )


def open_count(member_id: int, day: date) -> int:
    """How many required items are still open for a member. One query, for the frame's badge."""
    return len(_open_items(member_id, day))


@prepared
def _open_items(member_id: int, day: date) -> QuerySet:
    done = _changes(member_id, day).filter(plan_item=OuterRef("pk"))
    done = done.annotate(total=Sum(F("on_time") + F("late"))).values("total")
    planned = (
        _required_of(member_id, day)
        .filter(item__withdrawn_at=None)
        .annotate(done=Coalesce(Subquery(done), 0))
        .filter(done=0)
        .values_list("item_id", flat=True)
        .distinct()
    )
    return planned.union(*registry.asked_ids(member_id))


def plans_requiring(member_id: int, item_id: int, day: date) -> list[StudyPlan]:
    """Running plans that require an item of a member, alone or in a course. One query."""
    whole = ItemPart.objects.filter(part_id=item_id, required=True).values("whole_id")
    rows = _required_of(member_id, day).filter(Q(item_id=item_id) | Q(item_id__in=whole))
    return [row.plan for row in rows.select_related("plan")]


def requires(member_id: int, item_id: int, day: date) -> bool:
    """Whether a running plan requires an item of a member, alone or in a course. One query."""
    return bool(plans_requiring(member_id, item_id, day))


def _required_of(member_id: int, day: date) -> QuerySet[PlanItem]:
    """What running plans require of a member on a day, done or not."""
    due = _changes(member_id, day).filter(plan_item=None)
    return (
        PlanItem.objects.filter(
            Q(withdrawn_on=None) | Q(withdrawn_on__gt=day),
            Q(added_on=None) | Q(added_on__lte=day),
            Q(plan__make_up_until=None) | Q(plan__make_up_until__gte=day),
            required=True,
            plan__state=StudyPlan.State.PUBLISHED,
            plan__starts_on__lte=day,
        )
        .annotate(asked=Subquery(due.annotate(total=Sum("due")).values("total")))
        .filter(asked__gt=0)
        .order_by()
    )


def _changes(member_id: int, day: date) -> QuerySet:
    """A member's changes to a plan's figures up to a day, to be summed in a subquery."""
    return (
        CountDelta.objects.filter(member_id=member_id, day__lte=day, plan_id=OuterRef("plan_id"))
        .order_by()
        .values("member_id")
    )
