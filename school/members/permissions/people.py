"""Who keeps the members' list in the admin, and over which branches."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from school.core.errors import NotFound
from school.members.models import Branch
from school.members.permissions.scope import Role, Scope

# Roles that work with the list in the admin; a secretary has the one of the own branch.
KEEPING = frozenset({Role.COMMITTEE_ADMIN, Role.SCHOOL_ADMIN, Role.SYSTEM_ADMIN})


class PeopleAccess:
    """What one member sees of the members' list in the admin. No statements besides the grants."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @property
    def has_part(self) -> bool:
        """Whether there is a list at all."""
        return self.scope.is_superuser or bool(self._nodes)

    @property
    def _nodes(self) -> dict[str, Branch]:
        return {
            g.branch.path: g.branch for g in self.scope.grants if g.branch and g.role in KEEPING
        }

    @property
    def tops(self) -> list[Branch]:
        """The highest nodes; what lies below another is dropped."""
        if self.scope.is_superuser:
            return list(Branch.get_root_nodes())
        nodes = self._nodes
        return [
            node
            for path, node in sorted(nodes.items())
            if not any(path != other and path.startswith(other) for other in nodes)
        ]

    @property
    def branches(self) -> QuerySet[Branch]:
        """Branches whose members are listed."""
        everything = Branch.objects.order_by("path")
        if self.scope.is_superuser:
            return everything
        reached = Q(pk__in=())
        for path in self._nodes:
            reached |= Q(path__startswith=path)
        return everything.filter(reached)

    def may_see(self, branch: Branch) -> bool:
        """The check that agrees with ``branches``."""
        return self.scope.is_superuser or any(branch.path.startswith(path) for path in self._nodes)

    def branch_or_404(self, pk: int) -> Branch:
        """A branch whose members are listed.

        Raises:
            NotFound: there is none, or it is a foreign one.
        """
        known = next((top for top in self._nodes.values() if top.pk == pk), None)
        branch = known or self.branches.filter(pk=pk).first()
        if branch is None:
            raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
        return branch
