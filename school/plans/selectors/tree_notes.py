"""What a change of the branch tree does to the running plans' figures, for its preview."""

from collections.abc import Iterator

from django.db.models import Sum
from django.utils.translation import gettext as _

from school.core import clock
from school.members.selectors import tree_changes as changes
from school.members.selectors.tree_changes import TreeChange
from school.plans.models import CountDelta, StudyPlan
from school.plans.rules import Counts
from school.plans.selectors.counts import node_counts
from school.plans.selectors.plans import counting_plans


def plan_notes(change: TreeChange) -> Iterator[str]:
    """One sentence for each running plan that counts somebody of those who move."""
    if change.kind not in (changes.MOVED, changes.MERGED, changes.SPLIT):
        return
    for plan in counting_plans():
        moved = _moved(change, plan)
        if moved.due or moved.exempt:
            yield _(
                "《%(plan)s》：应学 %(due)d、已完成 %(done)d、免学 %(exempt)d 计入“%(new)s”"
            ) % {
                "plan": plan.title,
                "due": moved.due,
                "done": moved.on_time + moved.late,
                "exempt": moved.exempt,
                "new": change.values.get("short_name") or change.target.short_name,
            }
    if ruled := _by_branch():
        yield _("另有 %(n)d 个按党组织划定受众的计划，将在后台重新核算应学人员") % {"n": ruled}


def _moved(change: TreeChange, plan: StudyPlan) -> Counts:
    today = clock.today()
    total = _of_members([row.member_id for row in change.homes], plan)
    for placing in change.placings:
        if placing.branch.pk != change.branch.pk or change.kind == changes.MOVED:
            total += node_counts(placing.branch, plan, today).total
    return total


def _of_members(member_ids: list[int], plan: StudyPlan) -> Counts:
    sums = CountDelta.objects.filter(
        member_id__in=member_ids, plan=plan, plan_item=None, day__lte=clock.today()
    ).aggregate(**{name: Sum(name, default=0) for name in ("due", "exempt", "on_time", "late")})
    return Counts(**sums)


def _by_branch() -> int:
    rows = StudyPlan.objects.filter(
        state=StudyPlan.State.PUBLISHED, audience__rules__branch__isnull=False
    )
    return rows.distinct().count()
