from django.db import migrations, models
from django.db.models import F


def count_as_told(apps, schema_editor):
    """Until now a member was told of a code at the first sign-in after it was issued."""
    codes = apps.get_model("members", "OneTimeCode").objects
    codes.filter(issued_at__lt=F("member__last_login")).update(told_at=F("issued_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0007_standing_left"),
    ]

    operations = [
        migrations.AddField(
            model_name="memberstanding",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("died", "去世"),
                    ("withdrew", "退党"),
                    ("removed", "劝退、除名"),
                    ("expelled", "开除党籍"),
                    ("disallowed", "不予承认或取消预备资格"),
                    ("moved_away", "转出本单位"),
                    ("employment_ended", "离职"),
                    ("other", "其他"),
                ],
                max_length=20,
                verbose_name="减员原因",
            ),
        ),
        migrations.AddField(
            model_name="onetimecode",
            name="told_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="告知本人时间"),
        ),
        migrations.AlterField(
            model_name="signinsession",
            name="end",
            field=models.CharField(
                blank=True,
                choices=[
                    ("signed_out", "退出"),
                    ("revoked", "本人下线"),
                    ("password", "密码更改"),
                    ("second_step", "改用两步验证"),
                    ("idle", "久未操作"),
                    ("administrator", "管理员下线"),
                    ("left", "减员"),
                ],
                max_length=14,
                verbose_name="结束方式",
            ),
        ),
        migrations.RunPython(count_as_told, migrations.RunPython.noop, elidable=True),
    ]
