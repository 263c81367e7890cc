from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("study", "0007_session_settled")]

    operations = [
        migrations.AddField(
            model_name="studysession",
            name="pruned_at",
            field=models.DateTimeField(
                blank=True,
                help_text="年度封账并过保存期后，上报不再保存。",
                null=True,
                verbose_name="凭据清理时间",
            ),
        ),
        migrations.AddIndex(
            model_name="studysession",
            index=models.Index(
                condition=models.Q(("pruned_at", None)),
                fields=["opened_at"],
                name="session_unpruned",
            ),
        ),
    ]
