from django.urls import path

from school.plans.views import exemptions
from school.plans.views import plans as views

app_name = "plans"
urlpatterns = [
    path("tasks/", views.tasks, name="tasks"),
    path("plans/", views.plan_list, name="list"),
    path("plans/new/", views.plan_new, name="new"),
    path("plans/<int:plan_id>/", views.plan_detail, name="detail"),
    path("plans/<int:plan_id>/edit/", views.plan_edit, name="edit"),
    path("plans/<int:plan_id>/publish/", views.plan_publish, name="publish"),
    path("plans/<int:plan_id>/end/", views.plan_end, name="end"),
    path(
        "plans/<int:plan_id>/items/<int:item_id>/withdraw/",
        views.item_withdraw,
        name="withdraw_item",
    ),
    path("plans/<int:plan_id>/members/<int:member_id>/exempt/", exemptions.exempt, name="exempt"),
    path("plans/exemptions/", exemptions.exemption_list, name="exemptions"),
    path("plans/exemptions/<int:request_id>/", exemptions.exemption, name="exemption"),
    path(
        "plans/exemptions/<int:request_id>/withdraw/",
        exemptions.exemption_withdraw,
        name="exemption_withdraw",
    ),
    path(
        "plans/members/<int:member_id>/exemptions/",
        exemptions.member_exemptions,
        name="member_exemptions",
    ),
]
