"""Where quizzes are taken."""

from django.urls import path

from quizzes import gate_views, views

app_name = "quizzes"

urlpatterns = [
    path("quizzes/<int:paper_id>/", views.start, name="start"),
    path("quizzes/attempts/<int:attempt_id>/", views.attempt, name="attempt"),
    path("quizzes/attempts/<int:attempt_id>/submit/", views.submit, name="submit"),
    path("quizzes/attempts/<int:attempt_id>/result/", views.result, name="result"),
    path("quizzes/attempts/<int:attempt_id>/<int:position>/", views.question, name="question"),
    path("quizzes/in-film/<int:gate_id>/", gate_views.gate, name="gate"),
    path("me/mistakes/", views.mistakes, name="mistakes"),
    path("me/mistakes/<int:mistake_id>/", views.redo, name="redo"),
    path("me/mistakes/<int:mistake_id>/clear/", views.clear, name="clear"),
]
