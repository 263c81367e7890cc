"""The sign-in sheet as a workbook: a template with the names filled in, and reading it back."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from school.core import clock
from school.gatherings.models import Attendance, GatheringSession, Presence
from school.gatherings.rules import Mark, mark_fault
from school.gatherings.selectors import GatheringPage
from school.members.roster import columns
from school.members.roster.reading import Table, Unreadable, read_table
from school.members.roster.sheets import safe
from school.members.rules.numbers import fold

MOST_ROWS = 2_000
State = Attendance.State
# The sheet is a Chinese document in every language of the interface, so that what one downloads
# another can send back.
TITLE, WHO = "签到表", ("工号", "姓名", "所在支部")
STATE, LATE, EARLY = "到会情况", "迟到分钟", "早退分钟"
# What the template writes and offers, and what else people write.
CHOICES = {State.PRESENT: "到会", State.LEAVE: "请假", State.ABSENT: "缺席"}
WORDS = {word: state for state, word in CHOICES.items()} | {
    "出席": State.PRESENT,
    "到": State.PRESENT,
    "√": State.PRESENT,
    "未到": State.ABSENT,
}


@dataclass
class Read:
    """What a sheet says: marks by (attendance, session), and what is wrong with it, row by row."""

    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    rows: int = 0


def _suffix(number: int, sessions: list[GatheringSession]) -> str:
    return f"（第{number}场）" if len(sessions) > 1 else ""


def _heads(sessions: list[GatheringSession]) -> list[str]:
    heads = list(WHO)
    for number, _session in enumerate(sessions, 1):
        tail = _suffix(number, sessions)
        heads += [STATE + tail, LATE + tail, EARLY + tail]
    return heads


def template(page: GatheringPage) -> bytes:
    """The names with what is entered so far, lists to choose from."""
    book = Workbook()
    sheet = book.active
    sheet.title = TITLE
    sheet.append(_heads(page.sessions))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in page.rows:
        member, branch = row.attendance.member, row.attendance.branch
        sheet.append(
            [
                safe(member.staff_number),
                safe(member.name),
                safe(branch.short_name if branch else ""),
            ]
            + [value for cell in row.cells for value in _written(cell.row)]
        )
        sheet.cell(sheet.max_row, 1).number_format = "@"
    choose = DataValidation(type="list", formula1='"{}"'.format(",".join(CHOICES.values())))
    choose.error = _("请从列表里选择。")
    sheet.add_data_validation(choose)
    last = max(2, sheet.max_row)
    for number in range(len(page.sessions)):
        letter = sheet.cell(1, 4 + 3 * number).column_letter
        choose.add(f"{letter}2:{letter}{last}")
    for letter, width in (("A", 16), ("B", 14), ("C", 22)):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "C2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _written(row: Presence | None) -> list:
    if row is None:
        return ["", None, None]
    return [CHOICES.get(State(row.state), ""), row.late_minutes or None, row.early_minutes or None]


def read(path: Path, name: str, page: GatheringPage) -> Read:
    """Read a filled-in sheet against the list of a gathering; nothing is written.

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    table = read_table(path, name)
    if len(table) > MOST_ROWS:
        raise Unreadable(_("表格超过 %(limit)d 行，请检查。") % {"limit": MOST_ROWS})
    places = _places(table, page.sessions)
    people = {fold(row.attendance.member.staff_number).upper(): row for row in page.rows}
    found, seen = Read(), {}
    for number, cells in table.rows():
        staff = _text(cells, table.head.places[columns.STAFF]).upper()
        who = _text(cells, table.head.places[columns.NAME])
        if not staff and not who:
            continue
        found.rows += 1
        for error in _row(found, number, staff, who, cells, places, people, seen):
            found.errors.append(_("第 %(row)d 行：%(error)s") % {"row": number, "error": error})
    if not found.rows:
        raise Unreadable(_("表格里没有人员。请下载模板，填好到会情况再上传。"))
    return found


def _places(table: Table, sessions: list[GatheringSession]) -> list[tuple[int, int, int]]:
    """Where state, late and early of each session stand; -1 where a column is not there."""
    if columns.STAFF not in table.head.places:
        raise Unreadable(_("表头里没有“工号”。请对照模板修改。"))
    names = {fold(str(cell)).replace(" ", ""): at for at, cell in enumerate(table.head_cells)}
    places = []
    for number, _session in enumerate(sessions, 1):
        tail = fold(_suffix(number, sessions))
        state = names.get(STATE + tail, -1)
        if state < 0:
            raise Unreadable(_("表头里没有“%(name)s”。请对照模板修改。") % {"name": STATE + tail})
        late, early = (names.get(word + tail, -1) for word in (LATE, EARLY))
        places.append((state, late, early))
    return places


def _text(cells: list, place: int) -> str:
    value = cells[place] if 0 <= place < len(cells) else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return fold("" if value is None else str(value)).strip()


def _row(found, number, staff, who, cells, places, people, seen) -> Iterator[str]:
    row = people.get(staff)
    if row is None:
        yield _("工号“%(staff)s”不在应到名单里，请先添加为列席人员或从表中删除。") % {
            "staff": staff[:20]
        }
        return
    name = row.attendance.member.name
    if who not in {fold(name), safe(fold(name))}:  # the template marks what looks like a formula
        yield _("工号“%(staff)s”的姓名不是“%(name)s”，请核对。") % {
            "staff": staff[:20],
            "name": who[:20],
        }
        return
    if staff in seen:
        yield _("与第 %(row)d 行重复，请删除一行。") % {"row": seen[staff]}
        return
    seen[staff] = number
    for cell, (state_at, late_at, early_at) in zip(row.cells, places, strict=True):
        word = _text(cells, state_at)
        if not word:
            continue
        mark = Mark(WORDS.get(word, word), _minutes(cells, late_at), _minutes(cells, early_at))
        if error := _fault(mark, word, cell, row.attendance):
            yield error
        else:
            found.marks[row.attendance.pk, cell.session.pk] = mark


def _minutes(cells: list, place: int) -> int:
    """Whole minutes; -1 for what is no number."""
    text = _text(cells, place)
    if not text:
        return 0
    return int(text) if text.isdecimal() and len(text) < 5 else -1


def _fault(mark: Mark, word: str, cell, attendance: Attendance) -> str:
    session = cell.session
    minutes = (clock.to_ms(session.ends_at) - clock.to_ms(session.starts_at)) // 60_000
    fault = mark_fault(mark, minutes)
    if fault == "state":
        return _("到会情况“%(word)s”不认识，请填到会、请假或缺席。") % {"word": word[:20]}
    if fault == "minutes":
        return _("迟到和早退要填整数分钟，合计少于本场的 %(minutes)d 分钟。") % {"minutes": minutes}
    came = cell.row is not None and cell.row.checked_in_at is not None
    if mark.state == State.PRESENT and attendance.outside and not came:
        return _("不在管理范围内的列席人员只能由本人签到。")
    return ""
