"""Post the reports of study that wait in Redis now, without waiting for the workers."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from school.study.services.sinks import queue
from school.study.services.sinks.drain import drain_all


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument(
            "--again", action="store_true", help="also what could not be posted and was kept aside"
        )

    def handle(self, *, again: bool, **options) -> None:
        if settings.STUDY_SINK != "buffered":
            raise CommandError("STUDY_SINK 不是 buffered，没有等待入库的学习上报。")
        if again:
            self.stdout.write(f"放回队列：{queue.take_back_bad()} 条")
        done = drain_all()
        self.stdout.write(f"已入库 {done.posted} 条，拒收 {done.refused} 条，另存 {done.bad} 条")
        if done.bad:
            raise CommandError("有上报无法入库，原因见日志；修复后运行 drain_study --again。")
