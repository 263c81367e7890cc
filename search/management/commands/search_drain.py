"""Apply what waits in the search outbox."""

from django.core.management.base import BaseCommand, CommandError

from search.models import Outbox
from search.services import outbox


class Command(BaseCommand):
    help = "把等待中的改动写入搜索索引（平时由后台任务自动完成）。"

    def add_arguments(self, parser):
        parser.add_argument("--limit", type=int, default=outbox.BATCH, help="每批多少条")
        parser.add_argument(
            "--retry", action="store_true", help="失败过的也立即重试，不等下次尝试的时间"
        )

    def handle(self, *args, limit, retry, **options):
        if limit < 1:
            raise CommandError("--limit 至少为 1。")
        if retry:
            Outbox.objects.filter(applied_at=None).update(next_attempt_at=None)
        done = outbox.drain(limit)
        if done.busy:
            raise CommandError("另一个进程正在更新索引，请稍后再运行。")
        left = outbox.waiting().count()
        self.stdout.write(f"已写入 {done.applied} 条，失败 {done.failed} 条，还在等待 {left} 条")
        if done.failed:
            raise CommandError("有改动没有写入：" + ";".join(dict.fromkeys(done.reasons))[:1000])
