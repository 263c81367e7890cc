"""Real time already spent, day by day: what posting and gatherings share.

The statements of posting reports stand in ``sinks.statements``.
"""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.db import connection

from school.study import spans as sets
from school.study.models import WallDay
from school.study.rules import judge
from school.study.services.locks import lock_member

_WALL = WallDay._meta.db_table


def _run(sql: str, params: Sequence) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _day(day: date) -> object:
    return connection.ops.adapt_datefield_value(day)


_FIND_WALL = f"SELECT day, spans FROM {_WALL} WHERE member_id = %s AND day >= %s AND day <= %s"

_SAVE_WALL = f"""
    INSERT INTO {_WALL} (member_id, day, spans) VALUES {{rows}}
    ON CONFLICT (member_id, day) DO UPDATE SET spans = excluded.spans
"""


def load_wall(member_id: int, low: int, high: int) -> dict[int, sets.Spans]:
    """The member's spent time on the study days of ``[low, high)`` (local ms)."""
    first, last = judge.day_of(low), judge.day_of(max(low, high - 1))
    days = [_day(judge.date_of(number)) for number in (first, last)]
    return {
        judge.day_number(_date(day)): sets.unpack(spans)
        for day, spans in _run(_FIND_WALL, [member_id, *days])
    }


def save_wall(member_id: int, wall: sets.Spans, claimed: sets.Spans) -> None:
    """Write the days that ``claimed`` touched, from the whole of ``wall``."""
    touched = judge.split_by_day(claimed)
    if not touched:
        return
    whole = judge.split_by_day(wall)
    params: list = []
    for day in touched:
        # Gaps of a crumbled day are closed, so no row grows without end; nobody gains by it.
        kept = sets.coarsen(whole[day], settings.STUDY_SPANS)
        params += [member_id, _day(judge.date_of(day)), sets.pack(kept)]
    _run(_SAVE_WALL.format(rows=", ".join(["(%s, %s, %s)"] * len(touched))), params)


def claim(member_id: int, low: int, high: int) -> sets.Spans:
    """Spend ``[low, high)`` (local ms) of a member's time; returns what was still free of it."""
    lock_member(member_id)
    wall = judge.join_days(load_wall(member_id, low, high))
    fresh = sets.free(wall, low, high)
    save_wall(member_id, sets.union(wall, fresh), fresh)
    return fresh


def release(member_id: int, spans: sets.Spans) -> None:
    """Give time back that was claimed (local ms)."""
    if not spans:
        return
    lock_member(member_id)
    wall = judge.join_days(load_wall(member_id, spans[0], spans[-1]))
    left = judge.split_by_day(sets.subtract(wall, spans))
    params: list = []
    for day in judge.split_by_day(spans):
        params += [member_id, _day(judge.date_of(day)), sets.pack(left.get(day, []))]
    _run(_SAVE_WALL.format(rows=", ".join(["(%s, %s, %s)"] * (len(params) // 3))), params)
