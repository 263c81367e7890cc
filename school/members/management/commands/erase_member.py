"""Erase what identifies a member; sums, counters and the audit trail stay."""

from django.core.management.base import BaseCommand, CommandError

from school.core.errors import DomainError
from school.members.models import Member
from school.members.services.erasure import Erasure, erase_member, try_erasing


class Command(BaseCommand):
    help = (
        "注销一名人员并删除其个人信息，不能恢复；学时、统计和审计记录保留。先用 --dry-run 看一遍。"
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("staff_number", help="工号")
        parser.add_argument("--reason", default="", help="依据，例如本人申请及日期")
        parser.add_argument("--dry-run", action="store_true", help="只列出将要做的，不做改动")

    def handle(self, *args, staff_number: str, reason: str, dry_run: bool, **options) -> None:
        member = Member.objects.filter(staff_number=staff_number.strip().upper()).first()
        if member is None:
            raise CommandError(f"没有工号为 {staff_number} 的人员，请核对。")
        label = member.masked_label
        try:
            if dry_run:
                done = try_erasing(member=member)
            else:
                done = erase_member(member=member, reason=reason)
        except DomainError as error:
            raise CommandError(error.message) from error
        self._tell(done)
        if dry_run:
            self.stdout.write(f"以上为试运行，没有改动。{label}")
        else:
            self.stdout.write(f"已注销 {label}，今后显示为“已注销”。")

    def _tell(self, done: Erasure) -> None:
        for warning in done.warnings:
            self.stderr.write(f"提示：{warning}")
        self.stdout.write("账号：姓名、工号、手机号、身份证号、密码")
        for title, count in done.changed.items():
            self.stdout.write(f"{title}：{count} 条")
