import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("study", "0003_reports_of_a_minute"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="hourentry",
            name="award",
            field=models.IntegerField(
                blank=True,
                help_text="上限与重复计入之前的学时。",
                null=True,
                verbose_name="应计（百分之一）",
            ),
        ),
        migrations.AddField(
            model_name="hourentry",
            name="round",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="同一依据重新核算后再次入账，次数加一。",
                verbose_name="次",
            ),
        ),
        migrations.RemoveConstraint(model_name="hourentry", name="hour_entry_once"),
        migrations.AddConstraint(
            model_name="hourentry",
            constraint=models.UniqueConstraint(
                fields=("member", "origin", "round"), name="hour_entry_once"
            ),
        ),
        migrations.AddField(
            model_name="hourrule",
            name="basis",
            field=models.CharField(blank=True, max_length=200, verbose_name="规则依据"),
        ),
        migrations.AddField(
            model_name="hourrule",
            name="offline_kinds",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="未列出的类别按“线下每学时分钟数”。",
                verbose_name="各类线下每学时分钟数",
            ),
        ),
        migrations.AddField(
            model_name="hourrule",
            name="preset",
            field=models.CharField(blank=True, max_length=30, verbose_name="参照"),
        ),
        migrations.AlterField(
            model_name="hourrule",
            name="mode",
            field=models.CharField(
                choices=[("on_completion", "学完计"), ("as_studied", "按学习时长计")],
                default="on_completion",
                max_length=14,
                verbose_name="方式",
            ),
        ),
        migrations.AlterField(
            model_name="hourrule",
            name="yearly_caps",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="网上自学（online）、测验（quiz）、两者合计（self_paced），百分之一学时。",
                verbose_name="年度上限",
            ),
        ),
        migrations.AddField(
            model_name="itemrevision",
            name="own_award",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="不按规则折算时填写。",
                null=True,
                verbose_name="自定学时（百分之一）",
            ),
        ),
        migrations.AlterField(
            model_name="itemrevision",
            name="award",
            field=models.PositiveIntegerField(
                default=0,
                help_text="按现行规则学完所计；供页面显示。",
                verbose_name="学时（百分之一）",
            ),
        ),
        migrations.CreateModel(
            name="Recredit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateField(verbose_name="学习日期自")),
                ("until", models.DateField(verbose_name="学习日期至")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                ("started_at", models.DateTimeField(verbose_name="发起时间")),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="完成时间"),
                ),
                ("outcome", models.JSONField(blank=True, default=dict, verbose_name="结果")),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recredits",
                        to="study.hourrule",
                        verbose_name="学时规则",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发起人",
                    ),
                ),
            ],
            options={
                "verbose_name": "重新核算",
                "verbose_name_plural": "重新核算",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="recredit_ends_after_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LateArrival",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="封账年度")),
                ("award", models.PositiveIntegerField(verbose_name="应计（百分之一）")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待处理"),
                            ("booked", "已计入"),
                            ("refused", "不予计入"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("arrived_at", models.DateTimeField(verbose_name="到达时间")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="处理时间"),
                ),
                (
                    "booked",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="booked_late",
                        to="study.hourentry",
                        verbose_name="计入的记录",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="处理人",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_arrival",
                        to="study.hourentry",
                        verbose_name="学时记录",
                    ),
                ),
            ],
            options={
                "verbose_name": "迟到学时",
                "verbose_name_plural": "迟到学时",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["state", "-id"], name="late_arrival_state")],
            },
        ),
    ]
