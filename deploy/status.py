"""What the launcher tells while it runs: when the school is open, and how the queue is doing."""

import sys
import time

REPORT_EVERY = 5.0
TRANSCODE = "video"


def open_to_visitors() -> bool:
    """Whether the first lesson plays, or there is no video to wait for."""
    from django.db import connection

    from media.models import Video

    try:
        videos = Video.objects.count()
        return not videos or Video.objects.filter(current__isnull=False).exists()
    finally:
        connection.close()


def welcome(address: str, seconds: float) -> str:
    """The lines printed when the school is open: the address and one account per role."""
    from django.db import connection

    from school.demo import accounts

    lines = ["", f"网上党校已开放({seconds:.0f} s):{address}/", ""]
    shown = accounts.existing()
    connection.close()
    if shown:
        lines.append("演示账号(登录名 / 密码或一次性登录码):")
        lines += [f"  {a.role:　<8}{a.name:　<5}{a.login} / {a.secret}" for a in shown]
        lines.append("")
    lines.append("按 Ctrl-C 停止。")
    return "\n".join(lines)


class Reporter:
    """Tells of the background queue while something is in it: a line that renews itself on a
    terminal, a plain line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._next = 0.0
        self._last = ""

    def tell(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT_EVERY
        line = self._line()
        if line == self._last:
            return
        self._last = line
        if not line:
            line = "后台任务全部完成。"
        if sys.stdout.isatty():
            end = "\n" if line.startswith("后台任务全部") else ""
            print(f"\r\033[K{line}", end=end, flush=True)
        else:
            print(line, flush=True)

    @staticmethod
    def _line() -> str:
        from django.db import connection

        from school.core.models import Job

        try:
            running = list(Job.objects.filter(state=Job.State.RUNNING).order_by("id")[:2])
            queued = Job.objects.filter(state=Job.State.QUEUED).count()
            failed = Job.objects.filter(state=Job.State.FAILED).count()
        finally:
            connection.close()
        parts = [f"{job.title or job.kind} {job.percent}%" for job in running]
        if queued:
            parts.append(f"排队 {queued}")
        if not parts:
            return ""
        if failed:
            parts.append(f"失败 {failed}")
        return "后台任务:" + ",".join(parts)
