"""What is asked of 企业微信: where to send a browser, and whose code it brings back."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.core.cache import cache
from django.http import HttpRequest
from requests import RequestException

from school.core.crypto import Unreadable, decrypt, encrypt

# Error codes of a token that ran out or was called in early: a new one is to be asked for.
TOKEN_OVER = frozenset({40014, 42001})
# A token is given up this long before it ends, for what is on its way with it.
SPARE_SECONDS = 300


@dataclass
class WeComClient:
    """One application of one corporation; the names ``state`` and the methods are allauth's."""

    request: HttpRequest
    app: SocialApp
    callback_url: str
    state: str | None = None

    def get_redirect_url(self, authorization_url: str, scope: list, extra_params: dict) -> str:
        """The vendor's page with the code to scan; inside 企业微信 the one that asks nothing."""
        about = {"appid": self.app.client_id, "agentid": self.app.settings["agent_id"]}
        back = {"redirect_uri": self.callback_url, "state": self.state or ""}
        if "wxwork" not in self.request.headers.get("User-Agent", "").lower():
            return f"{authorization_url}?{urlencode({'login_type': 'CorpApp', **about, **back})}"
        asked = {**about, **back, "response_type": "code", "scope": "snsapi_base"}
        return f"{self.app.settings['inside_url']}?{urlencode(asked)}#wechat_redirect"

    def token(self, *, anew: bool = False) -> str:
        """The application's token; asked for once in its two hours, as the vendor demands.

        Raises:
            OAuth2Error: the vendor refuses or cannot be reached.
        """
        if not anew and (kept := self._kept()):
            return kept
        told = self._ask("gettoken", corpid=self.app.client_id, corpsecret=self.app.secret)
        _refuse_errors(told)
        token = told.get("access_token")
        if not isinstance(token, str) or not token:
            raise OAuth2Error("企业微信 gave no token")
        seconds = int(told.get("expires_in") or 0) - SPARE_SECONDS
        if seconds > 0:
            cache.set(self._name, encrypt(token, bound_to=self._name), seconds)
        return token

    def person(self, code: str) -> dict:
        """Who stands behind a code: ``userid`` of a colleague, ``openid`` of anybody else.

        Raises:
            OAuth2Error: the code is wrong, used or too old, or the vendor cannot be reached.
        """
        told = self._ask("auth/getuserinfo", access_token=self.token(), code=code)
        if told.get("errcode") in TOKEN_OVER:
            anew = self.token(anew=True)
            told = self._ask("auth/getuserinfo", access_token=anew, code=code)
        _refuse_errors(told)
        # Installations of a corporation's own spell these as the earlier interface did.
        told = {name.lower(): value for name, value in told.items()}
        return {name: str(told[name]) for name in ("userid", "openid") if told.get(name)}

    @property
    def _name(self) -> str:
        """Where the token is kept; another secret is another token."""
        whose = f"{self.app.client_id} {self.app.secret} {self.app.settings['api_url']}"
        return f"wecom-token-{hashlib.sha256(whose.encode()).hexdigest()}"

    def _kept(self) -> str:
        try:
            return decrypt(cache.get(self._name) or "", bound_to=self._name)
        except Unreadable:
            return ""  # the key was changed meanwhile

    def _ask(self, what: str, **about: str) -> dict:
        url = f"{self.app.settings['api_url'].rstrip('/')}/cgi-bin/{what}"
        try:
            with get_adapter().get_requests_session() as session:
                answer = session.request("GET", url, params=about)
                answer.raise_for_status()
                told = answer.json()
        except (RequestException, ValueError) as error:
            # Not chained: its text holds the address, and that the secret.
            raise OAuth2Error(f"企业微信 {what}: {type(error).__name__}") from None
        if not isinstance(told, dict):
            raise OAuth2Error(f"企业微信 {what}: no object")
        return told


def _refuse_errors(told: dict) -> None:
    if told.get("errcode"):
        raise OAuth2Error(f"企业微信: {told['errcode']}")
