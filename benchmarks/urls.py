"""The product's addresses and the bare view."""

from django.urls import path

from benchmarks.bare import view
from school.urls import *  # noqa: F403
from school.urls import urlpatterns as product

urlpatterns = [path("benchmark/bare/<int:pk>/", view), *product]
