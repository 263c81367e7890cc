from django.db import migrations, models
from django.db.models import Count, F, Min, Q


def end_doubles(apps, schema_editor):
    """Of rows that a double click wrote twice the first stays; the others have held on no day."""
    _end_all_but_first(
        apps.get_model("members", "Membership").objects.filter(kind="attached", until=None),
        "member",
        "branch",
    )
    _end_all_but_first(
        apps.get_model("members", "PostHolding").objects.filter(until=None),
        "member",
        "branch",
        "post",
    )


def _end_all_but_first(rows, *same):
    groups = rows.order_by().values(*same).annotate(first=Min("pk"), rows=Count("pk"))
    for group in list(groups.filter(rows__gt=1)):
        rows.filter(**{name: group[name] for name in same}).exclude(pk=group["first"]).update(
            until=F("since")
        )


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0008_reasons_and_codes_told"),
    ]

    operations = [
        migrations.RunPython(end_doubles, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=Q(("kind", "attached"), ("until", None)),
                fields=("member", "branch"),
                name="membership_attached_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="postholding",
            constraint=models.UniqueConstraint(
                condition=Q(("until", None)),
                fields=("member", "branch", "post"),
                name="post_held_once",
            ),
        ),
    ]
