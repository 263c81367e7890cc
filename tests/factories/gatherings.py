"""Gatherings through the services, so that every row is one the product could write."""

import itertools
from datetime import datetime, timedelta

from school.core import clock
from school.gatherings.models import Attendance, Gathering
from school.gatherings.services import convene_gathering, open_gathering
from school.members.models import Branch, Member
from school.study.models import StudyItem
from school.study.services.items import register_item

_numbers = itertools.count(1)
START = datetime(2026, 3, 10, 14, 0, tzinfo=clock.LOCAL)
HOUR = timedelta(hours=1)


def lesson(**changes) -> StudyItem:
    """A registered film of a minute that anybody may see."""
    number = next(_numbers)
    values = {
        "kind": StudyItem.Kind.LESSON,
        "source_type": "test.lesson",
        "source_id": number,
        "title": f"岗位风险辨识 {number}",
        "path": f"/lesson-{number}/",
        "audience": None,
        "axis": "media",
        "axis_length": 60_000,
        "study_ms": 60_000,
        "text_digest": "x",
    }
    return register_item(**(values | changes)).item


def running(branch: Branch, by: Member, items=(), *, start=START, hours=1.0, **more) -> Gathering:
    """One that was opened a while before its start."""
    values = {"kind": Gathering.Kind.GROUP, "title": "支部学习", **more}
    if not items:
        values["kind"] = Gathering.Kind.LECTURE
    with clock.at(start - 2 * HOUR):
        return convene_gathering(
            branch=branch,
            by=by,
            items=list(items),
            sessions=more.pop("sessions", None) or [(start, start + timedelta(hours=hours))],
            **{k: v for k, v in values.items() if k != "sessions"},
        )


def over(branch: Branch, by: Member, items=(), *, start=START, hours=1.0, **more) -> Gathering:
    """One that is registered after its end."""
    kind = Gathering.Kind.GROUP if items else Gathering.Kind.LECTURE
    values = {"kind": kind, "title": "支部学习", **more}
    sessions = values.pop("sessions", None) or [(start, start + timedelta(hours=hours))]
    with clock.at(sessions[-1][1] + HOUR):
        return open_gathering(branch=branch, by=by, items=list(items), sessions=sessions, **values)


def row_of(gathering: Gathering, member: Member) -> Attendance:
    """A member's row in the list."""
    return gathering.attendances.get(member=member)
