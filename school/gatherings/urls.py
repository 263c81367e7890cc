from django.urls import path

from school.gatherings import views

app_name = "gatherings"
urlpatterns = [
    path("branch/gatherings/", views.index, name="index"),
    path("branch/gatherings/new/", views.new, name="new"),
    path("branch/gatherings/<int:pk>/", views.detail, name="detail"),
    path("branch/gatherings/<int:pk>/close/", views.close, name="close"),
    path("branch/gatherings/<int:pk>/cancel/", views.cancel, name="cancel"),
]
