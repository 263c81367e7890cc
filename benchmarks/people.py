"""members.list and members.scope_filter: a node's members by keyset, a thousand and a hundred
thousand of them.

The list is asked over HTTP by a committee's administrator, its first and its last page, as turning
a page asks for them (the rows without the frame), in turns with the bare view; what ends with
``page`` is the first page with its frame. Flatness is wall time, for the database's own work is not
in the CPU of the web server. Run inside a prepared world: ``python -m benchmarks.people
{grow|scope}``.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date

import django

from benchmarks import world
from benchmarks.counting import ANSWER, ASK

LIST, SCOPE = "members.list", "members.scope_filter"
SINCE = date(2020, 1, 1)
BATCH = 2000
PER_BRANCH = 100
FEW, MANY = 1_000, int(os.environ.get("BENCH_MEMBERS", "100000"))
LIMIT_STATEMENTS, LIMIT_RATIO, LIMIT_FLAT = 8, 6, 1.5
TURNS = 60


def measure(emit: Callable, interleaved: Callable, client_of: Callable, group: str = "") -> None:
    """Print the figures of both worlds that begin with ``group``."""
    for name in world.names():
        with world.empty(name) as place:
            place.python("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
            if name == "sqlite":
                place.python("manage.py", "createcachetable")
            plan = json.loads(place.python("-m", "benchmarks.people", "grow"))
            about = {"database": name, "members": MANY, "load": round(os.getloadavg()[0], 1)}
            if LIST.startswith(group):
                world.serve(place)
                _lists(place, plan, emit, interleaved, client_of(place.port), about)
            if SCOPE.startswith(group):
                most = json.loads(place.python("-m", "benchmarks.people", "scope"))
                emit(f"{SCOPE}.{name}", most, "further statements", "limit", 1, **about)


def _lists(place, plan, emit, interleaved, client, about) -> None:
    few, many = plan["few"], plan["many"]
    rows_of = RowsClient(client)

    def bare(count):
        for _ in range(count):
            client.ask("/benchmark/bare/1/", many["session"])

    for page, query, asker in (
        ("first", "", rows_of),
        ("last", "?last=1", rows_of),
        ("page", "", client),
    ):
        path = many["path"] + query

        def asked(count, path=path, asker=asker):
            for _ in range(count):
                asker.ask(path, many["session"])

        value, other = interleaved(place, asked, bare)
        name = f"{LIST}.{page}.{place.name}"
        emit(name, value, "ms CPU/request", "bare view", other, **about, limit_ratio=LIMIT_RATIO)
        headers, _page = asker.ask(path, many["session"], count=True)
        statements = int(headers[ANSWER].split("/")[0])
        emit(f"{name}.queries", statements, "statements", "limit", LIMIT_STATEMENTS, **about)
        small, large = _wall(asker, few, many, query)
        against = f"the same page of {FEW:,} members"
        emit(f"{name}.flat", large, "ms", against, small, **about, limit_ratio=LIMIT_FLAT)


class RowsClient:
    """Asks as htmx does when a page is turned."""

    def __init__(self, client) -> None:
        self.connection = client.connection

    def ask(self, path: str, session: str, *, count: bool = False):
        """Response headers and body; ``count`` asks for the number of statements."""
        headers = {"Cookie": f"sessionid={session}", "HX-Request": "true"}
        if count:
            headers[ASK] = "1"
        self.connection.request("GET", path, None, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}: {answer[:300]!r}")
        return response.headers, answer


def _wall(client, few: dict, many: dict, query: str) -> tuple[float, float]:
    """Median wall milliseconds of a page of few and of many members, asked in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for times, node in zip(took, (few, many), strict=True):
            before = time.perf_counter()
            client.ask(node["path"] + query, node["session"])
            times.append(time.perf_counter() - before)
    return statistics.median(took[0]) * 1000, statistics.median(took[1]) * 1000


# -- inside the world ---------------------------------------------------------------------------


def grow_all() -> dict:
    """A root with a node of few and one of many members, each with its administrator."""
    from school.members.models import Branch
    from school.members.services.branches import create_branch

    root = create_branch(
        parent=None,
        code="LIST",
        name="测量集团党委",
        short_name="测量集团",
        kind=Branch.Kind.COMMITTEE,
        founded_on=SINCE,
    )
    plan = {}
    for key, members in (("few", FEW), ("many", MANY)):
        root.refresh_from_db()
        plan[key] = _asked_by_its_administrator(grow(root, members, prefix=key.upper()))
    return plan


def _asked_by_its_administrator(node) -> dict:
    from benchmarks.plan import session_of
    from school.core import clock
    from school.core.models import HostSettings
    from school.members.models import RoleGrant
    from school.members.services.grants import grant_role
    from school.members.services.people import enrol_member

    who = enrol_member(
        staff_number=f"A{node.pk}", name="测量员", branch=node.get_first_child(), since=SINCE
    )
    grant_role(member=who, role=RoleGrant.Role.COMMITTEE_ADMIN, branch=node)
    who.must_set_password = False
    who.consent_version = HostSettings._meta.get_field("privacy_version").default
    who.profile_confirmed_at = who.first_run_done_at = clock.now()
    who.save()
    return {"session": session_of(who), "path": f"/branch/{node.pk}/people/"}


def grow(root, members: int, *, prefix: str):
    """A committee below ``root`` with branches of 100 members each, straight into the tables.

    The services enrol one by one and tell everybody, which is measured elsewhere; what is wanted
    here is only a list to read.
    """
    from django.contrib.auth.hashers import make_password
    from django.db import connection

    from school.members.models import Member, Membership, MemberStanding

    node, leaves = _branches(root, -(-members // PER_BRANCH), prefix)
    unusable = make_password(None)
    for start in range(0, members, BATCH):
        numbers = range(start, min(start + BATCH, members))
        made = Member.objects.bulk_create(
            Member(staff_number=f"{prefix}{n:07}", name=f"测{n}", password=unusable)
            for n in numbers
        )
        # Neighbours in the list come from branches all over the node.
        Membership.objects.bulk_create(
            Membership(member=who, branch=leaves[n % len(leaves)], since=SINCE)
            for n, who in zip(numbers, made, strict=True)
        )
        MemberStanding.objects.bulk_create(
            MemberStanding(member=who, kind="activist" if n % 300 == 0 else "full", since=SINCE)
            for n, who in zip(numbers, made, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    node.refresh_from_db()
    return node


def _branches(root, count: int, prefix: str):
    from school.members.models import Branch, BranchPlacement

    def found(parent, code, name, kind):
        made = parent.add_child(code=code, name=name, short_name=name, kind=kind, founded_on=SINCE)
        BranchPlacement.objects.create(branch=made, parent=parent, since=SINCE)
        return made

    node = found(root, f"{prefix}-N", f"{prefix}党委", Branch.Kind.COMMITTEE)
    leaves = [
        found(node, f"{prefix}-{n:05}", f"{prefix}{n}支部", Branch.Kind.BRANCH)
        for n in range(count)
    ]
    return node, leaves


def scope_statements() -> int:
    """By how many statements a scope makes a list dearer, at most, over all lists of people."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from school.members.models import Branch, CorrectionRequest, Member, RoleGrant, Transfer
    from school.members.permissions import Scope
    from school.members.selectors.people import corrections_of, transfers_of

    who = RoleGrant.objects.filter(branch__code="MANY-N").get().member
    lists = (
        (Branch.objects.order_by("path"), lambda scope: scope.branches),
        (Branch.objects.order_by("path"), lambda scope: scope.writable_branches),
        (Member.objects.all(), lambda scope: scope.members()),
        (Transfer.objects.all(), lambda scope: transfers_of(scope.branches)),
        (CorrectionRequest.objects.all(), lambda scope: corrections_of(scope.branches)),
    )

    def statements(read) -> int:
        with CaptureQueriesContext(connection) as seen:
            list(read()[:50])
        return len(seen)

    return max(
        statements(lambda: scoped(Scope(who))) - statements(lambda: everything)  # noqa: B023
        for everything, scoped in lists
    )


if __name__ == "__main__":
    django.setup()
    print(json.dumps(grow_all() if sys.argv[1] == "grow" else scope_statements()))
