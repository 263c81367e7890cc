from django.conf import settings
from django.urls import path

from school.core import views

app_name = "core"
urlpatterns = [
    path("health/", views.health, name="health"),
    path("csp-report/", views.csp_report, name="csp_report"),
    path("letter-size/", views.letter_size, name="letter_size"),
    path("language/", views.language, name="language"),
]
if settings.PATTERN_PAGE:
    urlpatterns.append(path("patterns/", views.patterns, name="patterns"))
