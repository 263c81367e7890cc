from django.urls import path

from school.study.views import anomalies, disputes, evidence, late, pages

app_name = "study"
urlpatterns = [
    path("study/open/", evidence.open_item, name="open"),
    path("study/report/", evidence.report, name="report"),
    path("me/", pages.me, name="me"),
    path("me/hours/", pages.hours, name="hours"),
    path("me/hours/sheet/", pages.hours_sheet, name="hours_sheet"),
    path("me/disputes/", disputes.own, name="disputes"),
    path("me/disputes/new/", disputes.new, name="dispute_new"),
    path("me/disputes/<int:dispute_id>/", disputes.detail, name="dispute"),
    path("me/disputes/<int:dispute_id>/withdraw/", disputes.withdraw, name="dispute_withdraw"),
    path("branch/<int:branch_id>/disputes/", disputes.cases, name="cases"),
    path("branch/disputes/<int:dispute_id>/", disputes.case, name="dispute_case"),
    path("branch/disputes/<int:dispute_id>/verify/", disputes.verify, name="dispute_verify"),
    path("branch/disputes/<int:dispute_id>/decide/", disputes.decide, name="dispute_decide"),
    path("branch/<int:branch_id>/late/", late.cases, name="late_cases"),
    path("branch/late/<int:study_id>/", late.case, name="late_case"),
    path("branch/late/<int:study_id>/decide/", late.decide, name="late_decide"),
    path("branch/<int:branch_id>/anomalies/", anomalies.listed, name="anomalies"),
    path("branch/anomalies/<int:anomaly_id>/", anomalies.detail, name="anomaly"),
    path("branch/anomalies/<int:anomaly_id>/judge/", anomalies.judge, name="anomaly_judge"),
]
