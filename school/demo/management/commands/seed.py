"""``manage.py seed``: the demo school, or a school of any size for measuring."""

import sys
import time
from dataclasses import replace

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from school.core.errors import DomainError
from school.demo import accounts, scale, steps

INTERRUPTED = 130  # as a shell says of a program that Ctrl-C ended


class Command(BaseCommand):
    help = "建立示范学校（可重复运行）；带 --branches 时建立指定规模的测量用学校"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--demo", action="store_true", help="示范学校（默认）")
        parser.add_argument("--members", type=int, help="人数，示范学校默认 200")
        parser.add_argument("--small", action="store_true", help="人少、内容短的示范学校（测试用）")
        parser.add_argument("--branches", type=int, help="支部数；给出时建立测量用学校")
        parser.add_argument("--items", type=int, default=50, help="测量用学校的学习内容数")
        parser.add_argument("--days", type=int, default=30, help="测量用学校的学习天数")
        parser.add_argument("--quiet-accounts", action="store_true", help="不打印账号")
        parser.add_argument(
            "--demo-accounts",
            action="store_true",
            help="正式配置下也建立；演示账号的密码是公开的，建立后请立即停用",
        )

    def handle(self, *args, **options) -> None:
        if not (settings.DEMO_ACCOUNTS or options["demo_accounts"]):
            raise CommandError(
                "这里是正式配置，示范学校会建立密码公开的账号，因此没有建立。"
                "空学校请用 manage.py appoint 任命管理员；确实要示范学校，请加 --demo-accounts。"
            )
        try:
            self.build(options)
        except KeyboardInterrupt:
            self.stderr.write("已中断，再次运行会继续。")
            sys.exit(INTERRUPTED)

    def build(self, options) -> None:
        """Carry out what was asked for, step by step.

        Raises:
            CommandError: a step could not be done; the message says why.
        """
        self.started = time.monotonic()
        try:
            if options["branches"]:
                summary = scale.grow(
                    members=options["members"] or 1000,
                    branches=options["branches"],
                    items=options["items"],
                    days=options["days"],
                    tell=self.tell,
                )
                self.stdout.write(summary)
                return
            worked = steps.run(self.profile(options), self.tell)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write("示范学校已建立。" if worked else "示范学校已经建好，没有改动。")
        if not options["quiet_accounts"]:
            self.print_accounts()

    def profile(self, options) -> steps.Profile:
        profile = steps.SMALL if options["small"] else steps.Profile()
        return replace(profile, members=options["members"] or profile.members)

    def tell(self, text: str) -> None:
        seconds = time.monotonic() - self.started
        self.stdout.write(f"[{seconds:6.1f} 秒] {text}")
        self.stdout.flush()

    def print_accounts(self) -> None:
        for row in accounts.listing():
            secret = row.get("password") or f"一次性登录码 {row['code'] or '(已失效，请重新发放)'}"
            self.stdout.write(f"{row['role']:　<6} 工号 {row['staff_number']}  {secret}")
