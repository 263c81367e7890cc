"""Requirements that apps above add to an item (for example: its quiz must be passed).

A requirement answers for one item and one member. Coverage is built in; this registry holds the
rest. Registered from ``AppConfig.ready``; asked by ``school.study.services.completion``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from school.study.models import ItemRevision


@dataclass(frozen=True)
class Outstanding:
    """A requirement not met yet: what to do, in Chinese, and where."""

    text: str
    path: str = ""


Requirement = Callable[[ItemRevision, int, int], Outstanding | None]

_requirements: list[Requirement] = []


def register_requirement(requirement: Requirement) -> Requirement:
    """Add a check ``(revision, member_id, cycle) -> Outstanding | None`` (None: met or not asked)."""
    _requirements.append(requirement)
    return requirement


def outstanding(revision: ItemRevision, member_id: int, cycle: int) -> list[Outstanding]:
    """All registered requirements that a member has still to meet."""
    checked = (check(revision, member_id, cycle) for check in _requirements)
    return [missing for missing in checked if missing]
