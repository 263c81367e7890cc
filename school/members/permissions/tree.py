"""Who looks at the tree in the admin, and who changes which part of it."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from school.core.errors import NotAllowed, NotFound
from school.members.models import Branch
from school.members.permissions.scope import Scope
from school.members.rules.roles import MANAGING, OVERSEEING


class TreeAccess:
    """A member's part in the tree: what is shown, and what may be changed.

    Who manages a branch founds, moves, merges, splits and dissolves what lies *below* it; the
    branch itself is placed by those above.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def has_part(self) -> bool:
        """Whether there is anything to look at."""
        return self.scope.is_superuser or bool(self.scope.roles & (OVERSEEING | MANAGING))

    @property
    def manages(self) -> bool:
        """Whether anything may be changed anywhere."""
        return self.scope.is_superuser or bool(self.scope.roles & MANAGING)

    @property
    def branches(self) -> QuerySet[Branch]:
        """Branches that are shown."""
        return (self.scope.branches | self.scope.manageable_branches).order_by("path")

    @property
    def tops(self) -> list[Branch]:
        """The highest shown nodes that still exist."""
        if self.scope.is_superuser:
            return list(Branch.get_root_nodes().filter(dissolved_on=None))
        nodes = {
            grant.branch.path: grant.branch
            for grant in self.scope.grants
            if grant.branch and grant.role in OVERSEEING | MANAGING
        }
        return [
            node
            for path, node in sorted(nodes.items())
            if node.dissolved_on is None
            and not any(path != other and path.startswith(other) for other in nodes)
        ]

    @property
    def placeable(self) -> QuerySet[Branch]:
        """Living branches that may be moved, merged, split or dissolved."""
        found = self.scope.manageable_branches.filter(dissolved_on=None)
        if self.scope.is_superuser:
            return found
        return found.exclude(path__in=self._highest)

    @property
    def holders(self) -> QuerySet[Branch]:
        """Living branches under or into which something may be placed."""
        return self.scope.manageable_branches.filter(dissolved_on=None)

    def may_place(self, branch: Branch) -> bool:
        """The check that agrees with ``placeable``."""
        return (
            branch.dissolved_on is None
            and self.scope.may_manage(branch)
            and (self.scope.is_superuser or branch.path not in self._highest)
        )

    @property
    def _highest(self) -> list[str]:
        """Paths of managed nodes that no other managed node lies above."""
        paths = {g.branch.path for g in self.scope.grants if g.role in MANAGING and g.branch}
        return [path for path in paths if not any(path != o and path.startswith(o) for o in paths)]

    def branch_or_404(self, pk: int) -> Branch:
        """A branch that is shown.

        Raises:
            NotFound: there is none, or it is a foreign one.
        """
        branch = self.branches.filter(pk=pk).first()
        if branch is None:
            raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
        return branch

    def placeable_or_refuse(self, pk: int) -> Branch:
        """A branch whose place may be changed.

        Raises:
            NotFound: not shown at all.
            NotAllowed: it may be looked at, but those above place it.
        """
        branch = self.branch_or_404(pk)
        if branch.dissolved_on is None and not self.may_place(branch):
            raise NotAllowed(_("该党组织的隶属关系由上级党组织调整，请联系上级。"))
        return branch
