"""The place of who follows up a branch."""

from django.http import HttpRequest

from school.members.permissions import scope_for


def has_board(request: HttpRequest) -> bool:
    """Whether the signed-in person oversees a branch."""
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated and scope_for(user).has_board)
