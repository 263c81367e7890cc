"""Booking a sheet of offline or outside hours; the same line again changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
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
    """What became of a sheet. ``late``: lines of a closed year, listed for 教务.

    ``similar``: lines that may stand in the ledger already under another name, in words.
    """

    booked: int = 0
    known: int = 0
    late: int = 0
    errors: list[str] = field(default_factory=list)
    similar: list[str] = field(default_factory=list)


def import_hours(
    *,
    path: Path,
    by: Member | None = None,
    dry_run: bool = False,
    good_rows_only: bool = False,
    also_similar: bool = False,
    tell: Tell | None = None,
) -> Imported:
    """Book the lines of a sheet, each in a transaction of its own; it may be run again.

    Args:
        by: who imports; lines of the own hours are refused.
        dry_run: say what would happen and write nothing.
        good_rows_only: book although some lines are wrong; else nothing is booked then.
        also_similar: book also lines where the ledger has hours of the same person, day and kind,
            as somebody has looked at them; else they count as wrong.

    Raises:
        DomainError: the file as a whole cannot be read.
    """
    sheet = hour_sheets.read(path, path.name)
    done = Imported(errors=list(sheet.errors))
    booked, alike = _booked(sheet.rows), _alike(sheet.rows)
    todo = []
    for row in sheet.rows:
        before = booked.get((row.member_id, row.origin))
        fault = _fault(row, before, by)
        if fault:
            done.errors.append(_("第 %(row)d 行：%(error)s") % {"row": row.number, "error": fault})
            continue
        if before:
            done.known += 1
            continue
        if twins := alike.get((row.member_id, row.day, row.source)):
            done.similar.append(_similar(row, twins))
            if not also_similar:
                continue
        todo.append(row)
    wrong = done.errors or (done.similar and not also_similar)
    if dry_run or (wrong and not good_rows_only):
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
        fields={
            "lines": done.booked,
            "errors": len(done.errors),
            "similar": len(done.similar) if also_similar else 0,
        },
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


def _alike(rows: list[hour_sheets.Row]) -> dict[tuple[int, date, str], list[str]]:
    """Titles of offline lines in force by person, day and kind, but for those of the sheet itself.

    A gathering and a line of a sheet, or two sheets that name one event differently.
    """
    members = sorted({row.member_id for row in rows})
    days, own = {row.day for row in rows}, {row.origin for row in rows}
    found: dict[tuple[int, date, str], list[str]] = {}
    for start in range(0, len(members), 500):
        lines = HourEntry.objects.in_force().filter(
            member_id__in=members[start : start + 500],
            studied_on__range=(min(days), max(days)),
            source__in=HourEntry.OFFLINE,
        )
        for member, day, source, origin, title in lines.values_list(
            "member_id", "studied_on", "source", "origin", "title"
        ):
            if day in days and origin not in own:
                found.setdefault((member, day, source), []).append(title)
    return found


def _similar(row: hour_sheets.Row, titles: list[str]) -> str:
    return _("第 %(row)d 行：%(day)s 已有同类线下学时“%(titles)s”，可能是同一件事。") % {
        "row": row.number,
        "day": row.day,
        "titles": "”“".join(titles),
    }


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
