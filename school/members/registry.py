"""What apps above add: effects of role grants, and activity that is no page request."""

from collections.abc import Callable
from datetime import datetime

from school.members.models import RoleGrant

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
