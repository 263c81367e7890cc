"""The question sheet: its columns, and one row read and written. Pure functions."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from quizzes.rules import authoring
from quizzes.rules.authoring import LETTERS, AuthoringError, Content
from quizzes.rules.marking import FILL_BLANK, MULTIPLE, SINGLE, TRUE_FALSE

KIND, STEM, ANSWER = "题型", "题干", "正确答案"
EXPLANATION, DIFFICULTY, MARKS = "解析", "难度", "分值"
CATEGORY, TOPIC, SOURCE, ORDER = "分类", "知识点", "出处", "填空顺序"
REQUIRED = (KIND, STEM, ANSWER)
OPTION_COLUMNS = tuple(f"选项{letter}" for letter in LETTERS)
KINDS = {
    "单选题": SINGLE,
    "单选": SINGLE,
    "多选题": MULTIPLE,
    "多选": MULTIPLE,
    "判断题": TRUE_FALSE,
    "判断": TRUE_FALSE,
    "填空题": FILL_BLANK,
    "填空": FILL_BLANK,
}
KIND_NAMES = {SINGLE: "单选题", MULTIPLE: "多选题", TRUE_FALSE: "判断题", FILL_BLANK: "填空题"}
DIFFICULTIES = {"": "medium", "易": "easy", "中": "medium", "难": "hard"}
DIFFICULTY_NAMES = {"easy": "易", "medium": "中", "hard": "难"}
DEFAULT_MARKS = 500
_LENGTHS = {CATEGORY: 40, TOPIC: 60, SOURCE: 120, EXPLANATION: 2_000}
_COLUMN_OF = {"stem": STEM, "options": "选项", "key": ANSWER, "marks": MARKS, "kind": KIND}


@dataclass(frozen=True, slots=True)
class Row:
    """One question of a sheet, ready to store; ``marks`` in hundredths."""

    number: int
    kind: str
    content: Content
    explanation: str
    difficulty: str
    marks: int
    category: str
    topic: str
    source: str

    @property
    def identity(self) -> tuple[str, str]:
        """By which a question is found again in its bank."""
        return identity(self.kind, self.content.stem)


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which row (as the spreadsheet numbers it) and column."""

    number: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"第 {self.number} 行 {self.column}:{self.message}"


def identity(kind: str, stem: str) -> tuple[str, str]:
    """Kind and folded stem: two questions that differ only in width or spaces are one."""
    return kind, "".join(unicodedata.normalize("NFKC", stem).split())


def header(cells: Sequence[str]) -> dict[str, int]:
    """Column name → index. A trailing ``*`` and spaces do not count.

    Raises:
        AuthoringError: a required column is missing, or one stands there twice.
    """
    columns: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = re.sub(r"[\s*]", "", unicodedata.normalize("NFKC", cell))
        if re.fullmatch(r"选项[A-Za-z]", name):
            name = name.upper()
        if not name:
            continue
        if name in columns:
            raise AuthoringError("header", _("表头“%(name)s”出现了两次。") % {"name": name})
        columns[name] = index
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise AuthoringError(
            "header", _("第 1 行表头缺少：%(names)s。") % {"names": "、".join(missing)}
        )
    return columns


def read_row(number: int, cells: Mapping[str, str]) -> Row:
    """A question from the cells of a row by column name.

    Raises:
        AuthoringError: ``field`` is the column's name.
    """
    kind = KINDS.get(cells.get(KIND, ""))
    if kind is None:
        raise AuthoringError(
            KIND,
            _("应为单选题、多选题、判断题或填空题，现为“%(text)s”。")
            % {"text": cells.get(KIND, "")[:20]},
        )
    difficulty = DIFFICULTIES.get(cells.get(DIFFICULTY, ""))
    if difficulty is None:
        raise AuthoringError(DIFFICULTY, _("应为易、中或难。"))
    order = cells.get(ORDER, "")
    if order not in ("", "有序", "无序"):
        raise AuthoringError(ORDER, _("应为有序或无序。"))
    for column, length in _LENGTHS.items():
        if len(cells.get(column, "")) > length:
            raise AuthoringError(column, _("最多 %(max)d 字。") % {"max": length})
    try:
        content = authoring.author(
            kind,
            stem=cells.get(STEM, ""),
            options=[cells.get(column, "") for column in OPTION_COLUMNS],
            answer=cells.get(ANSWER, ""),
            ordered=order != "无序",
        )
        typed = cells.get(MARKS, "")
        marks = authoring.parse_marks(typed) if typed else DEFAULT_MARKS
    except AuthoringError as error:
        raise AuthoringError(_COLUMN_OF.get(error.field, error.field), error.message) from error
    return Row(
        number=number,
        kind=kind,
        content=content,
        explanation=cells.get(EXPLANATION, ""),
        difficulty=difficulty,
        marks=marks,
        category=cells.get(CATEGORY, ""),
        topic=cells.get(TOPIC, ""),
        source=cells.get(SOURCE, ""),
    )


def columns_for(most_options: int) -> list[str]:
    """Columns of a written sheet: at least 选项A to 选项F."""
    options = OPTION_COLUMNS[: max(6, most_options)]
    return [
        KIND, STEM, *options, ANSWER, EXPLANATION, DIFFICULTY, MARKS, CATEGORY, TOPIC, SOURCE, ORDER
    ]  # fmt: skip


def written_row(
    kind: str,
    *,
    stem: str,
    options: Sequence[dict],
    key: dict,
    explanation: str,
    difficulty: str,
    marks: int,
    category: str,
    topic: str,
    source: str,
) -> dict[str, str]:
    """The cells of a question by column name; ``read_row`` reads it back."""
    cells = {
        KIND: KIND_NAMES[kind],
        STEM: stem,
        ANSWER: authoring.printed_answer(kind, list(options), key),
        EXPLANATION: explanation,
        DIFFICULTY: DIFFICULTY_NAMES[difficulty],
        MARKS: authoring.printed_marks(marks),
        CATEGORY: category,
        TOPIC: topic,
        SOURCE: source,
        ORDER: "" if kind != FILL_BLANK else ("有序" if key.get("ordered", True) else "无序"),
    }
    if kind in (SINGLE, MULTIPLE):
        cells |= {f"选项{LETTERS[i]}": option["text"] for i, option in enumerate(options)}
    return cells
