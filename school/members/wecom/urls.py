"""Addresses of the door: ``wecom/login/`` and its ``callback/``."""

from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

from school.members.wecom.provider import WeComProvider

urlpatterns = default_urlpatterns(WeComProvider)
