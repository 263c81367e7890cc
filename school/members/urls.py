from django.urls import path

from school.members import people_urls, privacy_urls, role_urls, sign_in_urls
from school.members.roster_urls import urlpatterns as roster_patterns
from school.members.views import (
    branches,
    codes,
    first_run,
    profile,
    signin,
)

app_name = "members"
urlpatterns = [
    *roster_patterns,
    *sign_in_urls.urlpatterns,
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("first-run/", first_run.first_run_step, name="first_run"),
    path("me/profile/", profile.profile, name="profile"),
    path("branches/find/", branches.branches, name="branches"),
    path("branch/members/<int:member_id>/code/", codes.code_form, name="code"),
    path("branch/members/<int:member_id>/code/issue/", codes.code_issue, name="code_issue"),
    *people_urls.urlpatterns,
    *role_urls.urlpatterns,
    *privacy_urls.urlpatterns,
]
