"""manage.py export_questions FILE --bank TITLE [--with-retired]; without --bank: the template."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quizzes.models import QuestionBank
from quizzes.services.exchange import export_questions, template


class Command(BaseCommand):
    help = "Write the questions of a bank (or, without a bank, an example) to an xlsx file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--bank", default="", help="Title or number of the bank.")
        parser.add_argument("--with-retired", action="store_true")

    def handle(self, *args, **options) -> None:
        name = options["bank"]
        data = template()
        if name:
            bank = QuestionBank.objects.filter(title=name).first()
            if bank is None and name.isdigit():
                bank = QuestionBank.objects.filter(pk=int(name)).first()
            if bank is None:
                raise CommandError(f"没有题库“{name}”。")
            data = export_questions(bank=bank, include_retired=options["with_retired"])
        try:
            options["file"].write_bytes(data)
        except OSError as error:
            raise CommandError(f"不能写入 {options['file']}:{error.strerror}") from error
        self.stdout.write(f"已写入 {options['file']}({len(data)} 字节)。")
