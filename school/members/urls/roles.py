"""Addresses of roles outside the admin."""

from django.urls import path

from school.members.views import roles

urlpatterns = [
    path("me/roles/", roles.own_roles, name="own_roles"),
    path("branch/<int:branch_id>/roles/", roles.branch_roles, name="branch_roles"),
]
