"""What apps above add: effects of role grants, and activity that is no page request."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from school.members.models import RoleGrant
from school.members.selectors.tree_changes import TreeChange

GrantEffect = Callable[[RoleGrant, bool], None]

_effects: list[GrantEffect] = []


def register_grant_effect(effect: GrantEffect) -> GrantEffect:
    """Add an effect ``(grant, active)``; run by the grant service inside its transaction."""
    _effects.append(effect)
    return effect


def apply_grant_effects(grant: RoleGrant, *, active: bool) -> None:
    """Run all effects of a grant that began (``active``) or ended."""
    for effect in _effects:
        effect(grant, active)


_role_permissions: dict[str, set[str]] = {}


def register_role_permissions(role: str, *names: str) -> None:
    """Django permissions (``app.codename``) of an app above that a role's group carries."""
    _role_permissions.setdefault(role, set()).update(names)


def role_permissions(role: str) -> list[str]:
    """What apps above have registered for a role."""
    return sorted(_role_permissions.get(role, ()))


ActivitySource = Callable[[int, datetime, str], bool]

_activity: list[ActivitySource] = []


def register_activity(source: ActivitySource) -> ActivitySource:
    """Add a source ``(member_id, since, user agent)`` of activity that makes no page request.

    Asked only when a session would end for being idle: whoever watches a film works.
    """
    _activity.append(source)
    return source


def was_active(member_id: int, since: datetime, agent: str) -> bool:
    """Whether any source has seen this member on this kind of browser since a moment."""
    return any(source(member_id, since, agent) for source in _activity)


@dataclass(frozen=True)
class Door:
    """Another way in that the sign-in page offers: its words and where its form is sent."""

    label: str
    url: str


DoorSource = Callable[[HttpRequest, str], list[Door]]

_doors: list[DoorSource] = []


def register_doors(source: DoorSource) -> DoorSource:
    """Add ways in ``(request, target) -> doors``; a host that switches none on has none."""
    _doors.append(source)
    return source


def doors(request: HttpRequest, target: str) -> list[Door]:
    """All other ways in, each leading on to a target afterwards."""
    return [door for source in _doors for door in source(request, target)]


TreeNotes = Callable[[TreeChange], Iterable[str]]

_tree_notes: list[TreeNotes] = []


def register_tree_notes(source: TreeNotes) -> TreeNotes:
    """Add a source of sentences on what a change of the branch tree does to an app's figures."""
    _tree_notes.append(source)
    return source


def tree_notes(change: TreeChange) -> list[str]:
    """What all sources have to say on a change, for its preview."""
    return [line for source in _tree_notes for line in source(change)]
