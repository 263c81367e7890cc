"""Give the site its settings and their first notice, so that no visitor's request has to."""

from django.conf import settings
from django.db import migrations
from django.utils import timezone

from school.core.notice_text import PRIVACY_NOTICE


def keep_presets(apps, schema_editor) -> None:
    site = apps.get_model("wagtailcore", "Site").objects.filter(is_default_site=True).first()
    host_settings = apps.get_model("core", "HostSettings")
    if site is None or host_settings.objects.filter(site_id=site.pk).exists():
        return
    version = settings.PRIVACY_NOTICE_VERSION
    host_settings.objects.create(site_id=site.pk, privacy_version=version)
    apps.get_model("core", "PrivacyNotice").objects.get_or_create(
        version=version,
        defaults={"text": PRIVACY_NOTICE, "since": timezone.now()},
    )


class Migration(migrations.Migration):
    dependencies = [("courses", "0004_review_without_least"), ("core", "0004_privacy_notices")]

    operations = [migrations.RunPython(keep_presets, migrations.RunPython.noop)]
