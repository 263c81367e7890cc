"""Jobs and beat tasks of plans."""

from celery import shared_task
from django.utils.translation import gettext_noop

from school.core import clock
from school.core.jobs import Lease, job_kind
from school.plans.models import TargetSet
from school.plans.selectors.plans import counting_plans
from school.plans.services.counting import fold, settle_plan, settle_wanted
from school.plans.services.settling import settle_set, settle_wanted_sets
from school.plans.services.target_sets import SETTLE


@shared_task(name="school.plans.tasks.fold_counters")
def fold_counters() -> None:
    """Recount plans whose audience changed, then fold new deltas into checkpoints."""
    settle_wanted()
    fold()


@shared_task(name="school.plans.tasks.follow_targets")
def follow_targets() -> None:
    """Look again at sets of yearly targets that are marked because people changed."""
    settle_wanted_sets()


@shared_task(name="school.plans.tasks.check_targets")
def check_targets() -> None:
    """Once a day: look at everybody, so that nothing that told nobody stays behind."""
    settle_wanted_sets(everything=True)


@job_kind(SETTLE, title=gettext_noop("更新年度应修学时"))
def settle_targets(lease: Lease) -> dict:
    """Bring all targets of a set in step; or recount what a withdrawn set was part of."""
    if "recount" in lease.payload:
        return {"rows": _recount(lease.payload["recount"], lease)}
    wanted = TargetSet.objects.get(pk=lease.payload["set"])
    done = settle_set(wanted=wanted, progress=lease.progress)
    TargetSet.objects.filter(pk=wanted.pk).update(settled_at=clock.now())
    return done.as_dict()


def _recount(year: int, lease: Lease) -> int:
    plans = [plan for plan in counting_plans() if plan.ends_on.year == year]
    rows = 0
    for number, plan in enumerate(plans):

        def tell(share: float, before: int = number) -> None:
            lease.progress((before + share) / len(plans))

        rows += settle_plan(plan=plan, progress=tell)
    return rows
