"""The way out to 企业微信 and the way back (django-allauth's views)."""

from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from django.http import HttpRequest

from school.members.wecom.client import WeComClient


class WeComAdapter(OAuth2Adapter):
    """The vendor has no token of a person: the application's own and the code say who it is."""

    provider_id = "wecom"
    access_token_url = ""

    @property
    def authorize_url(self) -> str:
        """The page with the code to scan."""
        return self.get_provider().app.settings["login_url"]

    def get_client(self, request: HttpRequest, app: SocialApp) -> WeComClient:
        return WeComClient(request, app, self.get_callback_url(request, app))

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: WeComClient, pkce_code_verifier=None
    ) -> dict:
        """Who it is; the token itself stays with the client."""
        person = client.person(request.GET["code"])
        if not person:
            raise OAuth2Error("企业微信 named nobody")
        return {"access_token": "", "person": person}

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs
    ) -> SocialLogin:
        person = kwargs["response"]["person"]
        return self.get_provider().sociallogin_from_response(request, person)


oauth2_login = OAuth2LoginView.adapter_view(WeComAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(WeComAdapter)
