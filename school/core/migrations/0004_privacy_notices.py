"""Keep every version of the notice on personal information, beginning with the present one."""

from django.db import migrations, models
from django.utils import timezone

# As it was when versions began to be kept.
BUILT_IN = """\
为组织和记录党员学习，本平台处理以下个人信息：工号、姓名、所在党组织、党内职务和人员类别；\
登录时间、设备类型和网络地址段；学习、测验、集体学习的记录和学时。手机号、身份证号加密保存，默认遮盖显示。

上述信息用于确认身份、计算学时、统计支部学习情况和处理申诉，只向本人、所在支部和上级党组织中有权限的人员显示，不用于其他目的，不向平台以外提供。

学习记录保存到所在年度封账后不少于三年，登录与操作日志保存不少于六个月。本人可以查看、复制、申请更正自己的信息；对学时有异议，可以申诉。"""


def keep_present(apps, schema_editor) -> None:
    host_settings = apps.get_model("core", "HostSettings")
    notices = apps.get_model("core", "PrivacyNotice")
    for host in host_settings.objects.order_by("pk"):
        text = host.privacy_notice.replace("\r\n", "\n").strip() or BUILT_IN
        notices.objects.get_or_create(
            version=host.privacy_version, defaults={"text": text, "since": timezone.now()}
        )


class Migration(migrations.Migration):
    dependencies = [("core", "0003_audit_by_moment")]

    operations = [
        migrations.CreateModel(
            name="PrivacyNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.CharField(max_length=20, unique=True, verbose_name="告知版本"),
                ),
                ("text", models.TextField(verbose_name="告知内容")),
                ("since", models.DateTimeField(verbose_name="启用时间")),
            ],
            options={
                "verbose_name": "个人信息处理告知",
                "verbose_name_plural": "个人信息处理告知",
                "ordering": ["-since", "-id"],
            },
        ),
        migrations.AlterField(
            model_name="hostsettings",
            name="privacy_notice",
            field=models.TextField(
                blank=True,
                help_text="留空用系统自带的文本。改动时要同时填写新的版本号，党员会再次看到并同意。",
                verbose_name="个人信息处理告知",
            ),
        ),
        migrations.RunPython(keep_present, migrations.RunPython.noop),
    ]
