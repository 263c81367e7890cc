from django.urls import path

from school.notices import views

app_name = "notices"
urlpatterns = [
    path("me/inbox/", views.index, name="inbox"),
    path("me/inbox/read/", views.read_all, name="read_all"),
]
