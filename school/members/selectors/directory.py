"""The list of members (名册): one page by keyset, an exact count to a thousand.

However many members a node has, a page costs two statements: the keys of those meant, at most
one more than ``EXACT``, and the rows of the page. What the second is depends on the first:

- up to ``EXACT``: the rows are looked for among the keys;
- more: the index of staff numbers is walked, and each member met is asked for his branch. A page
  is full after about as many steps as the node is rarer than the school, so it stays flat.

Neither database can be trusted to choose between the two: SQLite does not know how full a branch
is, PostgreSQL takes the path's range for independent of everything else.
"""

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
    Value,
)
from django.db.models.functions import Coalesce

from school.core import clock
from school.members.models import (
    Branch,
    Member,
    Membership,
    MemberStanding,
    PostHolding,
)

EXACT = 1000
PAGE_ROWS = 30
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
    found = list(_matching(branch, wanted)[: EXACT + 1])
    if len(found) <= EXACT:
        return _page(Member.objects.filter(pk__in=found), len(found), False, cursor, rows)
    return _page(_walked(branch, wanted), EXACT, True, cursor, rows)


def subtree_q(branch: Branch, field: str = "branch__path") -> Q:
    """Condition on a path at or below a branch: a range, which both databases find by index."""
    return Q(**{f"{field}__gte": branch.path, f"{field}__lte": branch.path + "Z" * Branch.steplen})


def _homes(branch: Branch, day: date) -> QuerySet[Membership]:
    return Membership.objects.on(day).filter(subtree_q(branch), kind=Membership.Kind.HOME)


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


def _matching(branch: Branch, wanted: Wanted) -> QuerySet:
    """Keys of everybody meant, in no order."""
    day = clock.today()
    if not wanted.text.strip():
        homes = _homes(branch, day).filter(_conditions(wanted, day, "member_id"))
        return homes.order_by().values_list("member_id", flat=True)
    if branch.is_leaf():
        homes = _homes(branch, day).filter(_conditions(wanted, day, "member_id"))
        named = homes.filter(text_q(wanted.text, "member__"))
        return named.order_by().values_list("member_id", flat=True)
    return _walked(branch, wanted).order_by().values_list("pk", flat=True)


def _walked(branch: Branch, wanted: Wanted) -> QuerySet[Member]:
    """Everybody meant, by asking each member met for his branch."""
    day = clock.today()
    homes = _homes(branch, day).filter(member=OuterRef("pk")).order_by()
    people = Member.objects.filter(Exists(homes), _conditions(wanted, day))
    return people.filter(text_q(wanted.text)) if wanted.text.strip() else people


def _page(people: QuerySet[Member], total: int, more: bool, cursor: Cursor, rows: int) -> Listing:
    """The rows from the cursor on; one more is read to know whether there is a page behind."""
    if cursor.after:
        people = people.filter(staff_number__gt=cursor.after)
    elif cursor.before:
        people = people.filter(staff_number__lt=cursor.before)
    order = "-staff_number" if cursor.backwards else "staff_number"
    if more:
        shown = _rows(people.order_by(order)[: rows + 1])
    else:
        shown = _rows(Member.objects.filter(pk__in=_cut(people, cursor, rows)).order_by(order))
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


def _cut(people: QuerySet[Member], cursor: Cursor, rows: int) -> QuerySet:
    """Keys of the page among few people.

    Sorted by an expression, so that no index of staff numbers is walked: PostgreSQL would choose
    it for the sake of the limit, and meet the few behind all the others.
    """
    number = Coalesce("staff_number", Value(""))
    order = number.desc() if cursor.backwards else number.asc()
    return people.order_by(order).values("pk")[: rows + 1]


# Places of a row's texts: where nothing is joined, the text is empty.
TEXTS = frozenset({4, 5, 6, 7, 10})


def _rows(people: QuerySet[Member]) -> list[Row]:
    """What a list says of each, in one statement."""
    day = clock.today()
    posts = PostHolding.objects.on(day).filter(member=OuterRef("pk")).order_by("post__rank")
    values = people.annotate(
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
    return [
        Row(*(("" if v is None and i in TEXTS else v) for i, v in enumerate(line)))
        for line in values
    ]


def _holds(relation: str, day: date) -> Q:
    return Q(**{f"{relation}__since__lte": day}) & (
        Q(**{f"{relation}__until": None}) | Q(**{f"{relation}__until__gt": day})
    )
