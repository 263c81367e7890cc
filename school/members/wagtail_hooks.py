"""Registration with the Wagtail admin; nothing else."""

from wagtail import hooks

from school.members.viewsets.branches import BranchViewSet
from school.members.viewsets.members import MemberViewSet
from school.members.viewsets.roles import RoleViewSet


@hooks.register("register_admin_viewset")
def register_roles():
    return RoleViewSet("roles")


@hooks.register("register_admin_viewset")
def register_branches():
    return BranchViewSet()


@hooks.register("register_admin_viewset")
def register_people():
    return MemberViewSet()
