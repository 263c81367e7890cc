"""Filled apart from the change of the tables: PostgreSQL does not alter what has just been written."""

from django.db import migrations


def fill(apps, schema_editor):
    """What was registered before had one session, and who was there had seen what was shown."""
    Gathering = apps.get_model("gatherings", "Gathering")
    Session = apps.get_model("gatherings", "GatheringSession")
    Attendance = apps.get_model("gatherings", "Attendance")
    Presence = apps.get_model("gatherings", "Presence")
    for gathering in Gathering.objects.order_by("pk").iterator():
        session = Session.objects.create(
            gathering=gathering, starts_at=gathering.starts_at, ends_at=gathering.ends_at
        )
        rows = Attendance.objects.filter(gathering=gathering).exclude(state="expected")
        Presence.objects.bulk_create(
            Presence(attendance=row, session=session, state=row.state, method="name")
            for row in rows
        )
    Attendance.objects.filter(state="present").update(seen=True)


class Migration(migrations.Migration):
    dependencies = [("gatherings", "0002_check_in_and_make_up")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
