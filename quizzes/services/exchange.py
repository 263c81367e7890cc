"""Question sheets in and out. A sheet is read whole, checked whole, then stored whole."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from quizzes.models import Question, QuestionBank
from quizzes.rules import exchange
from quizzes.rules.authoring import AuthoringError
from quizzes.rules.exchange import Row, RowError
from quizzes.services.questions import create_question, revise_question
from school.core import audit
from school.core.errors import DomainError
from school.members.models import Member

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 60 * 1024 * 1024
MAX_ROWS = 5_000
MAX_COLUMNS = 60
MAX_CELL = 4_000
SHEET = "试题"

Progress = Callable[[int, int], None]


class RefusedSheet(DomainError):
    """A sheet that cannot be taken; ``errors`` names rows and columns."""

    def __init__(self, message: str, errors: Iterable[RowError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


@dataclass
class Imported:
    """What an import did (or would do)."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0
    dry_run: bool = False
    rows: list[Row] = field(default_factory=list, repr=False)


def import_questions(
    *,
    data: bytes,
    bank: QuestionBank,
    by: Member | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Take the questions of an xlsx file into a bank: all of them, or none.

    A question with the same kind and stem is revised, the same content changes nothing; so the
    same file can be read again.

    Raises:
        RefusedSheet: not a workbook, too large, or rows that are wrong (all of them are named).
    """
    rows = read_sheet(data)
    with transaction.atomic():
        outcome = _store(rows, bank, by, progress)
        outcome.dry_run = dry_run
        if dry_run:
            transaction.set_rollback(True)
        else:
            audit.record(
                "quizzes.questions_imported",
                actor=by,
                subject=bank,
                fields={
                    "created": outcome.created,
                    "revised": outcome.revised,
                    "unchanged": outcome.unchanged,
                },
            )
    return outcome


def _store(
    rows: list[Row], bank: QuestionBank, by: Member | None, progress: Progress | None
) -> Imported:
    known = {
        exchange.identity(question.kind, question.current.stem): question
        for question in bank.questions.select_related("current").exclude(current=None)
    }
    outcome = Imported(rows=rows)
    for done, row in enumerate(rows, start=1):
        _store_row(row, bank, known.get(row.identity), by, outcome)
        if progress:
            progress(done, len(rows))
    return outcome


def _store_row(
    row: Row, bank: QuestionBank, question: Question | None, by: Member | None, outcome: Imported
) -> None:
    values = {
        "content": row.content,
        "explanation": row.explanation,
        "difficulty": row.difficulty,
        "marks": row.marks,
        "by": by,
    }
    labels = {"category": row.category, "topic": row.topic, "source": row.source}
    if question is None:
        create_question(bank=bank, kind=row.kind, **values, **labels)
        outcome.created += 1
        return
    before = question.current_id
    relabelled = any(getattr(question, name) != value for name, value in labels.items())
    if relabelled:
        Question.objects.filter(pk=question.pk).update(**labels)
    if revise_question(question=question, **values).current_id != before or relabelled:
        outcome.revised += 1
    else:
        outcome.unchanged += 1


def read_sheet(data: bytes) -> list[Row]:
    """Check a file and read its rows.

    Raises:
        RefusedSheet: see ``import_questions``.
    """
    cells = list(_cells(data))
    if not cells:
        raise RefusedSheet(_("工作表是空的，请按模板填写。"))
    try:
        columns = exchange.header(cells[0][1])
    except AuthoringError as error:
        raise RefusedSheet(error.message) from error
    rows, errors = [], []
    first_seen: dict[tuple[str, str], int] = {}
    for number, values in cells[1:]:
        by_name = {
            name: values[index] if index < len(values) else "" for name, index in columns.items()
        }
        if not any(by_name.values()):
            continue
        try:
            row = exchange.read_row(number, by_name)
        except AuthoringError as error:
            errors.append(RowError(number, error.field, error.message))
            continue
        if row.identity in first_seen:
            message = f"与第 {first_seen[row.identity]} 行是同一道题。"
            errors.append(RowError(number, exchange.STEM, message))
            continue
        first_seen[row.identity] = number
        rows.append(row)
    if errors:
        raise RefusedSheet(
            _("有 %(count)s 行需要改正，没有导入任何试题。") % {"count": len(errors)}, errors
        )
    if not rows:
        raise RefusedSheet(_("没有找到试题，请从第 2 行起填写。"))
    return rows


def _cells(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet as text with their numbers. Formulas stay text, never computed."""
    _refuse_hostile(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise RefusedSheet(_("文件无法打开，请另存为 .xlsx 后重试。")) from error
    try:
        sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            if number > MAX_ROWS + 1:
                raise RefusedSheet(
                    _("一次最多导入 %(max_rows)s 题，请分成几个文件。") % {"max_rows": MAX_ROWS}
                )
            yield number, [_text(value, number) for value in row[:MAX_COLUMNS]]
    except RefusedSheet:
        raise
    except Exception as error:  # openpyxl raises whatever a broken part makes its parser raise
        raise RefusedSheet(_("文件内容已损坏，请用表格软件打开后另存为 .xlsx 再试。")) from error
    finally:
        book.close()


def _text(value: object, number: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "正确" if value else "错误"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if len(text) > MAX_CELL:
        raise RefusedSheet(
            _("第 %(number)s 行有单元格超过 %(max_cell)s 字。")
            % {"number": number, "max_cell": MAX_CELL}
        )
    # Control characters cannot be shown and cannot be written back to a sheet.
    return "".join(c for c in text if c in "\n\t" or ord(c) >= 32)


def _refuse_hostile(data: bytes) -> None:
    """Too large, not a zip, a zip bomb, or XML with its own entities."""
    if len(data) > MAX_BYTES:
        raise RefusedSheet(
            _("文件超过 %(limit)s MB，请分成几个文件。") % {"limit": MAX_BYTES // 1024 // 1024}
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if len(parts) > 2_000 or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise RefusedSheet(_("文件解开后过大，请删去图片和多余的工作表。"))
            for part in parts:
                if not part.filename.endswith((".xml", ".rels")):
                    continue
                with packed.open(part) as stream:
                    start = stream.read(4096)
                if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                    raise RefusedSheet(_("文件里有不允许的内容，请用表格软件另存为 .xlsx 再试。"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise RefusedSheet(_("不是 .xlsx 文件，请用表格软件另存为 .xlsx 后重试。")) from error


def export_questions(*, bank: QuestionBank, include_retired: bool = False) -> bytes:
    """The questions of a bank as an xlsx file that ``import_questions`` reads back."""
    questions = bank.questions.select_related("current").exclude(current=None).order_by("pk")
    if not include_retired:
        questions = questions.filter(retired_at=None)
    return _workbook([_written(question) for question in questions])


def template() -> bytes:
    """An example sheet with one question of each kind."""
    examples = (
        (
            "单选题",
            "发现事故隐患后，首先应当（ ）。",
            ("立即报告", "继续作业", "离开不管"),
            "A",
            "",
        ),
        ("多选题", "班前会应讲清哪些内容？", ("任务", "风险", "措施", "闲谈"), "ABC", ""),
        ("判断题", "进入作业现场必须佩戴安全帽。", (), "正确", ""),
        ("填空题", "安全生产工作坚持____第一、预防为____。", (), "安全|主", "有序"),
    )
    rows = []
    for kind, stem, options, answer, order in examples:
        row = {"题型": kind, "题干": stem, "正确答案": answer, "填空顺序": order}
        row |= {f"选项{exchange.LETTERS[i]}": text for i, text in enumerate(options)}
        rows.append(row | {"解析": "这里写解析。", "难度": "易", "分值": "5"})
    return _workbook(rows)


def _written(question: Question) -> dict[str, str]:
    version = question.current
    return exchange.written_row(
        question.kind,
        stem=version.stem,
        options=version.options,
        key=version.key,
        explanation=version.explanation,
        difficulty=version.difficulty,
        marks=version.marks,
        category=question.category,
        topic=question.topic,
        source=question.source,
    )


def _workbook(rows: list[dict[str, str]]) -> bytes:
    most = max((sum(name.startswith("选项") for name in row) for row in rows), default=0)
    columns = exchange.columns_for(most)
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.freeze_panes = "C2"
    heads = [name + ("*" if name in exchange.REQUIRED else "") for name in columns]
    for index, values in enumerate(
        [heads, *([row.get(c, "") for c in columns] for row in rows)], 1
    ):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(index, column)
            # Always text: what begins with "=" must never run in the reader's spreadsheet.
            cell.value = value or None
            if value:
                cell.data_type = "s"
                cell.quotePrefix = value[0] in "=+-@\t"
            cell.font = Font(bold=index == 1)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = 40 if name == "题干" else 14
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_file(path: Path) -> bytes:
    """The bytes of a file, refused before reading when it is too large.

    Raises:
        RefusedSheet: it is not there or too large.
    """
    if not path.is_file():
        raise RefusedSheet(_("没有找到文件 %(path)s。") % {"path": path})
    if path.stat().st_size > MAX_BYTES:
        raise RefusedSheet(
            _("文件超过 %(limit)s MB，请分成几个文件。") % {"limit": MAX_BYTES // 1024 // 1024}
        )
    return path.read_bytes()
