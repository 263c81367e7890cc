"""Booking a sheet of offline or outside hours; the same line again changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit
from school.core.language import school_language
from school.members.models import Member
from school.study import hour_sheets
from school.study.models import HourEntry
from school.study.services.ledger import post_offline

Tell = Callable[[float, str], None]


@dataclass
class Imported:
    """What became of a sheet. ``late``: lines of a closed year, listed for 教务."""

    booked: int = 0
    known: int = 0
    late: int = 0
    errors: list[str] = field(default_factory=list)


def import_hours(
    *,
    path: Path,
    by: Member | None = None,
    dry_run: bool = False,
    good_rows_only: bool = False,
    tell: Tell | None = None,
) -> Imported:
    """Book the lines of a sheet, each in a transaction of its own; it may be run again.

    Args:
        by: who imports; lines of the own hours are refused.
        dry_run: say what would happen and write nothing.
        good_rows_only: book although some lines are wrong; else nothing is booked then.

    Raises:
        DomainError: the file as a whole cannot be read.
    """
    sheet = hour_sheets.read(path, path.name)
    done = Imported(errors=list(sheet.errors))
    booked = _booked(sheet.rows)
    todo = []
    for row in sheet.rows:
        before = booked.get((row.member_id, row.origin))
        fault = _fault(row, before, by)
        if fault:
            done.errors.append(_("第 %(row)d 行：%(error)s") % {"row": row.number, "error": fault})
        elif before:
            done.known += 1
        else:
            todo.append(row)
    if dry_run or (done.errors and not good_rows_only):
        done.booked = len(todo) if dry_run else 0
        return done
    for number, row in enumerate(todo, 1):
        entry = _post(row)
        done.booked += 1
        done.late += hasattr(entry, "late_arrival")
        if tell:
            tell(number / len(todo), f"已入账 {number} / {len(todo)} 条")
    audit.record(
        "study.hours_imported",
        actor=by,
        label=path.name,
        fields={"lines": done.booked, "errors": len(done.errors)},
    )
    return done


def _booked(rows: list[hour_sheets.Row]) -> dict[tuple[int, str], tuple[int, int | None]]:
    """Lines known by person and origin, with their seconds and award."""
    origins = sorted({row.origin for row in rows})
    found = {}
    for start in range(0, len(origins), 500):
        lines = HourEntry.objects.filter(origin__in=origins[start : start + 500])
        for member, origin, seconds, award in lines.values_list(
            "member_id", "origin", "seconds", "award"
        ):
            found[member, origin] = seconds, award
    return found


def _fault(row: hour_sheets.Row, before: tuple | None, by: Member | None) -> str:
    if by and row.member_id == by.pk:
        return _("不能导入自己的学时，请由其他人员导入。")
    if before is None:
        return ""
    seconds, award = before
    if seconds != row.seconds or (row.credit is not None and award != row.credit):
        return _("已经导入过，时长或学时不同。请在学时台账里更正。")
    return ""


@transaction.atomic
@school_language()
def _post(row: hour_sheets.Row) -> HourEntry:
    return post_offline(
        member_id=row.member_id,
        title=row.title,
        seconds=row.seconds,
        source=row.source,
        studied_on=row.day,
        origin=row.origin,
        award=row.credit,
        note=_("证明材料：%(paper)s") % {"paper": row.paper},
    )
