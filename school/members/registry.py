"""What apps above do when a role is granted or ends (Wagtail groups, page permissions …)."""

from collections.abc import Callable

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
