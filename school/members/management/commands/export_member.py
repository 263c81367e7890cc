"""Write out everything the house holds about one member."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from school.core.errors import DomainError
from school.members.models import Member
from school.members.services.dossier import export_to


class Command(BaseCommand):
    help = "把一名党员的全部个人信息写入文件（.json 或 .zip），供本人查阅；记入审计。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("staff_number", help="工号")
        parser.add_argument("--to", required=True, type=Path, help="写入的文件，不能已存在")

    def handle(self, *args, staff_number: str, to: Path, **options) -> None:
        member = Member.objects.filter(staff_number=staff_number.strip().upper()).first()
        if member is None:
            raise CommandError(f"没有工号为 {staff_number} 的人员，请核对。")
        try:
            size = export_to(member=member, path=to)
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"不能写入 {to}：{error.strerror}。") from error
        self.stdout.write(f"已写入 {to}，{size} 字节。内含完整号码，请当面交给本人后删除。")
