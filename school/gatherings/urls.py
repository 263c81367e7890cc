from django.urls import path

from school.gatherings.views import approval, code, corrections, desk, own, papers

app_name = "gatherings"
HERE = "branch/gatherings/<int:pk>/"
urlpatterns = [
    path("branch/gatherings/", desk.index, name="index"),
    path("branch/gatherings/new/", desk.new, name="new"),
    path(HERE, desk.detail, name="detail"),
    path(f"{HERE}code/", code.code, name="code"),
    path(f"{HERE}names/", desk.names, name="names"),
    path(f"{HERE}end/", desk.end, name="end"),
    path(f"{HERE}close/", desk.close, name="close"),
    path(f"{HERE}cancel/", desk.cancel, name="cancel"),
    path(f"{HERE}guests/", desk.guest, name="guest"),
    path(f"{HERE}guests/<int:attendance_id>/remove/", desk.guest_gone, name="guest_gone"),
    path(f"{HERE}make-ups/", desk.make_ups, name="make_ups"),
    path(f"{HERE}people/<int:attendance_id>/", corrections.correct, name="correct"),
    path(f"{HERE}people/<int:attendance_id>/confirm/", approval.confirm, name="confirm_own"),
    path(f"{HERE}people/<int:attendance_id>/decline/", approval.decline, name="decline_own"),
    path(f"{HERE}approve/", approval.approve, name="approve"),
    path(f"{HERE}send-back/", approval.send_back, name="send_back"),
    path(f"{HERE}sheet/", papers.sheet, name="sheet"),
    path(f"{HERE}sheet.xlsx", papers.template, name="template"),
    path(f"{HERE}import/", papers.read_in, name="read_in"),
    path(f"{HERE}files/", papers.file_add, name="file_add"),
    path(f"{HERE}files/<int:file_id>/", papers.file, name="file"),
    path(f"{HERE}files/<int:file_id>/remove/", papers.file_remove, name="file_remove"),
    path("gatherings/", own.own, name="own"),
    path("gatherings/<int:pk>/check-in/", own.check_in, name="check_in"),
    path("gatherings/<int:pk>/leave/", own.leave, name="leave"),
]
