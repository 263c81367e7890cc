"""members.import_100k: a roster of 100,000 rows through the whole import, against its bare parts.

The bare parts are what no import can go without: openpyxl reading the same sheet row by row, and
one bulk insert of as many members with staff number and name. Both run in a process of their own,
in the same world, in the same run. Run inside a prepared world: ``python -m benchmarks.roster``
``{sheet|bare|import} FILE``.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import world
from deploy.steps import ROOT

ROWS = int(os.environ.get("BENCH_ROSTER_ROWS", "100000"))
BRANCHES = 1_000
LIMIT_SECONDS, LIMIT_MB, LIMIT_RATIO = 120, 600, 4
TOP = "BENCH"
NAME = "members.import_100k"
HEAD = [
    "所属党组织", "工号", "姓名", "性别", "公民身份号码", "民族", "出生日期", "学历", "手机号码",
    "人员类别", "入党日期", "转正日期", "工作单位及岗位", "参加工作日期", "籍贯", "备注",
]  # fmt: skip


def measure(emit: Callable) -> None:
    """Print the figures of both worlds."""
    with tempfile.TemporaryDirectory(prefix="school-roster-") as folder:
        sheet = Path(folder) / "roster.xlsx"
        for name in world.names():
            with world.empty(name) as place:
                if not sheet.exists():
                    place.python("-m", "benchmarks.roster", "sheet", str(sheet))
                place.python("-m", "benchmarks.roster", "tree", str(sheet))
                bare, _memory = watched(place, "bare", sheet)
                seconds, memory = watched(place, "import", sheet)
                about = {
                    "database": name,
                    "rows": ROWS,
                    "columns": len(HEAD),
                    "branches": BRANCHES,
                    "file_mb": round(sheet.stat().st_size / 2**20, 1),
                    "load": round(os.getloadavg()[0], 1),
                }
                against = "openpyxl reading the sheet and one bulk insert"
                variant = f"{NAME}.{name}"
                emit(variant, seconds, "s", against, bare, **about, limit_ratio=LIMIT_RATIO)
                emit(f"{variant}.seconds", seconds, "s", "limit", LIMIT_SECONDS, **about)
                emit(f"{variant}.memory", memory, "MB resident", "limit", LIMIT_MB, **about)


def watched(place: world.World, part: str, sheet: Path) -> tuple[float, float]:
    """Wall seconds of a part, without starting Python, and the most memory of all its processes."""
    command = [sys.executable, "-m", "benchmarks.roster", part, str(sheet)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=place.environment, stdout=subprocess.PIPE, text=True
    )
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watcher.start()
    said = process.communicate()[0]
    if process.returncode:
        raise RuntimeError(f"{part} failed in {place.name}")
    return float(said.splitlines()[-1]), peak[0] / 2**20


def _watch(pid: int, peak: list[int]) -> None:
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in [parent, *parent.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
            peak[0] = max(peak[0], total)
            time.sleep(0.05)


# -- inside a world ------------------------------------------------------------------------------


def make_sheet(path: Path) -> None:
    """The roster: valid rows, every column filled, 1,000 branches."""
    from openpyxl import Workbook

    from school.members.rules.numbers import check_character

    book = Workbook(write_only=True)
    sheet = book.create_sheet("党员花名册")
    sheet.append(HEAD)
    for n in range(ROWS):
        born = f"19{50 + n % 30}{1 + n % 12:02}{1 + n % 28:02}"
        seventeen = f"14{n // 10_000 % 100:02}{n // 100 % 100:02}{born}{n % 1000:03}"
        male = int(seventeen[16]) % 2
        sheet.append(
            [
                f"第{n % BRANCHES:04}党支部",
                f"N{n:06}",
                f"{'张王李赵'[n % 4]}{chr(0x4E00 + n % 9000)}",
                "男" if male else "女",
                seventeen + check_character(seventeen),
                "汉族",
                f"{born[:4]}-{born[4:6]}-{born[6:]}",
                "大学本科",
                f"138{n:08}",
                "正式党员",
                f"20{n % 20:02}.7.1",
                f"20{n % 20 + 1:02}年7月1日",
                f"综采{n % 50}队 采煤机司机",
                f"{1970 + n % 50}/9/1",
                "山西长治",
                "",
            ]  # fmt: skip
        )
    book.save(path)


def make_tree(path: Path) -> None:
    """A committee with a thousand branches."""
    from datetime import date

    from school.members.models import Branch
    from school.members.services.branches.founding import create_branch

    common = {"founded_on": date(2020, 1, 1)}
    top = create_branch(
        parent=None, code=TOP, name="党委", short_name="党委", kind="committee", **common
    )
    for n in range(BRANCHES):
        name = f"第{n:04}党支部"
        create_branch(
            parent=top, code=f"{TOP}{n:04}", name=name, short_name=name, kind="branch", **common
        )
    if Branch.objects.count() != BRANCHES + 1:
        raise RuntimeError("the tree is not whole")


def run_bare(path: Path) -> float:
    """openpyxl over every row, then one bulk insert, undone afterwards; seconds of both."""
    from django.db import transaction
    from openpyxl import load_workbook

    from school.members.models import Member

    started = time.monotonic()
    rows = load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)
    next(rows)
    people = [(row[1], row[2]) for row in rows]
    with transaction.atomic():
        Member.objects.bulk_create(
            [Member(staff_number=staff, name=name, password="!") for staff, name in people],
            batch_size=500,
        )
        seconds = time.monotonic() - started
        transaction.set_rollback(True)
    return seconds


def run_import(path: Path) -> float:
    """What ``manage.py import_roster`` does; every member must be there afterwards."""
    from school.members.models import Branch, Membership
    from school.members.services.rosters import import_file

    started = time.monotonic()
    roster = import_file(branch=Branch.objects.get(code=TOP), path=path, tell=_tell)
    seconds = time.monotonic() - started
    if roster.counts["done"] != {"created": ROWS} or Membership.objects.count() != ROWS:
        raise RuntimeError(f"not everybody was imported: {roster.counts} {roster.findings[:3]}")
    return seconds


def _tell(share: float, step: str) -> None:
    if step.endswith("000 行"):
        print(f"{share:4.0%} {step}", file=sys.stderr, flush=True)


PARTS = {"sheet": make_sheet, "tree": make_tree, "bare": run_bare, "import": run_import}

if __name__ == "__main__":
    import django

    django.setup()
    if (taken := PARTS[sys.argv[1]](Path(sys.argv[2]))) is not None:
        print(taken)
