"""WSGI entry point for gunicorn or any other production server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings.production")

application = get_wsgi_application()
