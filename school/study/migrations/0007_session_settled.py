from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0006_packed_evidence_and_its_sign_in")]

    operations = [
        migrations.AddField(
            model_name="studysession",
            name="settled_at",
            field=models.DateTimeField(
                blank=True,
                help_text="会话结束后按时长入账的时间。",
                null=True,
                verbose_name="入账时间",
            ),
        ),
        migrations.AddIndex(
            model_name="studysession",
            index=models.Index(
                condition=models.Q(("settled_at", None)),
                fields=["opened_at"],
                name="session_unsettled",
            ),
        ),
    ]
