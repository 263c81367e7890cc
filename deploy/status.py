"""What the launcher tells while it runs: when the school is open, and how the queue is doing."""

import sys
import time

REPORT_EVERY = 5.0
REASON_CHARACTERS = 200


def open_to_visitors() -> bool:
    """Whether the first lesson plays, or there is no lesson to wait for (any more)."""
    from django.db import connection

    from courses.models import LessonPage
    from school.core.models import Job

    try:
        lessons = LessonPage.objects.live()
        if not lessons.exists() or lessons.exclude(video__current=None).exists():
            return True
        # Every encoding has failed: everything else can be visited, and the reasons be read.
        coming = Job.objects.filter(queue="video", state__in=[Job.State.QUEUED, Job.State.RUNNING])
        return not coming.exists()
    finally:
        connection.close()


def welcome(address: str, seconds: float) -> str:
    """The lines printed when the school is open: the address and one account per role."""
    from django.db import connection

    from school.demo import accounts, steps

    lines = ["", f"网上党校已开放（{seconds:.0f} s）：{address}/", ""]
    if steps.people_ready():
        lines.append("演示账号（角色、姓名、工号、密码）：")
        for row in accounts.listing():
            role = row["role"] + "\u3000" * max(0, 7 - len(row["role"]))
            name = row["name"] + "\u3000" * max(0, 5 - len(row["name"]))
            secret = (
                row.get("password") or f"一次性登录码 {row['code'] or '已用过，请支部书记重新发放'}"
            )
            lines.append(f"  {role}{name}{row['staff_number']}  {secret}")
        lines.append("")
    connection.close()
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
        line, busy = self.line()
        if line == self._last:
            return
        self._last = line
        if sys.stdout.isatty():
            print(f"\r\033[K{line}", end="" if busy else "\n", flush=True)
        else:
            print(line, flush=True)

    @staticmethod
    def line() -> tuple[str, bool]:
        """What to say of the queue, and whether anything in it still moves."""
        from django.db import connection

        from school.core.models import Job

        try:
            running = list(Job.objects.filter(state=Job.State.RUNNING).order_by("id")[:2])
            queued = Job.objects.filter(state=Job.State.QUEUED).count()
            failed = Job.objects.filter(state=Job.State.FAILED).order_by("id")
            failures, first = failed.count(), failed.first()
        finally:
            connection.close()
        parts = [f"{job.title or job.kind} {job.percent}%" for job in running]
        if queued:
            parts.append(f"排队 {queued}")
        if failures:
            parts.append(f"失败 {failures}")
        if running or queued:
            return "后台任务：" + "，".join(parts), True
        if not first:
            return "后台任务全部完成。", False
        reason = (first.reason.strip().splitlines() or ["没有记下原因"])[0][:REASON_CHARACTERS]
        told = f"{first.title or first.kind}：{reason}"
        return (
            f"后台任务全部结束，失败 {failures}。第一项是{told}（可在后台的“后台任务”里重试）",
            False,
        )
