"""The second step of a sign-in: an authenticator app, passkeys, recovery codes (django-allauth)."""

from django.conf import settings
from django.http import HttpRequest

from school.members.permissions import scope_for

ENROLMENT = "/me/security/second-step/"
PAGES = ("/me/security/",)
DONE = "second_step"


def is_asked_of(member) -> bool:
    """Whether a role held today must have a second step."""
    asked = settings.SIGN_IN_SECOND_STEP_ROLES
    return bool(asked) and bool(scope_for(member).role_names & set(asked))


def is_owed(request: HttpRequest) -> bool:
    """Whether this session has to set a second step up before it may go on."""
    if not settings.SIGN_IN_SECOND_STEP_ROLES or request.session.get(DONE):
        return False
    return is_asked_of(request.user)
