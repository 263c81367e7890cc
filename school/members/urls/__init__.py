"""Addresses of people and branches, by noun."""

from django.urls import path

from school.members.urls import people, privacy, roles, rosters
from school.members.urls import signin as door
from school.members.views import (
    branches,
    codes,
    first_run,
    profile,
    signin,
)

app_name = "members"
urlpatterns = [
    *rosters.urlpatterns,
    *door.urlpatterns,
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("first-run/", first_run.first_run_step, name="first_run"),
    path("me/profile/", profile.profile, name="profile"),
    path("branches/find/", branches.branches, name="branches"),
    path("branch/members/<int:member_id>/code/", codes.code_form, name="code"),
    path("branch/members/<int:member_id>/code/issue/", codes.code_issue, name="code_issue"),
    *people.urlpatterns,
    *roles.urlpatterns,
    *privacy.urlpatterns,
]
