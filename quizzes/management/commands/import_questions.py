"""manage.py import_questions FILE --bank TITLE [--create-bank] [--dry-run]"""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quizzes.models import QuestionBank
from quizzes.services.exchange import RefusedSheet, import_questions, read_file


class Command(BaseCommand):
    help = "Import questions from an xlsx file into a bank: all rows or none. Can be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--bank", required=True, help="Title or number of the bank.")
        parser.add_argument(
            "--create-bank", action="store_true", help="Make a school-wide bank of that title."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Check the file and store nothing."
        )

    def handle(self, *args, **options) -> None:
        try:
            data = read_file(options["file"])
            bank = self._bank(options["bank"], options["create_bank"])
            outcome = import_questions(
                data=data, bank=bank, dry_run=options["dry_run"], progress=self._progress
            )
        except RefusedSheet as error:
            for each in error.errors:
                self.stderr.write(str(each))
            raise CommandError(error.message) from error
        verb = "将新增" if outcome.dry_run else "新增"
        self.stdout.write(
            f"{bank}:{verb} {outcome.created} 题，更新 {outcome.revised} 题，"
            f"未变 {outcome.unchanged} 题。"
        )

    def _bank(self, name: str, create: bool) -> QuestionBank:
        found = list(QuestionBank.objects.filter(title=name)[:2])
        if not found and name.isdigit():
            found = list(QuestionBank.objects.filter(pk=int(name)))
        if len(found) > 1:
            raise CommandError(f"有多个题库叫“{name}”，请改用编号。")
        if found:
            return found[0]
        if not create:
            raise CommandError(f"没有题库“{name}”；要新建请加 --create-bank。")
        return QuestionBank.objects.create(title=name)

    def _progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{done}/{total}", ending="\n" if done == total else "")
        elif done == total or done % 500 == 0:
            self.stdout.write(f"{done}/{total}")
