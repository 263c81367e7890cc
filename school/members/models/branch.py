"""The tree of branches: dated placements are the record, the path is today's cache of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node

from school.members.models.dated import Dated, ends_after_start


class Branch(MP_Node):
    """A party organisation or group. ``path`` is today's place in the tree."""

    class Kind(models.TextChoices):
        COMMITTEE = "committee", _("党委")
        GENERAL_BRANCH = "general_branch", _("党总支")
        BRANCH = "branch", _("党支部")
        JOINT_BRANCH = "joint_branch", _("联合党支部")
        TEMPORARY_BRANCH = "temporary_branch", _("临时党支部")
        GROUP = "group", _("党小组")

    code = models.CharField(_("组织编码"), max_length=40, unique=True)
    name = models.CharField(_("全称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=20)
    kind = models.CharField(_("类别"), max_length=20, choices=Kind.choices)
    founded_on = models.DateField(_("成立日期"))
    dissolved_on = models.DateField(_("撤销日期"), null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("并入"),
    )

    node_order_by: list[str] = []

    class Meta:
        verbose_name = _("党组织")
        verbose_name_plural = _("党组织")

    def __str__(self) -> str:
        return self.short_name


class BranchPlacement(Dated):
    """Under which parent a branch stood from one day to another. The record of the tree."""

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="placements", verbose_name=_("党组织")
    )
    parent = models.ForeignKey(
        Branch,
        models.PROTECT,
        related_name="child_placements",
        null=True,
        blank=True,
        verbose_name=_("上级党组织"),
    )

    class Meta:
        verbose_name = _("隶属关系")
        verbose_name_plural = _("隶属关系")
        ordering = ["branch_id", "since"]
        constraints = [
            ends_after_start("placement_dates"),
            models.UniqueConstraint(
                fields=["branch"], condition=Q(until=None), name="placement_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} → {self.parent or '—'}"
