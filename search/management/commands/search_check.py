"""Compare engine, database copies and outbox."""

from django.core.management.base import BaseCommand, CommandError

from search.services import maintenance


class Command(BaseCommand):
    help = "检查搜索：引擎是否可用、索引与数据库是否一致、有没有写不进去的改动。"

    def handle(self, *args, **options):
        report = maintenance.check()
        health = report.health
        self.stdout.write(
            f"引擎 {health.name}{'' if health.reachable else ' 不可用'} {health.detail}"
        )
        self.stdout.write(
            f"索引 {health.docs} 篇，数据库 {report.copies} 篇，"
            f"等待写入 {report.waiting} 条，其中多次失败 {report.stuck} 条"
        )
        if health.size_bytes:
            self.stdout.write(f"索引大小 {health.size_bytes / 1024**2:.1f} MB")
        for problem in report.problems:
            self.stderr.write(problem)
        if report.problems:
            raise CommandError(f"发现 {len(report.problems)} 个问题。")
        self.stdout.write("没有发现问题")
