"""manage.py rebuild_hours [--write] [--limit N]"""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from school.core import wording
from school.study.services.rebuild import Rebuilt, rebuild_hours

BAR = 30


class Command(BaseCommand):
    help = (
        "Work the hour ledger out from completions, study days and gatherings; say that it is "
        "reproduced exactly, or list each difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--write", action="store_true", help="Mend what differs by further rows."
        )
        parser.add_argument(
            "--limit", type=int, default=200, help="Differences to list (default 200)."
        )

    def handle(self, *args, **options) -> None:
        self._last = -1
        found = rebuild_hours(write=options["write"], tell=self._tell)
        if self.stdout.isatty():
            self.stdout.write("")
        for year, (booked, wanted) in sorted(found.years.items()):
            self.stdout.write(
                f"{year} 年度：台账 {wording.hours(booked)} 学时，依据 {wording.hours(wanted)} 学时"
            )
        self._differences(found, options["limit"])
        self.stdout.write(
            f"共 {found.members} 人、{found.lines} 条入账"
            + (f"，{found.waiting} 项学习尚未结束，结束后入账" if found.waiting else "")
            + "。"
        )
        if not found.differences:
            self.stdout.write("台账与学习依据完全一致。")
            return
        if options["write"]:
            self.stdout.write(
                f"有 {len(found.differences)} 处不符，已写入 {found.written} 条更正；"
                "已封账年度的不改。请再运行一次核对。"
            )
            return
        raise CommandError(f"有 {len(found.differences)} 处不符。加 --write 用冲销和补记更正。")

    def _tell(self, share: float, step: str) -> None:
        if self.stdout.isatty():
            filled = int(share * BAR)
            bar = "█" * filled + "·" * (BAR - filled)
            self.stdout.write(f"\r{bar} {share:4.0%} {step}\x1b[K", ending="")
            self.stdout.flush()
        elif int(share * 10) != self._last:
            self._last = int(share * 10)
            self.stdout.write(f"{share:4.0%} {step}")

    def _differences(self, found: Rebuilt, limit: int) -> None:
        for each in found.differences[:limit]:
            self.stdout.write(
                f"党员 {each.member_id} {each.day} {each.origin}：{each.why}，"
                f"台账 {wording.hours(each.booked)}，依据 {wording.hours(each.wanted)}"
            )
        if (more := len(found.differences) - limit) > 0:
            self.stdout.write(f"另有 {more} 处，用 --limit 列出。")
