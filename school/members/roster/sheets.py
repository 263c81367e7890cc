"""Writes sheets: the template, the marked roster, exports. Nothing in them can run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from school.members.models import MemberRecord, MemberStanding, Post
from school.members.roster import columns
from school.members.roster.columns import COLUMNS, DAY, NUMBER
from school.members.roster.reading import Table, guide_name
from school.members.rules.numbers import fold

# A cell that begins like this would be run as a formula by the program that opens it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXT_FORMAT = "@"
PREPARED_ROWS = 2_000
WRONG, ODD = PatternFill("solid", "FDECEC"), PatternFill("solid", "FFF4DC")
RED, BROWN = Font(color="B3121B"), Font(color="8A5A00")
BOLD = Font(bold=True)
UTF8_MARK = "\ufeff"


def safe(value: object) -> object:
    """Text that no spreadsheet takes for a formula; other values as they are."""
    if not isinstance(value, str):
        return value
    text = "".join(c for c in value if c.isprintable() or c in "\n\t\r ")
    return "'" + text if text.startswith(DANGEROUS) else text


def _cell(sheet, value: object, **look) -> WriteOnlyCell:
    value = safe(value)
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.number_format = TEXT_FORMAT
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    for name, style in look.items():
        setattr(cell, name, style)
    return cell


# -- the template --------------------------------------------------------------------------------


def template() -> bytes:
    """An empty roster: the head, lists to choose from, and a sheet that explains each column."""
    book = Workbook()
    sheet = book.active
    sheet.title = _("党员花名册")
    for place, column in enumerate(COLUMNS, 1):
        letter = get_column_letter(place)
        cell = sheet.cell(1, place, f"{column.label}{'*' if column.needed else ''}")
        cell.font, cell.alignment = BOLD, Alignment(horizontal="center")
        sheet.column_dimensions[letter].width = 22 if column.kind == NUMBER else 16
        if column.kind in {NUMBER, DAY} or column.key == columns.BRANCH_CODE:
            sheet.column_dimensions[letter].number_format = TEXT_FORMAT
            for row in range(2, 202):
                sheet.cell(row, place).number_format = TEXT_FORMAT
    for key, words in _choices().items():
        place = next(at for at, column in enumerate(COLUMNS, 1) if column.key == key)
        letter = get_column_letter(place)
        rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
        # Posts may be several, so the list only helps and does not forbid.
        rule.showErrorMessage = key != columns.POST
        rule.error = _("请从列表里选择。")
        sheet.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{PREPARED_ROWS}")
    sheet.freeze_panes = "A2"
    _explain(book.create_sheet(guide_name()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _choices() -> dict[str, list[str]]:
    kinds = [str(label) for _value, label in MemberStanding.Kind.choices]
    states = [
        str(label)
        for value, label in MemberStanding.State.choices
        if value != MemberStanding.State.LEFT
    ]
    posts = list(Post.objects.order_by("rank").values_list("name", flat=True))
    return {
        columns.SEX: [str(label) for _value, label in MemberRecord.Sex.choices],
        columns.KIND: kinds,
        columns.STATE: states,
        "veteran": [_("是"), _("否")],
        columns.FLOATING: [_("是"), _("否")],
        # A list written into the rule holds 255 characters.
        **({columns.POST: posts} if posts and len(",".join(posts)) < 250 else {}),
    }


def _explain(sheet) -> None:
    sheet.append([_("栏目"), _("怎样填写")])
    for cell in sheet[1]:
        cell.font = BOLD
    for column in COLUMNS:
        said = str(column.hint)
        if column.kind == DAY and not said:
            said = _("例如 2019-07-01；2019/7/1、2019.7.1、2019年7月1日也可以。")
        if column.needed:
            said = _("必填。") + said
        sheet.append([str(column.label), said])
    for line in (
        _("带 * 的栏目必填，其余可以留空；留空不会清除已登记的内容。"),
        _("栏目的顺序可以调整，不需要的栏目可以删除。"),
        _("一人一行，不要合并单元格，不要使用公式。"),
        _("同一工号或身份证号再次导入，只更新有变化的栏目，不会重复建档。"),
    ):
        sheet.append([_("说明"), line])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 80


# -- the marked roster ---------------------------------------------------------------------------


def write_marked(
    path: Path, table: Table, notes: dict[int, tuple[list[str], list[str]]], *, whole: bool
) -> None:
    """The roster as it came, with what was found in front of each row.

    Args:
        notes: row number → (errors, warnings).
        whole: all rows, or only those with notes.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("核对结果"))
    sheet.freeze_panes = "B2"
    sheet.column_dimensions["A"].width = 48
    # A head of a hostile length would be carried through; the known columns and their neighbours.
    width = len(table.head_cells)
    sheet.append(
        [_cell(sheet, _("核对结果"), font=BOLD)]
        + [_cell(sheet, _written(cell), font=BOLD) for cell in table.head_cells]
    )
    for row, cells in table.rows():
        errors, warnings = notes.get(row, ((), ()))
        if not whole and not errors and not warnings:
            continue
        said = "；".join([*(e.rstrip("。") for e in errors), *(w.rstrip("。") for w in warnings)])
        look = {"font": RED, "fill": WRONG} if errors else {"font": BROWN, "fill": ODD}
        first = _cell(sheet, said, **(look if said else {}))
        fill = {"fill": look["fill"]} if said else {}
        sheet.append([first, *(_cell(sheet, _written(cell), **fill) for cell in cells[:width])])
    book.save(path)


def _written(value: object) -> object:
    """A cell of the file as text: numbers stay numbers, dates lose their midnight."""
    if isinstance(value, str):
        return value.removesuffix(" 00:00:00")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


# -- exports -------------------------------------------------------------------------------------


def write_workbook(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]], watermark: str
) -> int:
    """A roster as a workbook; returns the number of rows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("党员花名册"))
    for place in range(1, len(head) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 18
    sheet.freeze_panes = "A3"
    sheet.append([_cell(sheet, watermark, font=BROWN)])
    sheet.append([_cell(sheet, name, font=BOLD) for name in head])
    count = 0
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.oddFooter.center.text = watermark.replace("&", "&&")[:200]
    book.save(path)
    return count


def write_csv(
    path: Path, head: Sequence[str], rows: Iterable[Sequence[object]], watermark: str
) -> int:
    """A roster as CSV in UTF-8 with a mark, so that Excel reads the Chinese; returns the rows."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(UTF8_MARK)
        writer = csv.writer(handle)
        writer.writerow([safe(watermark)])
        writer.writerow([safe(name) for name in head])
        count = 0
        for row in rows:
            writer.writerow([_csv_cell(value) for value in row])
            count += 1
    return count


def _csv_cell(value: object) -> object:
    if isinstance(value, str) and value.isdigit() and (len(value) > 10 or value.startswith("0")):
        # Excel would take it for a number and lose zeros or the end; our import drops the mark.
        return f"'{value}"
    return safe(value)


def head_of(keys: Iterable[str]) -> Iterator[str]:
    """Labels of columns, for the head of an export."""
    return (fold(str(columns.BY_KEY[key].label)) for key in keys)
