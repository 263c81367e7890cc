"""Addresses of the doors that are switched on; a host with none has none of these."""

from importlib import import_module

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include(import_module(f"{door['app']}.urls"))) for door in settings.SIGN_IN_DOORS
]
