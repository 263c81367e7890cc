"""The online party school: project package."""

from school.celery import app as celery_app

__all__ = ["celery_app"]
