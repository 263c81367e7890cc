"""The Celery application; its settings are Django's, under the CELERY_ prefix."""

import os

from celery import Celery

# Production, as for the web server: workers started without the variable must not write with
# keys of their own. `manage.py` and the launcher say development before this is read.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings.production")

app = Celery("school")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
