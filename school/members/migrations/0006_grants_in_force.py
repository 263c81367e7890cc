import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def count_all_as_in_force(apps, schema_editor):
    """Groups have followed grants until now; the scheduler then ends what is past."""
    apps.get_model("members", "RoleGrant").objects.update(in_force=True)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0005_sessions_and_passwords"),
    ]

    operations = [
        migrations.AddField(
            model_name="rolegrant",
            name="end_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="收回原因"),
        ),
        migrations.AddField(
            model_name="rolegrant",
            name="ended_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="收回人",
            ),
        ),
        migrations.AddField(
            model_name="rolegrant",
            name="in_force",
            field=models.BooleanField(default=False, editable=False, verbose_name="已生效"),
        ),
        migrations.AddField(
            model_name="rolegrant",
            name="reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="授权说明"),
        ),
        migrations.AddField(
            model_name="section",
            name="collection_id",
            field=models.PositiveBigIntegerField(
                editable=False, null=True, unique=True, verbose_name="素材集合编号"
            ),
        ),
        migrations.RunPython(count_all_as_in_force, migrations.RunPython.noop, elidable=True),
    ]
