"""The doors the sign-in page offers beside its own form."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from school.members.registry import Door


def switched_on(request: HttpRequest, target: str) -> list[Door]:
    """One door for each provider of this host."""
    return [
        Door(
            label=_("用%(name)s登录") % {"name": door["name"]},
            url=f"{_address(door['id'])}?{urlencode({'next': target})}",
        )
        for door in settings.SIGN_IN_DOORS
    ]


def _address(provider: str) -> str:
    if provider == "openid_connect":
        return reverse("openid_connect_login", kwargs={"provider_id": "oidc"})
    return reverse(f"{provider}_login")
