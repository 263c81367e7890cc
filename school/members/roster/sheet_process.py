"""Runs as a process of its own: opens a workbook nobody trusts and prints its rows as JSON lines.

``python -I sheet_process.py FILE MAX_BYTES MAX_MEMORY MAX_SECONDS``. The parent gives the limits;
a workbook that makes the reader ask for more memory or time ends this process and nothing else.
It imports nothing of the school and knows nothing of rosters.

Lines on standard output: ``{"sheet": name, "merged": [[row, column], …], "formulas": […],
"calculated": whether there are more formulas than are listed}`` before the rows of each visible
sheet, ``[row number, cell, …]`` for each row that has a cell, at the end ``{"hidden": [names]}``;
instead of all ``{"error": word}``. Numbers of rows and columns begin at 1.
"""

import datetime
import json
import re
import resource
import sys
import zipfile
from xml.parsers import expat

CHUNK = 1 << 20
MAX_ENTRIES = 2_000
# Text of a sheet shrinks to a tenth or a twentieth; what shrinks further was made to.
MAX_RATIO = 200
RATIO_FROM = 10 << 20
MAX_LISTED = 20_000
MERGED_LIMIT = 200_000
MAX_WIDTH = 1_000

_FORMULA = re.compile(rb"<(?:[A-Za-z_][\w.\-]*:)?f[\s>/]")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):
    """The workbook is refused; the argument is the word the parent translates."""


class TooManyFormulas(Exception):
    """A sheet that is calculated: refused if it is the roster, of no matter if it is another."""


def inspect(archive: zipfile.ZipFile, max_bytes: int) -> list[str]:
    """Unpack every part once without keeping it; returns the sheets that hold formulas."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refused("bomb")
    if sum(entry.file_size for entry in entries) > max_bytes:
        raise Refused("bomb")
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise Refused("not_workbook")
    with_formulas = []
    for entry in entries:
        if entry.flag_bits & 1:
            raise Refused("password")
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
            raise Refused("bomb")
        if _look_through(archive, entry):
            with_formulas.append(entry.filename)
    return with_formulas


def _look_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether an XML part holds formulas. Sizes and check sums are verified by reading it."""
    formulas, tail = False, b""
    markup = entry.filename.endswith((".xml", ".rels", ".vml"))
    with archive.open(entry) as part:
        while block := part.read(CHUNK):
            if not markup:
                continue
            window = tail + block
            if b"\x00" in window:
                raise Refused("damaged")
            if _DOCTYPE.search(window):
                raise Refused("entities")
            formulas = formulas or bool(_FORMULA.search(window))
            tail = block[-64:]
    return formulas and "worksheets/" in entry.filename


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of each sheet → its part, as the workbook relates them."""
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}

    def relation(name, attributes):
        if name.rpartition(":")[2] == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def sheet(name, attributes):
        if name.rpartition(":")[2] == "sheet":
            number = next((v for k, v in attributes.items() if k.rpartition(":")[2] == "id"), "")
            sheets[attributes.get("name", "")] = number

    _parse(archive, "xl/_rels/workbook.xml.rels", relation)
    _parse(archive, "xl/workbook.xml", sheet)
    parts = {}
    for name, number in sheets.items():
        target = targets.get(number, "").lstrip("/")
        parts[name] = target if target.startswith("xl/") else f"xl/{target}"
    return parts


def formula_cells(archive: zipfile.ZipFile, part: str) -> list[list[int]]:
    """[row, column] of the cells with a formula.

    Raises:
        TooManyFormulas: more than are listed; the rest would pass for values.
    """
    found: list[list[int]] = []
    place = {"row": 0, "column": 0}

    def start(name, attributes):
        local = name.rpartition(":")[2]
        if local == "row":
            place["row"] = int(attributes.get("r", place["row"] + 1))
            place["column"] = 0
        elif local == "c":
            place["column"] += 1
            if reference := attributes.get("r"):
                place["column"] = _column(reference)
        elif local == "f":
            if len(found) == MAX_LISTED:
                raise TooManyFormulas
            found.append([place["row"], place["column"]])

    _parse(archive, part, start)
    return found


def _column(reference: str) -> int:
    number = 0
    for letter in reference.upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def _parse(archive: zipfile.ZipFile, part: str, start) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with archive.open(part) as handle:
        parser.ParseFile(handle)


def plain(value):
    """A cell as JSON can say it; dates as 2019-07-01 00:00:00."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, datetime.date):
        return f"{value.isoformat()} 00:00:00"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


def merged_cells(sheet) -> list[list[int]]:
    """[row, column] of the cells that a merged range covers, without its first one."""
    covered: list[list[int]] = []
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if (bottom - top + 1) * (right - left + 1) > MERGED_LIMIT:
            raise Refused("too_wide")
        covered += [
            [row + 1, column + 1]
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        ]
        if len(covered) > MERGED_LIMIT:
            raise Refused("too_wide")
    return covered


def say(value) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def formulas_of(archive: zipfile.ZipFile, parts: set[str]) -> tuple[dict, set[str]]:
    """Places of formulas by sheet, and the sheets with more of them than are listed."""
    found, calculated = {}, set()
    for name, part in sheet_parts(archive).items():
        if part in parts:
            try:
                found[name] = formula_cells(archive, part)
            except TooManyFormulas:
                calculated.add(name)
    return found, calculated


def tell_rows(path: str, formulas: dict[str, list[list[int]]], calculated: set[str]) -> None:
    """Print all visible sheets."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_path(path)
    hidden = []
    for about in workbook.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        if about.visible != SheetVisibleEnum.Visible:
            hidden.append(about.name)
            continue
        sheet = workbook.get_sheet_by_name(about.name)
        if sheet.width > MAX_WIDTH:
            raise Refused("too_wide")
        say(
            {
                "sheet": about.name,
                "merged": merged_cells(sheet),
                "formulas": formulas.get(about.name, []),
                "calculated": about.name in calculated,
            }
        )
        # Rows are told from the sheet's first row on, cells from the first column in use.
        padding = [None] * (sheet.start[1] if sheet.start else 0)
        for number, row in enumerate(sheet.iter_rows(), 1):
            if any(cell != "" for cell in row):
                say([number, *padding, *map(plain, row)])
    say({"hidden": hidden})


def main(path: str, max_bytes: int, memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with zipfile.ZipFile(path) as archive:
            formulas, calculated = formulas_of(archive, set(inspect(archive, max_bytes)))
        tell_rows(path, formulas, calculated)
    except Refused as refusal:
        say({"error": refusal.args[0]})
    except MemoryError:
        say({"error": "too_wide"})
    except Exception as error:
        # Whatever a reader says about a file that is no workbook: the person can only save it anew.
        # The operator's log gets the kind of the error; its text may quote cells.
        say({"error": "damaged", "kind": type(error).__name__})


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
