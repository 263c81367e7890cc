"""What apps above add to a lesson's page (a quiz tab)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from wagtail.models import Page

from school.members.models import Member


@dataclass(frozen=True)
class Panel:
    """One panel: a tab label, the partial that draws it and what the partial needs.

    ``note`` stands beside the label (for example 已通过).
    """

    name: str
    label: str
    template: str
    context: dict = field(default_factory=dict)
    note: str = ""


LessonPanel = Callable[[Page, Member], Panel | None]

_lesson_panels: list[LessonPanel] = []


def register_lesson_panel(panel: LessonPanel) -> LessonPanel:
    """Add a tab to lesson pages: ``(page, member) -> Panel | None`` (None: not on this page)."""
    _lesson_panels.append(panel)
    return panel


def lesson_panels(page: Page, member: Member) -> list[Panel]:
    """Panels of one lesson for one member, in order of registration."""
    return [panel for make in _lesson_panels if (panel := make(page, member)) is not None]
