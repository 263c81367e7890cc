"""The list of members (名册): one page by keyset, an exact count to a thousand.

However many members a node has, a page costs two statements: the keys of those meant, at most
one more than ``EXACT``, and the rows of the page. What the second is depends on the first:

- up to ``EXACT``: they are sorted here, and the rows are fetched by their keys;
- more: the index of staff numbers is walked, and each member met is asked for his branch. A page
  is full after about as many steps as the node is rarer than the school, so it stays flat.

Neither database can be trusted to choose between the two: SQLite does not know how full a branch
is, PostgreSQL takes the path's range for independent of everything else. Both statements are built
once for each shape of what is asked (school.core.prepared), unless a text is looked for.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import (
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from school.core import clock
from school.core.prepared import Prepared
from school.members.models import (
    Branch,
    Member,
    Membership,
    MemberStanding,
    PostHolding,
)

EXACT = 1000
PAGE_ROWS = 30
KEYS_AT_ONCE = PAGE_ROWS + 1
ANY = "any"
SIGNED_IN, NEVER = "yes", "no"
LEFT = MemberStanding.State.LEFT


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to list. Empty parts mean everybody, but for ``state``: empty leaves out who has left.

    ``state``: one of ``MemberStanding.State``, or ``any``. ``post``: key of a Post. ``signed_in``:
    ``yes``, ``no`` (never) or empty. ``text``: part of a name, or how a staff number begins.
    """

    text: str = ""
    kind: str = ""
    state: str = ""
    post: int | None = None
    signed_in: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One member as the list shows him."""

    pk: int
    staff_number: str
    name: str
    branch_id: int | None
    branch: str
    kind: str
    state: str
    post: str
    last_login: datetime | None
    joined_on: date | None
    workplace: str
    is_active: bool

    @property
    def kind_label(self) -> str:
        """人员类别 in words."""
        return str(KIND_LABELS.get(self.kind, ""))

    @property
    def state_label(self) -> str:
        """状态 in words."""
        return str(STATE_LABELS.get(self.state, ""))

    @property
    def is_normal(self) -> bool:
        """Whether the state needs no word in a list."""
        return self.state in ("", MemberStanding.State.NORMAL)


KIND_LABELS = dict(MemberStanding.Kind.choices)
STATE_LABELS = dict(MemberStanding.State.choices)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. ``total`` is exact up to ``EXACT``; beyond, ``more`` is true and it is ``EXACT``.

    ``after`` and ``before`` are the cursors of the pages behind and ahead, None at the ends.
    """

    rows: list[Row]
    total: int
    more: bool
    before: str | None = None
    after: str | None = None

    @property
    def count_label(self) -> str:
        """How many there are, as it is shown: 37, or 1000+."""
        return f"{self.total}+" if self.more else str(self.total)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after or before of a staff number, or the last page."""

    after: str = ""
    before: str = ""
    last: bool = False

    @property
    def backwards(self) -> bool:
        return self.last or bool(self.before)


def directory(
    branch: Branch,
    wanted: Wanted | None = None,
    cursor: Cursor | None = None,
    *,
    rows: int = PAGE_ROWS,
) -> Listing:
    """Home members of a branch and all below it today, by staff number. Two statements."""
    wanted, cursor = wanted or Wanted(), cursor or Cursor()
    found = _found(branch, wanted)
    if len(found) > EXACT:
        return _listing(_walk(branch, wanted, cursor, rows + 1), EXACT, True, cursor, rows)
    numbers = sorted((number, key) for key, number in found)
    keys = [key for _number, key in _cut(numbers, cursor)[: rows + 1]]
    shown = {row.pk: row for row in _of_keys(keys)}
    return _listing([shown[key] for key in keys], len(found), False, cursor, rows)


def _cut(numbers: list[tuple[str, int]], cursor: Cursor) -> list[tuple[str, int]]:
    """From the cursor on, in the order in which the page is read."""
    if cursor.backwards:
        return [at for at in reversed(numbers) if cursor.last or at[0] < cursor.before]
    return [at for at in numbers if at[0] > cursor.after]


def _listing(shown: list[Row], total: int, more: bool, cursor: Cursor, rows: int) -> Listing:
    """A page of what was read; one row more tells that there is a page behind."""
    beyond = len(shown) > rows
    shown = shown[:rows]
    if cursor.backwards:
        shown.reverse()
        behind, ahead = beyond, bool(cursor.before)
    else:
        behind, ahead = bool(cursor.after), beyond
    first, last = (shown[0].staff_number, shown[-1].staff_number) if shown else (None, None)
    return Listing(
        shown, total, more, before=first if behind else None, after=last if ahead else None
    )


# -- what is asked --------------------------------------------------------------------------------


def subtree_q(branch: Branch, field: str = "branch__path") -> Q:
    """Condition on a path at or below a branch: a range, which both databases find by index."""
    return _between(*_range(branch), field)


def _range(branch: Branch) -> tuple[str, str]:
    return branch.path, branch.path + "Z" * Branch.steplen


def _between(low: str, high: str, field: str = "branch__path") -> Q:
    return Q(**{f"{field}__gte": low, f"{field}__lte": high})


def _homes(day: date, low: str, high: str) -> QuerySet[Membership]:
    return Membership.objects.on(day).filter(_between(low, high), kind=Membership.Kind.HOME)


def _conditions(wanted: Wanted, day: date, member: str = "pk") -> Q:
    """What is asked besides the branch, as a condition on rows whose member key is ``member``."""
    standings = MemberStanding.objects.on(day).filter(member=OuterRef(member)).order_by()
    condition = Q()
    if wanted.kind or wanted.state not in ("", ANY):
        if wanted.kind:
            standings = standings.filter(kind=wanted.kind)
        if wanted.state == "":
            standings = standings.exclude(state=LEFT)
        elif wanted.state != ANY:
            standings = standings.filter(state=wanted.state)
        condition &= Q(Exists(standings))
    elif wanted.state == "":
        condition &= ~Q(Exists(standings.filter(state=LEFT)))
    if wanted.post:
        posts = PostHolding.objects.on(day).filter(member=OuterRef(member), post=wanted.post)
        condition &= Q(Exists(posts.order_by()))
    prefix = "" if member == "pk" else "member__"
    if wanted.signed_in in (SIGNED_IN, NEVER):
        condition &= Q(**{f"{prefix}last_login__isnull": wanted.signed_in == NEVER})
    return condition


def text_q(text: str, prefix: str = "") -> Q:
    """Members meant by a typed word: part of the name, or how the staff number begins.

    Not by a personal number: what is looked for stands in the address of the list.
    """
    typed = text.strip()
    named = {f"{prefix}name__contains": typed}
    numbered = {f"{prefix}staff_number__startswith": typed.upper()}
    return Q(**named) | Q(**numbered)


# -- what is read ---------------------------------------------------------------------------------


def _found(branch: Branch, wanted: Wanted) -> list[tuple[int, str]]:
    """(key, staff number) of everybody meant, in no order, at most one more than ``EXACT``."""
    day, (low, high), most = clock.today(), _range(branch), EXACT + 1
    if not wanted.text.strip():
        return _read(_matching, wanted, most)(day, low, high, *_post(wanted))
    if branch.is_leaf():
        named = _matching(wanted, day, low, high).filter(text_q(wanted.text, "member__"))
    else:
        people = _walked(wanted, day, low, high).filter(text_q(wanted.text))
        named = people.order_by().values_list("pk", "staff_number")
    return list(named[:most])


def _walk(branch: Branch, wanted: Wanted, cursor: Cursor, most: int) -> list[Row]:
    """Rows from the cursor on, by asking each member met for his branch."""
    day, (low, high) = clock.today(), _range(branch)
    at = cursor.after or cursor.before
    if wanted.text.strip():
        people = _walked(wanted, day, low, high).filter(text_q(wanted.text))
        return _as_rows(_texts(_from(people, _side(cursor), at), day)[:most])
    read = _read(_walked_rows, wanted, most, _side(cursor))
    return _as_rows(read(day, low, high, *_post(wanted), *([at] if at else [])))


def _post(wanted: Wanted) -> list[int]:
    return [wanted.post] if wanted.post else []


def _side(cursor: Cursor) -> str:
    """From where a page is read: ``after``, ``before``, ``last``, or empty for the first."""
    if cursor.after:
        return "after"
    return "before" if cursor.before else "last" if cursor.last else ""


@functools.lru_cache(maxsize=128)
def _shaped(build, kind: str, state: str, signed_in: str, post: bool, most: int, side: str):
    """A read for one shape of what is asked; the post and the cursor are filled in."""

    at = side in ("after", "before")

    def shaped(day, low, high, *more):
        held = more[0] if post else None
        wanted = Wanted(kind=kind, state=state, signed_in=signed_in, post=held)
        return build(wanted, day, low, high, side, more[-1] if at else "")[:most]

    return Prepared(shaped, [date, str, str, *([int] * post), *([str] * at)])


def _read(build, wanted: Wanted, most: int, side: str = "") -> Prepared:
    return _shaped(
        build, wanted.kind, wanted.state, wanted.signed_in, bool(wanted.post), most, side
    )


def _matching(wanted: Wanted, day: date, low: str, high: str, *_cursor: str) -> QuerySet:
    """(key, staff number) by the memberships of the branch."""
    homes = _homes(day, low, high).filter(_conditions(wanted, day, "member_id"))
    return homes.order_by().values_list("member_id", "member__staff_number")


def _walked(wanted: Wanted, day: date, low: str, high: str) -> QuerySet[Member]:
    """Everybody meant, by asking each member met for his branch."""
    homes = _homes(day, low, high).filter(member=OuterRef("pk")).order_by()
    return Member.objects.filter(Exists(homes), _conditions(wanted, day))


def _walked_rows(
    wanted: Wanted, day: date, low: str, high: str, side: str, at: str
) -> QuerySet[Member]:
    return _texts(_from(_walked(wanted, day, low, high), side, at), day)


def _from(people: QuerySet[Member], side: str, at: str) -> QuerySet[Member]:
    """People in the order of a page, from a staff number on."""
    if side == "after":
        people = people.filter(staff_number__gt=at)
    elif side == "before":
        people = people.filter(staff_number__lt=at)
    return people.order_by("-staff_number" if side in ("before", "last") else "staff_number")


def _of_keys(keys: list[int]) -> list[Row]:
    """Rows of some members, in no order; asked for by as many keys as a page has."""
    if not keys:
        return []
    room = -(-len(keys) // KEYS_AT_ONCE) * KEYS_AT_ONCE
    return _as_rows(_by_keys(room)(clock.today(), *keys, *[keys[-1]] * (room - len(keys))))


@functools.lru_cache(maxsize=16)
def _by_keys(count: int) -> Prepared:
    def build(day, *keys):
        return _texts(Member.objects.filter(pk__in=keys).order_by(), day)

    return Prepared(build, [date, *[int] * count])


# Places of a row's texts: where nothing is joined, the text is empty.
TEXTS = frozenset({4, 5, 6, 7, 10})


def _texts(people: QuerySet[Member], day: date) -> QuerySet:
    """What a list says of each, in one statement."""
    posts = PostHolding.objects.on(day).filter(member=OuterRef("pk")).order_by("post__rank")
    return people.annotate(
        home=FilteredRelation(
            "memberships",
            condition=Q(memberships__kind=Membership.Kind.HOME) & _holds("memberships", day),
        ),
        now=FilteredRelation("standings", condition=_holds("standings", day)),
        first_post=Subquery(posts.values("post__name")[:1]),
    ).values_list(
        "pk",
        "staff_number",
        "name",
        "home__branch_id",
        F("home__branch__short_name"),
        "now__kind",
        "now__state",
        "first_post",
        "last_login",
        "record__joined_on",
        "record__workplace",
        "is_active",
    )


def _as_rows(lines: Iterable[tuple]) -> list[Row]:
    return [
        Row(*(("" if v is None and i in TEXTS else v) for i, v in enumerate(line)))
        for line in lines
    ]


def _holds(relation: str, day: date) -> Q:
    return Q(**{f"{relation}__since__lte": day}) & (
        Q(**{f"{relation}__until": None}) | Q(**{f"{relation}__until__gt": day})
    )
