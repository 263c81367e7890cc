"""Check the chain of the audit trail: change, gap, cut tail; with --archives also the files.

``--write-heads`` first adds to the file outside the database what it lacks; that it was done is
itself an entry.
"""

from django.core.management.base import BaseCommand, CommandError

from school.core import audit, clock
from school.core.audit.archive import verify_archives


class Command(BaseCommand):
    help = "核对审计记录：改动、缺失、截尾都会报告并以非零退出；--archives 连同归档文件一起核对。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--archives", action="store_true", help="同时核对归档文件")
        parser.add_argument(
            "--write-heads",
            action="store_true",
            help="先把库外文件缺的封签补记进去（查明原因之后；会记入审计）",
        )

    def handle(self, *args, **options) -> None:
        if options["write_heads"] and (written := audit.write_heads()):
            self.stdout.write(f"已补记 {written} 个封签。")
        found = audit.verify()
        problems = list(found.problems)
        self.stdout.write(f"已核对 {found.seals} 个封签，{found.entries} 条记录。")
        if found.since:
            moment = found.since.astimezone(clock.LOCAL)
            self.stdout.write(f"库内记录自 {moment:%Y-%m-%d %H:%M} 起，此前的记录已归档。")
        if options["archives"]:
            kept = verify_archives()
            problems += kept.problems
            self.stdout.write(f"已核对归档文件 {kept.files} 个，{kept.entries} 条记录。")
        for remark in found.remarks:
            self.stdout.write(f"提示：{remark}")
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"发现 {len(problems)} 处问题。")
