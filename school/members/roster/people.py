"""Whom the rows of a roster may mean: everybody with one of their numbers, read at once."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from school.core import crypto
from school.members.models import (
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    PostHolding,
    Transfer,
)
from school.members.roster import columns


class People:
    """Everybody a chunk of rows may mean, with what is compared. Eight queries at most."""

    def __init__(self, rows: list[dict]) -> None:
        staff = {row[columns.STAFF] for row in rows if columns.STAFF in row}
        self.identity = _indexes(rows, columns.IDENTITY)
        self.mobile = _indexes(rows, columns.MOBILE)
        wanted = Q(pk__in=())
        for name, numbers in (
            ("staff_number__in", staff),
            ("identity_index__in", [i for found in self.identity.values() for i in found]),
            ("mobile_index__in", [i for found in self.mobile.values() for i in found]),
        ):
            if numbers:
                # Three plain look-ups by index; one condition with OR would read the whole table.
                wanted |= Q(pk__in=list(_ids(name, numbers)))
        members = list(Member.objects.filter(wanted))
        self.by_staff = {member.staff_number: member for member in members}
        self.by_identity = {m.identity_index: m for m in members if m.identity_index}
        self.by_mobile = {m.mobile_index: m for m in members if m.mobile_index}
        self.homes: dict[int, Membership] = {}
        self.standings: dict[int, MemberStanding] = {}
        self.records: dict[int, MemberRecord] = {}
        self.posts: dict[int, set[int]] = defaultdict(set)
        self.travelling: set[int] = set()
        if members:
            self._load([member.pk for member in members])

    def _load(self, ids: list[int]) -> None:
        homes = Membership.objects.open().filter(kind=Membership.Kind.HOME, member_id__in=ids)
        self.homes = {row.member_id: row for row in homes.select_related("branch")}
        standings = MemberStanding.objects.open().filter(member_id__in=ids)
        self.standings = {row.member_id: row for row in standings}
        self.records = {row.pk: row for row in MemberRecord.objects.filter(member_id__in=ids)}
        holdings = PostHolding.objects.open().filter(member_id__in=ids)
        for member, branch, post in holdings.values_list("member_id", "branch_id", "post_id"):
            home = self.homes.get(member)
            if home is not None and home.branch_id == branch:
                self.posts[member].add(post)
        on_the_way = Transfer.objects.filter(member_id__in=ids, state=Transfer.State.SENT)
        self.travelling = set(on_the_way.values_list("member_id", flat=True))

    def with_identity(self, number: str) -> Member | None:
        """Who has an identity number."""
        return _first(self.by_identity, self.identity.get(number, ()))

    def with_mobile(self, number: str) -> Member | None:
        """Who has a mobile number."""
        return _first(self.by_mobile, self.mobile.get(number, ()))


def _indexes(rows: list[dict], key: str) -> dict[str, list[str]]:
    return {row[key]: crypto.blind_indexes(row[key]) for row in rows if key in row}


def _ids(name: str, numbers: Iterable[str]):
    return Member.objects.filter(**{name: list(numbers)}).values_list("pk", flat=True)


def _first(found: dict[str, Member], indexes: Iterable[str]) -> Member | None:
    return next((found[index] for index in indexes if index in found), None)
