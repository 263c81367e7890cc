"""Addresses of full personal numbers and of the own data."""

from django.urls import path

from school.members.views import privacy

urlpatterns = [
    path("branch/people/<int:member_id>/reveal/", privacy.reveal, name="reveal"),
    path("me/data/", privacy.own_data, name="own_data"),
    path("me/notices/", privacy.notices, name="notices"),
]
