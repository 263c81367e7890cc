"""Reads, one module per screen."""

from courses.selectors.lessons import lesson_for_video

__all__ = ["lesson_for_video"]
