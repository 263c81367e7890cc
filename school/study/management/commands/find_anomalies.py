"""manage.py find_anomalies [--day YYYY-MM-DD]"""

from datetime import date, timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser

from school.core import clock
from school.study.services.anomalies import find_anomalies

BAR = 30


class Command(BaseCommand):
    help = (
        "Look through the study evidence of a local day and list what looks implausible (待核实) "
        "for people to judge. Changes no hours; may be run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--day", help="Local day as 2026-06-30 (default: yesterday).")

    def handle(self, *args, **options) -> None:
        self._last = -1
        day = self._day(options["day"])
        found = find_anomalies(day=day, tell=self._tell)
        if self.stdout.isatty():
            self.stdout.write("")
        self.stdout.write(
            f"{day}：新增 {found.new} 条，更新 {found.changed} 条，"
            f"撤下 {found.gone} 条；当日待核实共 {found.listed} 条。"
        )

    def _day(self, asked: str | None) -> date:
        if not asked:
            return clock.today() - timedelta(days=1)
        try:
            day = date.fromisoformat(asked)
        except ValueError as error:
            raise CommandError(f"--day {asked}：日期应写成 2026-06-30。") from error
        if day > clock.today():
            raise CommandError(f"--day {asked}：还没有到这一天。")
        return day

    def _tell(self, share: float, step: str) -> None:
        if self.stdout.isatty():
            filled = int(share * BAR)
            bar = "█" * filled + "·" * (BAR - filled)
            self.stdout.write(f"\r{bar} {share:4.0%} {step}\x1b[K", ending="")
            self.stdout.flush()
        elif int(share * 10) != self._last:
            self._last = int(share * 10)
            self.stdout.write(f"{share:4.0%} {step}")
