"""How django-allauth knows 企业微信."""

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider

from school.members.wecom.views import WeComAdapter


class WeComProvider(OAuth2Provider):
    id = "wecom"
    name = "企业微信"
    account_class = ProviderAccount
    oauth2_adapter_class = WeComAdapter

    def extract_uid(self, data: dict) -> str:
        """Whoever is no colleague has an ``openid`` only, and no member is called by it."""
        return data.get("userid") or data["openid"]


provider_classes = [WeComProvider]
