"""Celery tasks: one service call each."""

from celery import shared_task

from quizzes.services import attempts


@shared_task
def close_overdue_attempts() -> int:
    return attempts.close_overdue_attempts()
