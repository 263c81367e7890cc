"""Rewrite all encrypted values with the current key."""

from django.core.management.base import BaseCommand, CommandError

from school.core import crypto, encrypted


class Command(BaseCommand):
    help = "用当前 FIELD_KEY 改写全部加密信息；旧密钥须在 FIELD_KEYS_OLD 中。可中断后重新运行。"

    def handle(self, *args, **options) -> None:
        outcomes = [self._rotate(column) for column in encrypted.columns()]
        outcomes += [self._rewrite(*item) for item in encrypted.rewriters().items()]
        rewritten, failed = sum(o[0] for o in outcomes), sum(o[1] for o in outcomes)
        self.stdout.write(f"已改写 {rewritten} 个值，现用密钥 {crypto.current_id()}。")
        if failed:
            raise CommandError(
                f"{failed} 个值未能改写：密钥不在 FIELD_KEYS_OLD 中、内容被改动，或与另一行重复。"
                "旧密钥请暂时保留。"
            )

    def _rotate(self, column: encrypted.EncryptedColumn) -> tuple[int, int]:
        name, total = f"{column.model}.{column.cipher}", column.stale.count()
        state = encrypted.Rotation(column)
        for state in encrypted.rotate(column):
            if total:
                self._tell(f"{name} {state.rewritten + len(state.failed)}/{total}")
        return self._ended(name, state.rewritten, state.failed, shown=bool(total))

    def _rewrite(self, name: str, rewrite: encrypted.Rewriter) -> tuple[int, int]:
        done, failed = 0, ()
        for done, failed in rewrite():
            self._tell(f"{name} {done + len(failed)}")
        return self._ended(name, done, failed, shown=bool(done or failed))

    def _ended(
        self, name: str, done: int, failed: tuple[int, ...], *, shown: bool
    ) -> tuple[int, int]:
        if shown and self.stdout.isatty():
            self.stdout.write("")
        for pk in failed:
            self.stderr.write(f"{name} 第 {pk} 行未能改写。")
        return done, len(failed)

    def _tell(self, line: str) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{line}", ending="")
            self.stdout.flush()
        else:
            self.stdout.write(line)
