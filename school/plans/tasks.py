"""Beat tasks of plans."""

from celery import shared_task

from school.plans.services.counting import fold, settle_wanted


@shared_task(name="school.plans.tasks.fold_counters")
def fold_counters() -> None:
    """Recount plans whose audience changed, then fold new deltas into checkpoints."""
    settle_wanted()
    fold()
