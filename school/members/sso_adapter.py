"""Other doors (django-allauth): whoever a provider vouches for must stand in the roster."""

from collections.abc import Iterator

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.shortcuts import render
from django.utils.translation import gettext as _

from school.core import audit
from school.core.addresses import own_path
from school.members.backends import find_member
from school.members.models import Member
from school.members.services import signin
from school.members.views.signin import admitted

OIDC = "oidc"


class RosterAdapter(DefaultSocialAccountAdapter):
    """Finds the member by the claim each time; keeps no accounts, no tokens, makes nobody."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        return False

    def is_auto_signup_allowed(self, request, sociallogin) -> bool:
        return False

    def on_authentication_error(self, request, provider, **about) -> None:
        """The provider said no, or something nobody asked for came back: the school's own page."""
        raise ImmediateHttpResponse(render(request, "members/door_failed.html", status=403))

    def pre_social_login(self, request, sociallogin) -> None:
        """Goes through the school's own door, second step and all, whatever allauth would do."""
        provider = sociallogin.account.provider
        member = _member_of(provider, sociallogin.account.extra_data)
        if member is None:
            audit.record("members.sign_in_refused", request=request, fields={"door": provider})
            message = _("花名册里没有对应的人员，或账号已停用。请联系所在支部核对工号和手机号。")
            refused = render(request, "core/refused.html", {"message": message}, status=403)
            raise ImmediateHttpResponse(refused)
        member.backend = signin.OWN_BACKEND
        done = signin.enter(request=request, member=member, door=provider)
        target = own_path(request, sociallogin.get_redirect_url(request))
        raise ImmediateHttpResponse(admitted(request, done, target))


def _member_of(provider: str, told: dict) -> Member | None:
    """The member whom the claims of a provider name; a closed account is nobody's."""
    for value in _values(provider, told):
        member = find_member(value)
        if member is not None:
            return member if member.is_active else None
    return None


def _values(provider: str, told: dict) -> Iterator[str]:
    known = "openid_connect" if provider == OIDC else provider
    claims = next(door["claim"] for door in settings.SIGN_IN_DOORS if door["id"] == known)
    for part in (told.get("userinfo"), told.get("id_token"), told):
        for claim in claims.split():
            value = (part or {}).get(claim)
            if isinstance(value, str) and value:
                yield value.removeprefix("+86").lstrip("-").strip()
