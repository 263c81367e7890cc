"""A board as a workbook: exactly the screen, typed, safe to open."""

from datetime import date
from io import BytesIO

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from school.core.clock import LOCAL
from school.members.rules.masks import mask_name
from school.plans.rules import Figures
from school.reports.selectors.board import ALL, DONE, EXEMPT, OPEN, OVERDUE, Board

Value = str | int | float | date | None

# A cell that begins like this would be run as a formula by the program that opens it.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")

FIGURE_HEADS = (
    _("应学"),
    _("已完成"),
    _("按期完成"),
    _("逾期完成"),
    _("未完成"),
    _("其中逾期"),
    _("免学"),
    _("参学率"),
    _("完成率"),
    _("学时达标率"),
)

LIGHT_WORDS = {"normal": "正常", "slow": "偏慢", "late": "滞后", "start": "起步", "": "—"}
FILTER_WORDS = {ALL: "全部", DONE: "已完成", OPEN: "未完成", OVERDUE: "其中逾期", EXEMPT: "免学"}


def safe(value: Value) -> Value:
    """Text that cannot be taken for a formula; other values as they are."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    return value


def rate(percent: int | None) -> str:
    """66% or — as the screen shows it."""
    return "—" if percent is None else f"{percent}%"


def figure_cells(shown: Figures) -> list[Value]:
    """Figures in the order of ``FIGURE_HEADS``."""
    return [
        shown.due,
        shown.done,
        shown.on_time,
        shown.late,
        shown.open,
        shown.overdue,
        shown.exempt,
        rate(shown.participation),
        rate(shown.completion),
        rate(shown.hours_rate),
    ]


def board_table(shown: Board) -> tuple[list[str], list[list[Value]]]:
    """Head and rows of a board as it stands on the screen, the total first."""
    if shown.is_leaf:
        head = [
            _("工号"), _("姓名"), _("状态"), _("已完成项"), _("必修项"),
            _("已获学时"), _("应修学时"), _("网上学时"), _("线下学时"), _("最近学习"),
        ]  # fmt: skip
        rows: list[list[Value]] = [
            [
                row.staff_number,
                row.name,
                row.state,
                row.done,
                row.total,
                row.got / 100,
                row.due / 100 if row.due else None,
                row.online / 100,
                row.offline / 100,
                row.last_on,
            ]
            for row in shown.people
        ]
        rows += [
            [row.staff_number, row.name, f"{row.outside}，不计入"] + [None] * 7
            for row in shown.others
        ]
        return head, rows
    head = [_("党组织"), *FIGURE_HEADS, _("进度灯")]
    total = [shown.node.short_name, *figure_cells(shown.figures), LIGHT_WORDS[shown.light]]
    return head, [
        total,
        *([row.name, *figure_cells(row.figures), LIGHT_WORDS[row.light]] for row in shown.children),
    ]


def board_workbook(shown: Board, *, by_label: str) -> bytes:
    """The file: what it is, as of when and how it is counted; the four figures; the table."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("学习情况"))
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = 14

    def put(values: list[Value], bold: bool = False) -> None:
        cells = []
        for value in values:
            cell = WriteOnlyCell(sheet, value=safe(value))
            if isinstance(value, str):
                cell.data_type = "s"
            if bold:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)

    taken = shown.taken_at.astimezone(LOCAL)
    put([f"{shown.node.name} 学习情况"], bold=True)
    put(["学习计划", shown.plan.title])
    put(["起止", f"{shown.plan.starts_on} 至 {shown.plan.ends_on}"])
    put(["截至", f"{shown.day}（数据时间 {taken:%Y-%m-%d %H:%M:%S}）"])
    put(["显示", FILTER_WORDS[shown.filter]])
    put(
        [
            "统计口径",
            "应学 = 当日学习对象 - 免学 = 按期完成 + 逾期完成 + 学习中 + 未开始；"
            "比率向下取整；兼入人员不计入。",
        ]
    )
    put(["导出人", by_label])
    put([])
    put(list(FIGURE_HEADS), bold=True)
    put(figure_cells(shown.figures))
    put([])
    head, rows = board_table(shown)
    put(head, bold=True)
    for row in rows:
        put(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def exporter_label(member) -> str:
    """How the file names who made it: staff number and masked name."""
    return f"{member.staff_number} {mask_name(member.name)}"
