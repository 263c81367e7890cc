"""A sheet of offline or outside hours, one line a person and matter; read as rosters are."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Member
from school.members.roster import columns
from school.members.roster.reading import Table, Unreadable, read_table
from school.members.rules.dates import BadDate, parse_day
from school.members.rules.numbers import fold, fold_name
from school.study.models import HourEntry

Source = HourEntry.Source
# What people write → what it counts as; outside hours are those of other schools and sites.
KINDS = {
    "集体学习": Source.GROUP,
    "党课": Source.LECTURE,
    "讲座": Source.LECTURE,
    "集中培训": Source.TRAINING,
    "上级调训": Source.TRAINING,
    "党校培训": Source.TRAINING,
    "补录": Source.MANUAL,
    "外部学习": Source.MANUAL,
}
DAY, KIND, TITLE, MINUTES, CREDIT, PAPER = "学习日期", "类别", "事由", "分钟", "学时", "证明材料"
NEEDED = (DAY, KIND, TITLE, PAPER)
# A month of minutes; 学时 as they are written, not hundredths.
MOST_MINUTES, MOST_CREDIT = 60 * 24 * 31, 100


@dataclass(frozen=True, slots=True)
class Row:
    """One line that can be booked. ``credit`` in hundredths of 学时, None: by its minutes."""

    number: int
    member_id: int
    source: str
    day: date
    title: str
    seconds: int
    credit: int | None
    paper: str

    @property
    def origin(self) -> str:
        """The same person, day, kind, matter and paper: the same line, however often imported."""
        named = "\n".join((self.source, str(self.day), self.title, self.paper))
        return f"import:{hashlib.sha256(named.encode()).hexdigest()[:32]}"


@dataclass
class Sheet:
    """What a file says: lines to book, and what is wrong, line by line."""

    rows: list[Row] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read(path: Path, name: str) -> Sheet:
    """Read a sheet; nothing is written.

    Raises:
        Unreadable: the file as a whole cannot be read.
    """
    table = read_table(path, name)
    if columns.STAFF not in table.head.places:
        raise Unreadable(_("表头里没有“工号”。请对照模板修改。"))
    places = _places(table)
    people = _people(table)
    sheet, seen = Sheet(), {}
    for number, cells in table.rows():
        try:
            row = _row(number, cells, table, places, people)
        except ValueError as error:
            sheet.errors.append(_("第 %(row)d 行：%(error)s") % {"row": number, "error": error})
            continue
        if row is None:
            continue
        twin = seen.setdefault((row.member_id, row.origin), number)
        if twin != number:
            sheet.errors.append(
                _("第 %(row)d 行：与第 %(twin)d 行重复。") % {"row": number, "twin": twin}
            )
            continue
        sheet.rows.append(row)
    if not sheet.rows and not sheet.errors:
        raise Unreadable(_("表格里没有人员。请填好再导入。"))
    return sheet


def _places(table: Table) -> dict[str, int]:
    heads = {fold(str(cell)).replace(" ", ""): at for at, cell in enumerate(table.head_cells)}
    places = {name: heads[name] for name in (*NEEDED, MINUTES, CREDIT) if name in heads}
    missing = [name for name in NEEDED if name not in places]
    if MINUTES not in places and CREDIT not in places:
        missing.append(f"{MINUTES}”或“{CREDIT}")
    if missing:
        raise Unreadable(
            _("表头里没有“%(names)s”。请对照模板修改。") % {"names": "、".join(missing)}
        )
    return places


def _people(table: Table) -> dict[str, tuple[int, str]]:
    at = table.head.places[columns.STAFF]
    numbers = {_text(cells, at).upper() for _number, cells in table.rows()} - {""}
    found: dict[str, tuple[int, str]] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), 500):
        part = Member.objects.filter(staff_number__in=wanted[start : start + 500])
        for pk, staff, name in part.values_list("pk", "staff_number", "name"):
            found[staff.upper()] = pk, name
    return found


def _text(cells: list, at: int) -> str:
    value = cells[at] if 0 <= at < len(cells) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else fold(str(value)).strip()


def _row(number: int, cells: list, table: Table, places: dict, people: dict) -> Row | None:
    staff = _text(cells, table.head.places[columns.STAFF]).upper()
    name = _text(cells, table.head.places[columns.NAME])
    if not staff and not name:
        return None
    if staff not in people:
        raise ValueError(_("没有工号为“%(staff)s”的党员。") % {"staff": staff})
    member_id, known = people[staff]
    if fold_name(name) != fold_name(known):
        raise ValueError(_("姓名“%(name)s”与工号不符。") % {"name": name})
    title, paper = (_text(cells, places[each]) for each in (TITLE, PAPER))
    for label, value in ((TITLE, title), (PAPER, paper)):
        if not value:
            raise ValueError(_("没有填“%(name)s”。") % {"name": label})
    minutes = _number(cells, places.get(MINUTES, -1), MINUTES, MOST_MINUTES)
    credit = _number(cells, places.get(CREDIT, -1), CREDIT, MOST_CREDIT)
    if minutes is None and credit is None:
        raise ValueError(_("“分钟”和“学时”至少填一项。"))
    if minutes is not None and minutes != int(minutes):
        raise ValueError(_("“分钟”应为整数。"))
    return Row(
        number=number,
        member_id=member_id,
        source=_kind(_text(cells, places[KIND])),
        day=_day(cells, places[DAY]),
        title=title[:255],
        seconds=int(minutes or 0) * 60,
        credit=None if credit is None else int(credit * 100),
        paper=paper[:180],
    )


def _kind(word: str) -> str:
    if word not in KINDS:
        raise ValueError(
            _("类别“%(word)s”不认识，应为：%(words)s。")
            % {"word": word[:20], "words": "、".join(KINDS)}
        )
    return KINDS[word]


def _day(cells: list, at: int) -> date:
    try:
        found = parse_day(cells[at] if at < len(cells) else None)
    except BadDate as error:
        raise ValueError(error.message) from error
    if found is None or found.month_only:
        raise ValueError(_("学习日期要写到日，例如 2026-03-02。"))
    if found.day > clock.today():
        raise ValueError(_("学习日期在今天之后。"))
    return found.day


def _number(cells: list, at: int, label: str, most: int) -> Decimal | None:
    word = _text(cells, at)
    if not word:
        return None
    try:
        value = Decimal(word)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 < value <= most or value != round(value, 2):
        raise ValueError(
            _("“%(name)s”应为大于 0 的数，最多两位小数：%(word)s。")
            % {"name": label, "word": word[:20]}
        )
    return value
