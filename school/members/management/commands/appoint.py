"""Name an administrator from the console: the first security administrator of a new school."""

import getpass

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import DomainError
from school.members.models import Branch, Member
from school.members.rules.roles import ADMINISTRATORS, Role
from school.members.services.branches import create_branch
from school.members.services.codes import issue_code
from school.members.services.grants import grant_role
from school.members.services.people import enrol_member


class Command(BaseCommand):
    help = (
        "Appoint a system, security or audit administrator. All other roles are granted by the "
        "security administrator in the admin. The entry in the trail names the console's user."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("staff_number", help="who; enrolled when --name is given")
        parser.add_argument("role", choices=sorted(ADMINISTRATORS))
        parser.add_argument("--branch", default="", help="code; the only root when left out")
        parser.add_argument("--branch-name", default="", help="found this root when there is none")
        parser.add_argument("--name", default="", help="enrol a new member under this name")

    def handle(self, *args, **options) -> None:
        try:
            member, code = self._appoint(options)
        except DomainError as error:
            raise CommandError(error.message) from error
        role = Role(options["role"]).label
        self.stdout.write(
            _("%(name)s（%(number)s）已任%(role)s。")
            % {"name": member.name, "number": member.staff_number, "role": role}
        )
        if code:
            self.stdout.write(_("一次性登录码：%(code)s（只显示这一次）") % {"code": code})

    @transaction.atomic
    def _appoint(self, options: dict) -> tuple[Member, str]:
        branch = self._branch(options["branch"], options["branch_name"])
        member = self._member(options["staff_number"], options["name"], branch)
        grant_role(
            member=member,
            role=options["role"],
            branch=branch,
            reason=_("控制台任命（%(user)s）") % {"user": getpass.getuser()},
        )
        return member, "" if member.has_usable_password() else issue_code(member=member, by=None)

    def _branch(self, code: str, name: str) -> Branch:
        roots = list(Branch.get_root_nodes())
        if code and (known := Branch.objects.filter(code=code).first()):
            return known
        if not code and len(roots) == 1:
            return roots[0]
        if roots or not (code and name):
            raise CommandError(
                _("请用 --branch 给出党组织编码；尚无党组织时再用 --branch-name 给出名称。")
            )
        return create_branch(
            parent=None,
            code=code,
            name=name,
            short_name=name[:20],
            kind=Branch.Kind.COMMITTEE,
            founded_on=clock.today(),
        )

    def _member(self, staff_number: str, name: str, branch: Branch) -> Member:
        known = Member.objects.filter(staff_number=staff_number.strip().upper()).first()
        if known:
            return known
        if not name:
            raise CommandError(
                _("没有工号为 %(number)s 的人员；新建请加 --name。") % {"number": staff_number}
            )
        return enrol_member(
            staff_number=staff_number, name=name, branch=branch, since=clock.today()
        )
