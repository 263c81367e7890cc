"""Chain the audit trail by sets of numbers, keep archives on record, refuse changes by trigger.

Seals of the first form go; the sealer covers every entry anew within a minute.
"""

from django.db import migrations, models

from school.core.audit import triggers


def install_triggers(apps, schema_editor) -> None:
    triggers.install(schema_editor.connection)


def remove_triggers(apps, schema_editor) -> None:
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.DeleteModel("AuditSeal"),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("previous", models.BigIntegerField(unique=True)),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("high_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("ids", models.JSONField(default=list)),
                ("holes", models.JSONField(default=list)),
                ("newest_at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=8)),
                ("mac", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "审计封签",
                "verbose_name_plural": "审计封签",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AuditPrune",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("through_seal", models.BigIntegerField(unique=True)),
                ("through_id", models.BigIntegerField()),
                ("seal_mac", models.CharField(max_length=64)),
                ("seals", models.PositiveIntegerField()),
                ("entries", models.PositiveIntegerField()),
                ("oldest_at", models.DateTimeField()),
                ("newest_at", models.DateTimeField()),
                ("file", models.CharField(max_length=120)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=8)),
                ("mac", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "审计归档",
                "verbose_name_plural": "审计归档",
                "ordering": ["id"],
            },
        ),
        migrations.AlterField(
            "auditentry",
            "action",
            models.CharField(max_length=60, verbose_name="操作"),
        ),
        migrations.AlterField(
            "auditentry",
            "actor_id",
            models.BigIntegerField(blank=True, null=True, verbose_name="操作人编号"),
        ),
        migrations.AddIndex(
            "auditentry", models.Index(fields=["actor_id", "id"], name="audit_actor")
        ),
        migrations.AddIndex(
            "auditentry", models.Index(fields=["action", "id"], name="audit_action")
        ),
        migrations.AddIndex(
            "auditentry",
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_subject"),
        ),
        migrations.RunPython(install_triggers, remove_triggers),
    ]
