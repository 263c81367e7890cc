"""The whole hour ledger worked out from its evidence: 1,000,000 lines, and a tenth of them.

``study.rebuild_hours``: seconds of ``rebuild_hours`` over the lines, against reading the same
lines; ``study.rebuild_hours.linear``: time per line at the full size against a tenth of it. Half of
the lines are of a school that counts by time, half of one that counts on completion, all under a
cap of the day; every line is found to be right. Run inside a world: ``python -m benchmarks.hours``.
"""

import json
import os
import time
from collections.abc import Callable
from datetime import date, timedelta

import django

from benchmarks import world

NAME = "study.rebuild_hours"
LINES = int(os.environ.get("BENCH_HOUR_LINES", "1000000"))
LINES_EACH = 100
ITEMS = 200
LIMIT_S = 60
FIRST = date(2026, 1, 1)
# From this day on the school counts by time.
TURN = date(2026, 7, 1)
STUDIED_MS = 900_000


def measure(emit: Callable) -> None:
    """Print the figures of both worlds."""
    for name in world.names():
        with world.empty(name) as place:
            for got in json.loads(place.python("-m", "benchmarks.hours")):
                emit(
                    got["name"].replace(NAME, f"{NAME}.{name}"),
                    got["value"],
                    got["unit"],
                    got["against"],
                    got["other"],
                    database=name,
                    lines=got["lines"],
                    limit=got["limit"],
                    load=round(os.getloadavg()[0], 1),
                )


# -- inside a world ------------------------------------------------------------------------------


def fill(lines: int, before: int) -> None:
    """Members with a hundred lines each, straight into the tables: what is measured is reading."""
    from school.core import clock
    from school.members.models import Member
    from school.study.models import Completion, HourEntry, StudyDay

    revisions, rules = _school()
    now = clock.now()
    for start in range(before, lines, 100 * LINES_EACH):
        members = Member.objects.bulk_create(
            Member(staff_number=f"H{number:07}", name="学员", password="!")
            for number in range(start // LINES_EACH, min(start // LINES_EACH + 100, lines // 100))
        )
        done, days = [], []
        for member in members:
            for number in range(LINES_EACH // 2):
                day = FIRST + timedelta(days=number * 3)
                done.append((member, revisions[number], day))
                days.append((member, revisions[ITEMS // 2 + number], TURN + (day - FIRST)))
        completions = Completion.objects.bulk_create(
            Completion(
                member=m,
                item_id=r.item_id,
                revision=r,
                effective_on=d,
                recorded_at=now,
                evidence="study",
            )
            for m, r, d in done
        )
        StudyDay.objects.bulk_create(
            StudyDay(member=m, revision=r, day=d, studied_ms=STUDIED_MS) for m, r, d in days
        )
        booked = [
            (c.member_id, c.item_id, c.effective_on, f"completion:{c.pk}", 50) for c in completions
        ]
        booked += [(m.pk, r.item_id, d, f"study:{r.pk}.0.{d}@{STUDIED_MS}", 33) for m, r, d in days]
        HourEntry.objects.bulk_create(
            HourEntry(
                member_id=member,
                item_id=item,
                title="微课",
                seconds=900,
                credit=credit,
                award=credit,
                source="online",
                studied_on=day,
                recorded_at=now,
                counts_for_year=day.year,
                rule=rules[day >= TURN],
                origin=origin,
            )
            for member, item, day, origin, credit in booked
        )


def _school() -> tuple[list, list]:
    """The items, and the two rules one after the other."""
    from school.core import clock
    from school.study.models import HourRule, ItemRevision, StudyItem

    rules = [
        HourRule.objects.get_or_create(
            version=900 + place, defaults={"effective_from": day, "mode": mode, **terms}
        )[0]
        for place, (day, mode, terms) in enumerate(
            (
                (FIRST, "on_completion", {"tiers": [[None, 50]], "daily_cap": 800}),
                (TURN, "as_studied", {"minutes_per_hour": 45, "daily_cap": 800}),
            )
        )
    ]
    known = ItemRevision.objects.filter(item__source_type="bench.hours").order_by("pk")
    if known.exists():
        return list(known), rules
    items = StudyItem.objects.bulk_create(
        StudyItem(kind="lesson", source_type="bench.hours", source_id=n, title="微课")
        for n in range(ITEMS)
    )
    revisions = ItemRevision.objects.bulk_create(
        ItemRevision(
            item=item,
            number=1,
            axis="media",
            axis_length=STUDIED_MS,
            study_ms=STUDIED_MS,
            award=50,
            published_at=clock.now(),
        )
        for item in items
    )
    return list(revisions), rules


def run() -> list[dict]:
    from school.study.services.rebuild import rebuild_hours

    taken, found = {}, []
    before = 0
    for lines in (LINES // 10, LINES):
        fill(lines, before)
        before = lines
        _analyse()
        started = time.perf_counter()
        result = rebuild_hours()
        taken[lines] = time.perf_counter() - started
        if result.differences or result.lines != lines:
            raise RuntimeError(f"{result.lines} lines, {result.differences[:3]}")
    started = time.perf_counter()
    _read()
    reading = time.perf_counter() - started
    found.append(
        {
            "name": NAME,
            "value": taken[LINES],
            "unit": "s",
            "against": "reading the same lines",
            "other": reading,
            "lines": LINES,
            "limit": LIMIT_S,
        }
    )
    found.append(
        {
            "name": f"{NAME}.linear",
            "value": taken[LINES] / LINES * 1e6,
            "unit": "us/line",
            "against": "us/line at a tenth of the lines",
            "other": taken[LINES // 10] / (LINES // 10) * 1e6,
            "lines": LINES,
            "limit": 1.3,
        }
    )
    return found


def _read() -> None:
    from school.study.models import HourEntry

    for _row in HourEntry.objects.order_by("pk").values_list("pk", "credit", "origin").iterator():
        pass


def _analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main() -> None:
    django.setup()
    print(json.dumps(run()))


if __name__ == "__main__":
    main()
