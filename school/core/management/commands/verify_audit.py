"""Check the chain of the audit trail: change, gap, cut tail."""

from django.core.management.base import BaseCommand, CommandError

from school.core import audit


class Command(BaseCommand):
    help = "Recompute every seal of the audit trail and compare the newest with the head file."

    def handle(self, *args, **options) -> None:
        found = audit.verify()
        for problem in found.problems:
            self.stderr.write(problem)
        self.stdout.write(f"已核对 {found.seals} 个封签，{found.entries} 条记录。")
        if found.problems:
            raise CommandError(f"发现 {len(found.problems)} 处问题。")
