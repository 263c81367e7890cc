"""Roster files as people and attackers make them, and imports taken through the services."""

import io
import itertools
import zipfile
from pathlib import Path

from openpyxl import Workbook, load_workbook

from school.core import jobs
from school.members.models import RosterImport
from school.members.rules.numbers import check_character
from school.members.services.rosters import confirm_roster, upload_roster

HEAD = ["所属党组织", "工号", "姓名", "公民身份号码", "手机号码", "人员类别", "入党日期"]
_numbers = itertools.count(1)


def identity(number: int | None = None, born: str = "19800101") -> str:
    """A valid identity number, another one at each call."""
    number = next(_numbers) if number is None else number
    seventeen = f"1401{number // 1000 % 100:02}{born}{number % 1000:03}"
    return seventeen + check_character(seventeen)


def workbook(rows, *, head=HEAD, title="花名册", change=None) -> bytes:
    """An xlsx with a head and rows; ``change`` gets the book and its sheet before it is saved."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in ([head] if head else []) + list(rows):
        sheet.append(row)
    if change:
        change(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(content: bytes, name: str, change) -> bytes:
    """A workbook with one of its parts rewritten by ``change(bytes) -> bytes``."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data) if entry.filename == name else data)
    return out.getvalue()


def upload(branch, content: bytes, by=None, name="花名册.xlsx", **options) -> RosterImport:
    """An upload that has been read."""
    roster = upload_roster(branch=branch, name=name, chunks=[content], by=by, **options)
    jobs.run(roster.job_id)
    roster.refresh_from_db()
    return roster


def confirm(roster, by=None, *, whole_only=True, move_members=False) -> RosterImport:
    """A confirmed import that has been written."""
    roster = confirm_roster(roster=roster, whole_only=whole_only, move_members=move_members, by=by)
    jobs.run(roster.job_id)
    roster.refresh_from_db()
    return roster


def cells(path: Path) -> list[list]:
    """All rows of the first sheet of a written workbook."""
    with path.open("rb") as handle:
        return [
            list(row) for row in load_workbook(handle).worksheets[0].iter_rows(values_only=True)
        ]


def row(branch, staff, name, number="", mobile="", kind="正式党员", joined="2010-07-01"):
    """A row under ``HEAD``; ``branch`` as a branch or as it is typed."""
    return [getattr(branch, "name", branch), staff, name, number, mobile, kind, joined]


def messages(roster) -> dict[int, str]:
    """What an import says of its wrong rows, by row."""
    return {r["row"]: " ".join(r["errors"]) for r in roster.findings if r["kind"] == "rejected"}


def ready_to_write(branch, rows, by, *, whole_only, **options) -> RosterImport:
    """A confirmed import whose job has not run."""
    found = upload(branch, workbook(rows), by, **options)
    return confirm_roster(roster=found, whole_only=whole_only, move_members=False, by=by)


def left_on_disk(folder: Path) -> list[str]:
    """Names of what lies in a folder; none when there is no folder."""
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []
