"""Take audit entries that were kept long enough out of the database, into files."""

from django.core.management.base import BaseCommand, CommandError

from school.core import audit
from school.core.errors import DomainError


class Command(BaseCommand):
    help = "把超过保存期限的审计记录连同封签写入归档文件，再从数据库移出。可中断后重新运行。"

    def handle(self, *args, **options) -> None:
        try:
            made = audit.prune(tell=lambda row: self.stdout.write(f"{row.file} {row.entries} 条"))
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"已归档 {sum(row.entries for row in made)} 条，{len(made)} 个文件。")
