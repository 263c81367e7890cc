"""The hour rule a new school starts with: paid on completion, by the length of the item."""

from datetime import date

from django.db import migrations

# Up to 15 minutes 0.25, up to 30 minutes 0.5, longer 1: the table of a provincial cadre
# e-academy, so that a micro-lesson pays at all. A proposal, to be replaced by a new version.
TIERS = [[15, 25], [30, 50], [None, 100]]


def seed(apps, _schema_editor):
    apps.get_model("study", "HourRule").objects.get_or_create(
        version=1, defaults={"effective_from": date(2020, 1, 1), "tiers": TIERS}
    )


class Migration(migrations.Migration):
    dependencies = [("study", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
