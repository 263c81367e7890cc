"""Recount every plan from the facts and report what had drifted."""

from typing import Any

from django.core.management.base import BaseCommand

from school.plans.models import CountCheckpoint, CountDelta, StudyPlan
from school.plans.services.counting import rebuild_checkpoints, settle_plan


class Command(BaseCommand):
    help = "Recount all plans from completions and memberships; prints how many rows had to change."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--plan", type=int, help="only this plan")
        parser.add_argument(
            "--from-scratch",
            action="store_true",
            help="throw the deltas away first; forgets when each change was recorded",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plans = StudyPlan.objects.exclude(state=StudyPlan.State.DRAFT).select_related("audience")
        if options["plan"]:
            plans = plans.filter(pk=options["plan"])
        plans = list(plans)
        if options["from_scratch"]:
            CountDelta.objects.filter(plan__in=plans).delete()
        changed = 0
        for number, plan in enumerate(plans, start=1):
            appended = settle_plan(plan=plan)
            changed += appended
            self.stdout.write(f"[{number}/{len(plans)}] {plan.title}: {appended}")
        folded = rebuild_checkpoints(plan_ids=[plan.pk for plan in plans])
        checkpoints = CountCheckpoint.objects.filter(plan__in=plans).count()
        self.stdout.write(
            f"{len(plans)} plans, {changed} rows appended, {folded} folded, "
            f"{checkpoints} checkpoints"
        )
