"""The audit trail with 1,000,000 entries, and a change of the key over 100,000 people.

``core.audit_page``: a page of the viewer by key, first, deep and filtered, against one indexed
SELECT of as many rows in turns with it. ``core.audit_seal`` and ``core.audit_verify``: the whole
trail, against reading the same rows. ``members.rotate_keys``: against reading and
writing the same rows without cryptography. Run inside a prepared world:
``python -m benchmarks.trail``.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import django

from benchmarks import world

NAMES = ("core.audit", "members.rotate_keys")
ENTRIES = int(os.environ.get("BENCH_TRAIL_ENTRIES", "1000000"))
PEOPLE = int(os.environ.get("BENCH_TRAIL_PEOPLE", "100000"))
ROUNDS = 40
ACTORS = 5_000
ACTIONS = ("members.signed_in", "members.enrolled", "reports.exported", "plans.published")


def wanted(group: str) -> bool:
    """Whether a group of figures takes in these."""
    return any(name.startswith(group) for name in NAMES)


def measure(emit: Callable) -> None:
    """Print the figures of both worlds."""
    for name in world.names():
        with world.empty(name) as place:
            for got in json.loads(place.python("-m", "benchmarks.trail")):
                emit(
                    f"{got['name']}.{name}",
                    got["value"],
                    got["unit"],
                    got["against"],
                    got["other"],
                    database=name,
                    load=round(os.getloadavg()[0], 1),
                    **got["about"],
                )


# -- inside a world ------------------------------------------------------------------------------


def fill() -> None:
    """Entries a second apart, straight into the table: what is measured is reading them."""
    from school.core import clock
    from school.core.models import AuditEntry

    start = clock.now() - timedelta(seconds=ENTRIES)
    for first in range(0, ENTRIES, 5_000):
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=start + timedelta(seconds=number),
                actor_id=number % ACTORS + 1,
                actor_label=f"T{number % ACTORS + 1:05} 张**",
                action=ACTIONS[number % len(ACTIONS)],
                subject_type="members.member",
                subject_id=str(number % 9_973 + 1),
                subject_label="T00001 李**",
                fields={"on": "2026-01-01"},
                address="10.0.0.0",
            )
            for number in range(first, min(first + 5_000, ENTRIES))
        )
    analyse()


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def timed(work: Callable) -> float:
    """Wall milliseconds of one call."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def pages() -> list[dict]:
    """Median milliseconds of each kind of page, against the indexed SELECT in turns with it."""
    from school.core.audit import trail
    from school.core.models import AuditEntry

    middle = AuditEntry.objects.order_by("pk")[ENTRIES // 2 : ENTRIES // 2 + 1].get()
    first = AuditEntry.objects.order_by("pk").first()
    day = middle.at.date()
    kinds = {
        "first": (trail.TrailFilter(), None),
        "deep": (trail.TrailFilter(), (middle.at, middle.pk)),
        "last": (trail.TrailFilter(), (first.at + timedelta(minutes=2), first.pk + 120)),
        "actor": (trail.TrailFilter(actor=17), None),
        "action": (trail.TrailFilter(action=ACTIONS[1]), None),
        "subject": (trail.TrailFilter(subject_type="members.member", subject_id="77"), None),
        "day": (trail.TrailFilter(since=day, until=day), None),
        "actor_and_action": (trail.TrailFilter(actor=18, action=ACTIONS[1]), None),
        "nobody_and_action": (trail.TrailFilter(actor=0, action=ACTIONS[1]), None),
    }
    figures = []
    for kind, (asked, before) in kinds.items():
        mine, bare = [], []
        for turn in range(ROUNDS + 3):
            value = timed(lambda asked=asked, before=before: trail.page(asked, before=before))
            other = timed(lambda: list(AuditEntry.objects.order_by("-pk")[: trail.PAGE + 1]))
            if turn >= 3:
                mine.append(value)
                bare.append(other)
        figures.append(
            figure(
                f"core.audit_page.{kind}",
                statistics.median(mine),
                "ms",
                f"one indexed SELECT of {trail.PAGE + 1} rows",
                statistics.median(bare),
                entries=ENTRIES,
            )
        )
    return figures


def figure(name: str, value: float, unit: str, against: str, other: float, **about) -> dict:
    """One figure as this process hands it to the one that prints."""
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "against": against,
        "other": other,
        "about": about,
    }


def chain() -> list[dict]:
    """Seconds to seal a trail that nobody sealed, and to verify it."""
    from school.core import audit
    from school.core.audit.seals import CONTENT
    from school.core.models import AuditEntry

    sealed = timed(audit.seal_all) / 1000
    rows = AuditEntry.objects.order_by("pk").values_list(*CONTENT)
    read = timed(lambda: [None for _row in rows.iterator(chunk_size=10_000)]) / 1000
    found = []
    verified = timed(lambda: found.append(audit.verify())) / 1000
    if found[0].problems or found[0].entries < ENTRIES:
        raise RuntimeError(f"the trail does not verify: {found[0]}")
    against = "reading the same rows"
    return [
        figure("core.audit_seal", sealed, "s", against, read, entries=ENTRIES),
        figure("core.audit_verify", verified, "s", against, read, entries=ENTRIES),
    ]


def rotation() -> list[dict]:
    """Seconds to rewrite two values of each of many people with a new key."""
    from django.conf import settings
    from django.db import transaction

    from school.core import encrypted
    from school.members.models import Member

    for first in range(0, PEOPLE, 2_000):
        people = [
            Member(staff_number=f"R{number:07}", name="测", password="!")
            for number in range(first, min(first + 2_000, PEOPLE))
        ]
        for number, person in enumerate(people, first):
            person.set_mobile(f"139{number:08}")
            person.set_identity(f"11010519491231{number % 10_000:04}{number:06}")
        Member.objects.bulk_create(people)
    settings.FIELD_KEYS_OLD = [settings.FIELD_KEY]
    settings.FIELD_KEY = "measured-" + settings.FIELD_KEY

    def rotate():
        for column in encrypted.columns():
            *_before, state = encrypted.rotate(column)
            if state.failed or column.stale.exists():
                raise RuntimeError(f"{column} was not rotated")

    def write():
        """What a rotation cannot go without: reading each row and writing it back, twice."""
        for column in [one for one in encrypted.columns() if one.index]:
            pair, after = [column.cipher, column.index], 0
            while rows := list(column.rows.filter(pk__gt=after).order_by("pk")[: encrypted.BATCH]):
                with transaction.atomic():
                    encrypted._update(column, rows, pair)
                after = rows[-1].pk

    return [
        figure(
            "members.rotate_keys",
            timed(rotate) / 1000,
            "s",
            "reading and writing the same rows without cryptography",
            timed(write) / 1000,
            people=PEOPLE,
            values=2 * PEOPLE,
        )
    ]


def main() -> None:
    django.setup()
    fill()
    print(json.dumps([*pages(), *chain(), *rotation()]))


if __name__ == "__main__":
    main()
