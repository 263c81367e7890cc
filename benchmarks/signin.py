"""members.sign_in: a whole sign-in against one password hash and 5 ms, in CPU of the web process.

The sign-in is the form's POST through every middleware, from a browser the account has used before
and from a new one in turns; its peer is the same hasher checking the same password in the same
process, in turns with it. Run inside a prepared world: ``python -m benchmarks.signin``.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import date

import django

from benchmarks import world

NAME = "members.sign_in"
ROUNDS = int(os.environ.get("BENCH_SIGN_INS", "40"))
WARM_UP = 4
PASSWORD = "Measured-2026-x"
BEYOND_MS = 5


def measure(emit: Callable) -> None:
    """Print the figure of both worlds."""
    for name in world.names():
        with world.empty(name) as place:
            got = json.loads(place.python("-m", "benchmarks.signin"))
        emit(
            f"{NAME}.{name}",
            got["sign_in_ms"],
            "ms CPU",
            f"one password hash and {BEYOND_MS} ms",
            got["hash_ms"] + BEYOND_MS,
            database=name,
            beyond_the_hash_ms=round(got["sign_in_ms"] - got["hash_ms"], 2),
            hash_ms=round(got["hash_ms"], 2),
            wall_ms=round(got["sign_in_wall_ms"], 2),
            hash_wall_ms=round(got["hash_wall_ms"], 2),
            rounds=ROUNDS,
            load=round(os.getloadavg()[0], 1),
        )


def measured() -> dict[str, float]:
    """Median milliseconds of a sign-in and of a hash, CPU and wall."""
    from django.test import Client

    from school.members.models import Branch, Member
    from school.members.services.branches import create_branch
    from school.members.services.people import enrol_member

    day = date(2020, 1, 1)
    branch = create_branch(
        parent=None,
        code="SIGN-IN",
        name="测量党支部",
        short_name="测量",
        kind=Branch.Kind.BRANCH,
        founded_on=day,
    )
    enrol_member(staff_number="SIGN1", name="测量", branch=branch, since=day)
    member = Member.objects.get(staff_number="SIGN1")
    member.set_password(PASSWORD)
    member.must_set_password = False
    member.save()
    # Each has its middleware loaded once, as a server has; a new browser is one without cookies.
    known, new = (Client(headers={"host": "localhost"}) for _ in range(2))
    turns: list[tuple[float, float, float, float]] = []
    for turn in range(WARM_UP + ROUNDS):
        browser = known if turn % 2 else new
        new.cookies.clear()
        before = time.process_time(), time.perf_counter()
        answer = browser.post("/sign-in/", {"account": "SIGN1", "secret": PASSWORD})
        middle = time.process_time(), time.perf_counter()
        member.check_password(PASSWORD)
        after = time.process_time(), time.perf_counter()
        if answer.status_code != 302:
            raise RuntimeError(f"the sign-in answered {answer.status_code}")
        browser.post("/sign-out/")
        if turn >= WARM_UP:
            pairs = ((before, middle), (middle, after))
            turns.append(tuple(end[i] - start[i] for i in (0, 1) for start, end in pairs))
    names = ("sign_in_ms", "hash_ms", "sign_in_wall_ms", "hash_wall_ms")
    medians = (statistics.median(column) * 1000 for column in zip(*turns, strict=True))
    return dict(zip(names, medians, strict=True))


def main() -> None:
    django.setup()
    print(json.dumps(measured()))


if __name__ == "__main__":
    main()
