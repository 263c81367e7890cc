"""members.move_branch: a subtree of 5,000 branches, with members and counted plans, moved.

Compared with the least that any move costs: one statement that writes the path of every branch
below. Run inside a prepared world: ``python -m benchmarks.tree``.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

import django

from benchmarks import world

NAME = "members.move_branch"
LIMIT_SECONDS = 2

LEAVES = 4_761  # with a general branch for each twenty and the root: 5,000 branches
MEMBERS, ITEMS, DAYS = 10_000, 6, 120
ROUNDS = 5


def measure(emit: Callable) -> None:
    """Print the figures of both worlds."""
    for name in world.names():
        with world.empty(name) as place:
            found = json.loads(place.python("-W", "ignore", "-m", "benchmarks.tree"))
        seconds, bare = found.pop("seconds"), found.pop("bare")
        about = {"database": name, **found, "load": round(os.getloadavg()[0], 1)}
        variant = f"{NAME}.{name}"
        emit(variant, seconds, "s", "one statement writing the paths", bare, **about)
        emit(f"{variant}.seconds", seconds, "s", "limit", LIMIT_SECONDS, **about)


def measured() -> dict:
    """Median seconds of moving the subtree to and fro, and of the bare statement below it."""
    from django.db import connection, transaction

    from school.core import clock
    from school.demo.scale import grow
    from school.members.models import Branch, Membership
    from school.members.services.branches import create_branch, move_branch
    from school.plans.models import CountCheckpoint, CountDelta
    from school.plans.services.counting import fold

    grow(members=MEMBERS, branches=LEAVES, items=ITEMS, days=DAYS, tell=lambda line: None)
    subtree = Branch.objects.get(code=f"S{LEAVES}X{MEMBERS}")
    day = clock.today()
    values = {"kind": "committee", "founded_on": subtree.founded_on}
    top = create_branch(parent=None, code="BT", name="测量", short_name="测量", **values)
    homes = [
        create_branch(parent=top, code=f"BT{n}", name=f"测量{n}", short_name=f"测量{n}", **values)
        for n in (1, 2)
    ]
    plan_of_subtree(top)
    fold()
    seconds, bare = [], []
    for turn in range(ROUNDS):
        start = time.monotonic()
        move_branch(branch=subtree, parent=homes[turn % 2], on=day)
        seconds.append(time.monotonic() - start)
        subtree.refresh_from_db()
        # The least any move costs: writing the path of every branch below, and nothing else.
        start = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE members_branch SET path = path || '', depth = depth + 0 WHERE path LIKE %s",
                [f"{subtree.path}%"],
            )
        bare.append(time.monotonic() - start)
    return {
        "seconds": statistics.median(seconds),
        "bare": statistics.median(bare),
        "branches": Branch.objects.filter(path__startswith=subtree.path).count(),
        "members": Membership.objects.filter(branch__path__startswith=subtree.path).count(),
        "deltas": CountDelta.objects.count(),
        "checkpoints": CountCheckpoint.objects.count(),
    }


def plan_of_subtree(owner) -> None:
    """A published plan for everybody, so that there are counters to hand over."""
    from datetime import timedelta

    from school.core import clock
    from school.plans.services.plans import create_plan, publish_plan
    from school.study.models import StudyItem

    items = StudyItem.objects.filter(source_type__startswith="demo.scale.")
    today = clock.today()
    plan = create_plan(
        title="测量计划",
        owner=owner,
        starts_on=today - timedelta(days=100),
        ends_on=today + timedelta(days=100),
        items=[(item, True) for item in items],
    )
    publish_plan(plan=plan)


def main() -> None:
    django.setup()
    sys.stdout.write(json.dumps(measured()))


if __name__ == "__main__":
    main()
