"""Celery tasks of members: one service call each."""

from celery import shared_task

from school.members.services import grants, roster_exports, rosters, sessions, throttle


@shared_task
def follow_grant_dates() -> int:
    return grants.follow_dates()


@shared_task
def sweep_rosters() -> int:
    """End imports and exports nobody came back for, and remove their files."""
    return rosters.sweep_imports() + roster_exports.sweep_exports()


@shared_task
def sweep_sign_in() -> int:
    """Forget failures that slow nobody any more, and sessions long over."""
    return throttle.sweep() + sessions.sweep()
