"""Reads a file nobody trusts into rows. What cannot be read is one clear message, never a crash."""

import codecs
import csv
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.members.roster.columns import HEAD_WITHIN_ROWS, Head, match_head

logger = logging.getLogger(__name__)

Cells = list
Tick = Callable[[int], None]

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The stream of an encrypted workbook, as the directory of an OLE file writes its name.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
CSV_DELIMITERS = ",;\t"
TICK_ROWS = 2_000


class Unreadable(DomainError):
    """The file as a whole cannot be read; the message says what to do with it."""


@dataclass
class Table:
    """The rows of a roster below its head.

    ``lines`` holds JSON of [row number, cell, …]: a tenth of the memory of lists of cells.
    ``merged`` and ``formulas`` are places (row number, index of the cell, from 0); ``notes`` say
    what of the file is not read; ``head_cells`` is the head as written.
    """

    head: Head
    head_cells: Cells
    lines: list[bytes] = field(default_factory=list)
    merged: frozenset[tuple[int, int]] = frozenset()
    formulas: frozenset[tuple[int, int]] = frozenset()
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """(row number, cells) one after the other."""
        for line in self.lines:
            number, *cells = json.loads(line)
            yield number, cells


def read_table(path: Path, name: str, tick: Tick | None = None) -> Table:
    """Read a roster.

    Args:
        path: the stored upload.
        name: what the person called it, for the message only; the content decides what it is.
        tick: called with the number of rows read, now and then; what it raises ends the reading.

    Raises:
        Unreadable: empty, too large, of another kind, damaged, hostile, or without a head.
    """
    size = path.stat().st_size
    if not size:
        raise Unreadable(_("文件是空的。请填好模板再上传。"))
    if size > settings.ROSTER_MAX_BYTES:
        raise Unreadable(
            _("文件有 %(size)d MB，超过上限 %(limit)d MB。请拆成几个文件，分别导入。")
            % {"size": size >> 20, "limit": settings.ROSTER_MAX_BYTES >> 20}
        )
    with path.open("rb") as handle:
        beginning = handle.read(8)
    if beginning.startswith(OLE):
        raise _old_or_locked(path)
    if beginning.startswith(ZIP):
        return _workbook(path, tick)
    return _text(path, name, tick)


def _old_or_locked(path: Path) -> Unreadable:
    if ENCRYPTED in path.read_bytes():
        return Unreadable(_("文件设了打开密码。请在 Excel 里去掉密码，另存后再上传。"))
    return Unreadable(_("这是旧版 Excel（.xls）文件。请另存为 .xlsx 再上传。"))


# -- workbooks ----------------------------------------------------------------------------------


def _refusal(word: str) -> Unreadable:
    said = {
        "bomb": _("文件解压后过大，不像花名册。请新建一个表，只粘贴花名册的内容再上传。"),
        "not_workbook": _("不是 Excel 表格。请上传 .xlsx 或 .csv 文件。"),
        "password": _("文件设了打开密码。请在 Excel 里去掉密码，另存后再上传。"),
        "entities": _("文件里有不安全的内容，没有读取。请新建一个表，只粘贴数值再上传。"),
        "calculated": _(
            "表格里有两万个以上的公式，不能逐一核对。请全选复制，“粘贴为数值”到一个新表，再上传。"
        ),
        "too_wide": _(
            "表格占用的范围过大，通常是很远的行或列里有内容。请新建一个表，只粘贴花名册再上传。"
        ),
    }
    return Unreadable(said.get(word, _("文件已损坏，打不开。请在 Excel 里另存为 .xlsx 再上传。")))


def _workbook(path: Path, tick: Tick | None) -> Table:
    script = Path(__file__).with_name("sheet_process.py")
    limits = (
        settings.ROSTER_MAX_UNPACKED_BYTES,
        settings.ROSTER_READER_MEMORY_BYTES,
        settings.ROSTER_READER_SECONDS,
    )
    command = [sys.executable, "-I", str(script), str(path), *map(str, limits)]
    environment = {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PATH": os.defpath}
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, env=environment
        ) as process,
    ):
        try:
            table = _sheets(_told(process.stdout), tick)
        except BaseException:
            process.kill()
            raise
        process.stdout.close()
        if process.wait():
            # Killed by its own limits: no workbook of members asks for that much.
            raise _refusal("too_wide")
    if table is None:
        raise _no_head()
    return table


def _told(lines) -> Iterator[dict | bytes]:
    """What the reading process says: a word about a sheet, or a row as it came."""
    for line in lines:
        if line.startswith(b"["):
            if line.endswith(b"]\n"):
                yield line
            continue
        try:
            value = json.loads(line)
        except ValueError:
            return  # cut off in the middle: the exit status tells why
        if "error" in value:
            logger.info("a workbook was refused: %s %s", value["error"], value.get("kind", ""))
            raise _refusal(value["error"])
        yield value


def _sheets(told: Iterator[dict | bytes], tick: Tick | None) -> Table | None:
    """The first visible sheet with a head; the others are named in the notes."""
    table, others, about, seen = None, [], {}, 0
    reading = False
    for each in told:
        if isinstance(each, dict):
            if "hidden" in each:
                _note_unread(table, others, each["hidden"])
                continue
            about, seen, reading = each, 0, False
            if table is not None:
                others.append(each["sheet"])
        elif reading:
            table.lines.append(each)
            _check_rows(table, tick)
        elif table is None and seen < HEAD_WITHIN_ROWS:
            seen += 1
            number, *cells = json.loads(each)
            if head := match_head([(number, cells)]):
                table, reading = _begin(head, cells, about), True
    return table


def _begin(head: Head, cells: Cells, about: dict) -> Table:
    if about["calculated"]:
        raise _refusal("calculated")
    _check_head(head, cells)
    places = {
        kind: frozenset((r, c - 1) for r, c in about[kind]) for kind in ("merged", "formulas")
    }
    return Table(head, cells, merged=places["merged"], formulas=places["formulas"])


def _note_unread(table: Table | None, others: list[str], hidden: list[str]) -> None:
    if table is None:
        if hidden:
            raise Unreadable(
                _("看得见的工作表里没有花名册，隐藏的工作表不会读取。请取消隐藏后再上传。")
            )
        return
    if hidden:
        table.notes.append(
            _("隐藏的工作表没有读取：%(names)s。") % {"names": "、".join(hidden[:5])}
        )
    others = [name for name in others if name != guide_name()]
    if others:
        table.notes.append(
            _("只读取了第一张花名册，没有读取：%(names)s。") % {"names": "、".join(others[:5])}
        )


def guide_name() -> str:
    """Name of the sheet of explanations in the template."""
    return _("填写说明")


# -- CSV ----------------------------------------------------------------------------------------


def _text(path: Path, name: str, tick: Tick | None) -> Table:
    raw = path.read_bytes()
    content = decode(raw, name)
    first = content.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(CSV_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    table, seen = None, 0
    try:
        for number, cells in enumerate(rows, 1):
            if not any(cell.strip() for cell in cells):
                continue
            seen += 1
            if table is None:
                if head := match_head([(number, cells)]):
                    _check_head(head, cells)
                    table = Table(head, cells)
                elif seen >= HEAD_WITHIN_ROWS:
                    break
                continue
            table.lines.append(json.dumps([number, *cells], ensure_ascii=False).encode())
            _check_rows(table, tick)
    except csv.Error as error:
        raise Unreadable(
            _("第 %(row)d 行附近的引号不成对，读不下去。请在 Excel 里打开检查，另存后再上传。")
            % {"row": rows.line_num}
        ) from error
    if table is None:
        raise _no_head()
    return table


def decode(raw: bytes, name: str = "") -> str:
    """The text of a CSV file: UTF-8 with or without a mark, UTF-16 with one, or GB 18030 (GBK).

    Raises:
        Unreadable: it is no text.
    """
    wrong = Unreadable(
        _("“%(name)s”不是表格文件。请上传 .xlsx 或 .csv 文件。") % {"name": name[:60]}
    )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif b"\x00" in raw:
        raise wrong
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise wrong


# -- both ---------------------------------------------------------------------------------------


def _no_head() -> Unreadable:
    return Unreadable(
        _("没有找到表头：前 %(rows)d 行里要有一行写着“姓名”和“工号”等栏目。请对照模板修改。")
        % {"rows": HEAD_WITHIN_ROWS}
    )


def _check_head(head: Head, cells: Sequence) -> None:
    used = max(place for place, cell in enumerate(cells, 1) if cell not in ("", None))
    if used > settings.ROSTER_MAX_COLUMNS:
        raise Unreadable(
            _("表格有 %(count)d 列，超过上限 %(limit)d 列。请只保留花名册的栏目再上传。")
            % {"count": used, "limit": settings.ROSTER_MAX_COLUMNS}
        )
    if head.repeated:
        raise Unreadable(
            _("表头里“%(names)s”出现了不止一次。请只保留一列再上传。")
            % {"names": "、".join(head.repeated)}
        )


def _check_rows(table: Table, tick: Tick | None) -> None:
    count = len(table.lines)
    if count > settings.ROSTER_MAX_ROWS:
        raise Unreadable(
            _("表格超过 %(limit)d 行。请拆成几个文件，分别导入。")
            % {"limit": settings.ROSTER_MAX_ROWS}
        )
    if tick is not None and count % TICK_ROWS == 0:
        tick(count)
