"""Questions inside a film that a member has answered. What is asked belongs to an app above."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from school.study.models.item import ItemRevision


class GatePass(models.Model):
    """One question of a film, answered by a member in a cycle. ``key`` names it (see registry)."""

    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("党员")
    )
    revision = models.ForeignKey(
        ItemRevision, models.PROTECT, related_name="+", verbose_name=_("内容版本")
    )
    cycle = models.PositiveIntegerField(_("轮次"), default=0)
    key = models.CharField(_("问题"), max_length=40)
    passed_at = models.DateTimeField(_("答对时间"))

    class Meta:
        verbose_name = _("视频中的作答")
        verbose_name_plural = _("视频中的作答")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "revision", "cycle", "key"], name="gate_passed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.revision_id}.{self.cycle} {self.key}"
