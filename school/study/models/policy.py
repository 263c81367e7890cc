"""What whoever publishes or plans may say about how a film is studied."""

from dataclasses import asdict

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.study.rules.policy import Wish

RATES = [(rate, f"{rate / 100:g}×") for rate in (100, 125, 150, 175, 200)]
YES_NO = [(None, _("按学校设置")), (True, _("是")), (False, _("否"))]


class PolicyFields(models.Model):
    """Columns for a ``Wish``; every empty one leaves the matter as it was."""

    max_rate = models.PositiveSmallIntegerField(
        _("最高倍速"),
        null=True,
        blank=True,
        choices=RATES,
        help_text=_("首次学习时能计入的最高倍速。留空按学校设置。"),
    )
    seek_free = models.BooleanField(
        _("首次学习可快进"),
        null=True,
        blank=True,
        choices=YES_NO,
        help_text=_("没有看过的部分能否跳过。跳过的部分始终不计入。"),
    )
    check_in = models.PositiveSmallIntegerField(
        _("在线确认间隔（分钟）"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_("每隔这么久到两倍时间，随机询问一次是否仍在学习。0 为不询问，留空按学校设置。"),
    )
    questions = models.BooleanField(
        _("视频中的问题须作答"),
        null=True,
        blank=True,
        choices=YES_NO,
        help_text=_("作答前，问题之后的内容不计入。"),
    )
    review = models.PositiveSmallIntegerField(
        _("重看最多计入（%）"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(300)],
        help_text=_("重复观看最多再计入视频时长的百分之几。留空按学校设置。"),
    )

    class Meta:
        abstract = True

    @property
    def wish(self) -> Wish:
        """These columns as plain values."""
        return Wish(
            max_rate=self.max_rate,
            seek_free=self.seek_free,
            check_in=self.check_in,
            questions=self.questions,
            review=self.review,
        )

    @wish.setter
    def wish(self, wish: Wish) -> None:
        for name, value in asdict(wish).items():
            setattr(self, name, value)
