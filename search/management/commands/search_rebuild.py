"""Build the search index anew and put it in the place of the old one."""

from django.core.management.base import BaseCommand, CommandError

from search.engines.base import EngineDown
from search.services import rebuild
from search.services.guard import Busy


class Command(BaseCommand):
    help = "重建搜索索引：新索引建好后一次替换，期间的改动不会丢。可中断后重新运行。"

    def handle(self, *args, **options):
        try:
            result = rebuild.rebuild(tell=self._tell)
        except EngineDown as error:
            raise CommandError(f"搜索引擎不可用：{error}。旧索引仍在使用。") from error
        except Busy as error:
            raise CommandError(
                "另一个进程正在重建或更新索引，请稍后再运行。旧索引仍在使用。"
            ) from error
        if self.stdout.isatty():
            self.stdout.write("")
        self.stdout.write(
            f"已索引 {result.docs} 篇，补上期间的改动 {result.replayed} 处，"
            f"失败 {len(result.failed)} 篇"
        )
        for line in result.failed[:20]:
            self.stderr.write(line)
        if result.failed:
            raise CommandError(f"{len(result.failed)} 篇未能编入索引，原因见上。")

    def _tell(self, done: int, total: int, what: str) -> None:
        line = f"索引 {done}/{total} {what}"
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="")
            self.stdout.flush()
        else:
            self.stdout.write(line)
