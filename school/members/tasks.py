"""Celery tasks of members: one service call each."""

from celery import shared_task

from school.members.services import grants


@shared_task
def follow_grant_dates() -> int:
    return grants.follow_dates()
