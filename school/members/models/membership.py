"""Where a member belongs, and which post is held, by date."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from school.members.models.branch import Branch
from school.members.models.dated import Dated, ends_after_start
from school.members.models.member import Member


class Membership(Dated):
    """Home (exactly one on any day) or attached (双重组织生活: listed, never summed)."""

    class Kind(models.TextChoices):
        HOME = "home", _("组织关系")
        ATTACHED = "attached", _("双重组织生活")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="memberships", verbose_name=_("党员")
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="memberships", verbose_name=_("党组织")
    )
    kind = models.CharField(_("关系"), max_length=10, choices=Kind.choices, default=Kind.HOME)

    class Meta:
        verbose_name = _("组织关系")
        verbose_name_plural = _("组织关系")
        ordering = ["member_id", "since"]
        constraints = [
            ends_after_start("membership_dates"),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(until=None, kind="home"),
                name="membership_one_open_home",
            ),
            # With the service closing the old row on the day the new one starts, two home rows
            # that start on one day are the only overlap left to forbid.
            models.UniqueConstraint(
                fields=["member", "since"],
                condition=Q(kind="home") & (Q(until=None) | Q(until__gt=F("since"))),
                name="membership_one_home_a_day",
            ),
            models.UniqueConstraint(
                fields=["member", "branch"],
                condition=Q(until=None, kind="attached"),
                name="membership_attached_once",
            ),
        ]
        indexes = [models.Index(fields=["branch", "kind", "until"], name="membership_branch")]

    def __str__(self) -> str:
        return f"{self.member} @ {self.branch}"


class Post(models.Model):
    """A post in a branch: 书记, 副书记, 组织委员 …"""

    code = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("名称"), max_length=30)
    rank = models.PositiveSmallIntegerField(_("排序"), default=100)

    class Meta:
        verbose_name = _("党内职务")
        verbose_name_plural = _("党内职务")
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name


class PostHolding(Dated):
    """Who holds which post in which branch. Says who *is*; a RoleGrant says who *may*."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="posts", verbose_name=_("党员"))
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="post_holdings", verbose_name=_("党组织")
    )
    post = models.ForeignKey(Post, models.PROTECT, verbose_name=_("职务"))

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        ordering = ["branch_id", "post__rank"]
        constraints = [
            ends_after_start("post_holding_dates"),
            models.UniqueConstraint(
                fields=["member", "branch", "post"],
                condition=Q(until=None),
                name="post_held_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.post} {self.member}"
