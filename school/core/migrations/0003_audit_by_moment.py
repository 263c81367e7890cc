"""Let every filter of the audit viewer walk an index from the newest moment down."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_audit_chain")]

    operations = [
        migrations.RemoveIndex("auditentry", "audit_actor"),
        migrations.RemoveIndex("auditentry", "audit_action"),
        migrations.RemoveIndex("auditentry", "audit_subject"),
        migrations.AlterField("auditentry", "at", models.DateTimeField(verbose_name="时间")),
        migrations.AddIndex("auditentry", models.Index(fields=["at", "id"], name="audit_at")),
        migrations.AddIndex(
            "auditentry", models.Index(fields=["actor_id", "at", "id"], name="audit_by_actor")
        ),
        migrations.AddIndex(
            "auditentry", models.Index(fields=["action", "at", "id"], name="audit_by_action")
        ),
        migrations.AddIndex(
            "auditentry",
            models.Index(
                fields=["subject_type", "subject_id", "at", "id"], name="audit_by_subject"
            ),
        ),
    ]
