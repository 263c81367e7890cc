"""What apps above add to a lesson's page and to the home page (a quiz tab, a newest result …)."""

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
HomePanel = Callable[[Member], Panel | None]

_lesson_panels: list[LessonPanel] = []
_home_panels: list[HomePanel] = []


def register_lesson_panel(panel: LessonPanel) -> LessonPanel:
    """Add a tab to lesson pages: ``(page, member) -> Panel | None`` (None: not on this page)."""
    _lesson_panels.append(panel)
    return panel


def register_home_panel(panel: HomePanel) -> HomePanel:
    """Add a panel to the member's home page: ``(member) -> Panel | None``."""
    _home_panels.append(panel)
    return panel


def lesson_panels(page: Page, member: Member) -> list[Panel]:
    """Panels of one lesson for one member, in order of registration."""
    return [panel for make in _lesson_panels if (panel := make(page, member)) is not None]


def home_panels(member: Member) -> list[Panel]:
    """Panels of the home page for one member."""
    return [panel for make in _home_panels if (panel := make(member)) is not None]
