"""What the launcher tells while it runs: when the school is open, and how the queue is doing."""

import json
import sys
import time
from pathlib import Path

REPORT_EVERY = 5.0


def open_to_visitors() -> bool:
    """Whether the first lesson plays, or there is no video to wait for."""
    from django.db import connection

    from media.models import Video

    try:
        videos = Video.objects.count()
        return not videos or Video.objects.filter(current__isnull=False).exists()
    finally:
        connection.close()


def demo_accounts(data_dir: Path) -> list[dict[str, str]]:
    """What `manage.py seed` left behind for visitors: role, name, login and secret of each."""
    path = data_dir / "demo-accounts.json"
    return json.loads(path.read_text()) if path.exists() else []


def welcome(address: str, data_dir: Path, seconds: float) -> str:
    """The lines printed when the school is open: the address and one account per role."""
    lines = ["", f"网上党校已开放({seconds:.0f} s):{address}/", ""]
    if accounts := demo_accounts(data_dir):
        lines.append("演示账号(角色、姓名、登录名 / 密码或一次性登录码):")
        for account in accounts:
            role = account["role"] + "\u3000" * max(0, 8 - len(account["role"]))
            name = account["name"] + "\u3000" * max(0, 4 - len(account["name"]))
            lines.append(f"  {role} {name} {account['login']} / {account['secret']}")
        lines.append("")
    lines.append("按 Ctrl-C 停止。")
    return "\n".join(lines)


class Reporter:
    """Tells of the background queue while something is in it: a line that renews itself on a
    terminal, a plain line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._next = 0.0
        self._last: str | None = None

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
