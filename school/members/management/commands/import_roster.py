"""manage.py import_roster FILE --branch CODE [--create-branches] [--move] [--good-rows-only]
[--dry-run] [--marked FILE]"""

import shutil
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from school.core.errors import DomainError
from school.members.models import Branch, RosterImport
from school.members.roster.planning import Outcome
from school.members.services.roster_files import stored
from school.members.services.rosters import discard, import_file

BAR = 30


class Command(BaseCommand):
    help = "Import a roster (xlsx or csv) into a branch and what stands below it. Can be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--branch", required=True, help="Code of the branch imported to.")
        parser.add_argument(
            "--create-branches", action="store_true", help="Make branches the school lacks."
        )
        parser.add_argument(
            "--move", action="store_true", help="Take in members at home in another branch, today."
        )
        parser.add_argument(
            "--good-rows-only", action="store_true", help="Import although some rows are wrong."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would change and store nothing."
        )
        parser.add_argument(
            "--marked", type=Path, help="Write the roster with the findings in front to this file."
        )

    def handle(self, *args, **options) -> None:
        branch = Branch.objects.filter(code=options["branch"], dissolved_on=None).first()
        if branch is None:
            raise CommandError(f"没有编码为“{options['branch']}”的党组织，请核对 --branch。")
        if not options["file"].is_file():
            raise CommandError(f"没有文件 {options['file']}，请核对路径。")
        self._last = -1
        try:
            roster = import_file(
                branch=branch,
                path=options["file"],
                whole_only=not options["good_rows_only"],
                move_members=options["move"],
                create_branches=options["create_branches"],
                dry_run=options["dry_run"],
                marking=options["marked"] is not None,
                tell=self._tell,
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        try:
            self._summary(roster, options)
        finally:
            discard(roster=roster)

    def _tell(self, share: float, step: str) -> None:
        if self.stdout.isatty():
            filled = int(share * BAR)
            bar = "█" * filled + "·" * (BAR - filled)
            self.stdout.write(f"\r{bar} {share:4.0%} {step}\x1b[K", ending="")
            self.stdout.flush()
        elif step and int(share * 20) != self._last:
            self._last = int(share * 20)
            self.stdout.write(f"{share:4.0%} {step}")

    def _summary(self, roster: RosterImport, options: dict) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
        counts = roster.counts
        for note in counts["notes"]:
            self.stdout.write(note)
        wrong = [row for row in roster.findings if row["kind"] == Outcome.REJECTED]
        for row in wrong:
            self.stderr.write(f"第 {row['row']} 行 {row['name']}：{'；'.join(row['errors'])}")
        if (more := counts[Outcome.REJECTED] - len(wrong)) > 0:
            self.stderr.write(f"另有 {more} 行有错误；用 --marked 写出全部。")
        if options["marked"] and roster.marked_file:
            shutil.copyfile(stored(roster.marked_file), options["marked"])
            self.stdout.write(f"标注后的表：{options['marked']}")
        done = counts.get("done")
        self.stdout.write(
            ("已导入" if done is not None else "核对结果")
            + f"：共 {counts['total']} 行，"
            + "，".join(
                f"{Outcome(name).label} {(done or counts).get(name, 0)}"
                for name in Outcome.values
                if name != Outcome.REJECTED
            )
            + f"，有错误 {counts[Outcome.REJECTED]}。"
        )
        if done is None and counts[Outcome.REJECTED]:
            raise CommandError("有错误的行，没有导入。请改正后再运行，或加 --good-rows-only。")
