from django.urls import path

from school.members import views

app_name = "members"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("first-run/", views.first_run_step, name="first_run"),
    path("me/profile/", views.profile, name="profile"),
    path("branch/members/<int:member_id>/code/", views.code_form, name="code"),
    path("branch/members/<int:member_id>/code/issue/", views.code_issue, name="code_issue"),
]
