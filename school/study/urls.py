from django.urls import path

from school.study.views import evidence, pages

app_name = "study"
urlpatterns = [
    path("study/open/", evidence.open_item, name="open"),
    path("study/report/", evidence.report, name="report"),
    path("me/", pages.me, name="me"),
    path("me/hours/", pages.hours, name="hours"),
]
