"""Addresses of rosters that come in and go out as files."""

from django.urls import path

from school.members.views import roster_exports, rosters

urlpatterns = [
    path("branch/<int:branch_id>/roster/", rosters.roster, name="roster"),
    path("branch/<int:branch_id>/roster/template/", rosters.template, name="roster_template"),
    path(
        "branch/<int:branch_id>/roster/imports/<int:import_id>/", rosters.look, name="roster_import"
    ),
    path(
        "branch/<int:branch_id>/roster/imports/<int:import_id>/marked/",
        rosters.marked,
        name="roster_marked",
    ),
    path(
        "branch/<int:branch_id>/roster/imports/<int:import_id>/confirm/",
        rosters.confirm,
        name="roster_confirm",
    ),
    path(
        "branch/<int:branch_id>/roster/imports/<int:import_id>/cancel/",
        rosters.cancel,
        name="roster_cancel",
    ),
    path("branch/<int:branch_id>/roster/exports/", roster_exports.exports, name="roster_exports"),
    path(
        "branch/<int:branch_id>/roster/exports/<int:export_id>/file/",
        roster_exports.take,
        name="roster_export_file",
    ),
    path(
        "branch/<int:branch_id>/roster/exports/<int:export_id>/withdraw/",
        roster_exports.withdraw,
        name="roster_export_withdraw",
    ),
    path("branch/roster/approvals/", roster_exports.approvals, name="roster_approvals"),
    path(
        "branch/roster/approvals/<int:export_id>/",
        roster_exports.answer,
        name="roster_export_answer",
    ),
]
