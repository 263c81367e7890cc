"""Reads of the pages about one-time codes."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Branch, Member, Membership, OneTimeCode
from school.members.permissions import Vouching


@dataclass(frozen=True)
class Candidate:
    """One row of the page on which slips are chosen."""

    member: Member
    branch: str
    may: bool
    signed_in: bool
    waiting: bool

    @property
    def wanted(self) -> bool:
        """Chosen beforehand: has never signed in and holds no code that still opens."""
        return self.may and not self.signed_in and not self.waiting

    @property
    def line(self) -> str:
        """Staff number and branch."""
        return f"{self.member.staff_number} · {self.branch}"

    @property
    def state(self) -> str:
        """Where signing in stands, in words."""
        if not self.may:
            return _("由上级发放")
        if self.signed_in:
            day = clock.local_day(self.member.last_login)
            return _("最近登录 %(day)s") % {"day": day.isoformat()}
        return _("已发码，未登录") if self.waiting else _("从未登录")

    @property
    def tone(self) -> str:
        """Tone of the state's chip."""
        return "warn" if self.wanted else "plain"


def candidates(branch: Branch, vouching: Vouching, most: int) -> tuple[list[Candidate], bool]:
    """Home members of a branch and below for whom slips can be printed, and whether there are more.

    Those who have never signed in come first. Three queries.
    """
    homes = (
        Membership.objects.on(clock.today())
        .filter(kind=Membership.Kind.HOME, branch__path__startswith=branch.path)
        .filter(member__is_active=True)
        .select_related("member", "branch")
        .annotate(waiting=Exists(_waiting(OuterRef("member_id"))))
        .order_by("member__last_login", "branch__path", "member__staff_number")
    )
    rows = list(homes.filter(member__last_login=None)[: most + 1])
    if len(rows) <= most:
        rows += list(homes.exclude(member__last_login=None)[: most + 1 - len(rows)])
    may = {member.pk for member in vouching.vouchable(row.member for row in rows[:most])}
    shown = [
        Candidate(
            member=row.member,
            branch=row.branch.short_name,
            may=row.member_id in may,
            signed_in=row.member.last_login is not None,
            waiting=row.waiting,
        )
        for row in rows[:most]
    ]
    return shown, len(rows) > most


def _waiting(member_id) -> QuerySet[OneTimeCode]:
    return OneTimeCode.objects.filter(
        member_id=member_id, used_at=None, revoked_at=None, expires_at__gt=clock.now()
    )


def chosen(branch: Branch, vouching: Vouching, ids: list[int]) -> list[Member]:
    """Those of some ids who are home members below the branch and may be given a code."""
    homes = Membership.objects.on(clock.today()).filter(
        kind=Membership.Kind.HOME, branch__path__startswith=branch.path, member_id__in=ids
    )
    members = Member.objects.filter(pk__in=homes.values("member_id"), is_active=True)
    return vouching.vouchable(members.order_by("staff_number"))


def codes_to_look_at(vouching: Vouching) -> QuerySet[OneTimeCode]:
    """Codes used on a device that is known as the issuer's own."""
    return (
        OneTimeCode.objects.filter(used_on_issuer_device=True, member__in=vouching.watched)
        .select_related("member", "issued_by")
        .order_by("-used_at")
    )
