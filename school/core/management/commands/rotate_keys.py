"""Rewrite all encrypted values with the current key."""

from django.core.management.base import BaseCommand, CommandError

from school.core import encrypted


class Command(BaseCommand):
    help = "用当前 FIELD_KEY 改写全部加密信息；旧密钥须在 FIELD_KEYS_OLD 中。可中断后重新运行。"

    def handle(self, *args, **options) -> None:
        rewritten, failed = 0, 0
        for column in encrypted.columns():
            total, state = column.stale.count(), None
            for state in encrypted.rotate(column):
                self._tell(column, state, total)
            if self.stdout.isatty() and total:
                self.stdout.write("")
            for pk in state.failed:
                self.stderr.write(f"{column.model}.{column.cipher} 第 {pk} 行未能改写。")
            rewritten += state.rewritten
            failed += len(state.failed)
        self.stdout.write(f"已改写 {rewritten} 个值，现用密钥 {encrypted.crypto.current_id()}。")
        if failed:
            raise CommandError(
                f"{failed} 个值未能改写：密钥不在 FIELD_KEYS_OLD 中、内容被改动，或与另一行重复。"
                "旧密钥请暂时保留。"
            )

    def _tell(self, column, state, total: int) -> None:
        done = state.rewritten + len(state.failed)
        line = f"{column.model}.{column.cipher} {done}/{total}"
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="")
            self.stdout.flush()
        elif total:
            self.stdout.write(line)
