"""manage.py import_hours FILE [--by STAFF] [--dry-run] [--good-rows-only] [--also-similar]"""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from school.core.errors import DomainError
from school.members.models import Member
from school.study.services.hour_imports import import_hours

SHOWN = 200


class Command(BaseCommand):
    help = (
        "Import offline or outside hours (xlsx or csv: 工号 姓名 学习日期 类别 事由 分钟 or 学时 "
        "证明材料). Can be run again: a line is booked once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", help="Staff number of who imports, for the audit trail.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be booked and store nothing."
        )
        parser.add_argument(
            "--good-rows-only", action="store_true", help="Import although some rows are wrong."
        )
        parser.add_argument(
            "--also-similar",
            action="store_true",
            help="Import also rows where the person has offline hours of that day and kind.",
        )

    def handle(self, *args, **options) -> None:
        if not options["file"].is_file():
            raise CommandError(f"没有文件 {options['file']}，请核对路径。")
        by = None
        if options["by"]:
            by = Member.objects.filter(staff_number=options["by"], is_active=True).first()
            if by is None:
                raise CommandError(f"没有工号为“{options['by']}”的党员，请核对 --by。")
        self._last = -1
        try:
            done = import_hours(
                path=options["file"],
                by=by,
                dry_run=options["dry_run"],
                good_rows_only=options["good_rows_only"],
                also_similar=options["also_similar"],
                tell=self._tell,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        for error in done.errors[:SHOWN]:
            self.stderr.write(error)
        if (more := len(done.errors) - SHOWN) > 0:
            self.stderr.write(f"另有 {more} 行有错误。")
        for similar in done.similar[:SHOWN]:
            self.stderr.write(similar)
        if (more := len(done.similar) - SHOWN) > 0:
            self.stderr.write(f"另有 {more} 行可能重复。")
        word = "将入账" if options["dry_run"] else "已入账"
        late = f"，其中 {done.late} 条年度已封账，列入迟到学时" if done.late else ""
        self.stdout.write(
            f"{word} {done.booked} 条{late}，以前导入过 {done.known} 条，"
            f"有错误 {len(done.errors)} 行，可能重复 {len(done.similar)} 行。"
        )
        if done.errors and not options["dry_run"] and not options["good_rows_only"]:
            raise CommandError("有错误的行，没有导入。请改正后再运行，或加 --good-rows-only。")
        unsure = done.similar and not options["also_similar"]
        if unsure and not options["dry_run"] and not options["good_rows_only"]:
            raise CommandError(
                "有可能重复的行，没有导入。请核对；确认不是同一件事的，加 --also-similar 仍然导入。"
            )

    def _tell(self, share: float, step: str) -> None:
        if int(share * 10) != self._last:
            self._last = int(share * 10)
            end = "\r" if self.stdout.isatty() and share < 1 else "\n"
            self.stdout.write(f"{share:4.0%} {step}", ending=end)
