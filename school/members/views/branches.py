"""What the tree picker asks: branches by name or code, or the children of one."""

from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from school.core.errors import NotFound
from school.members.fields import branch_label
from school.members.models import Branch, BranchPlacement
from school.members.permissions import Scope, member_required, scope_for
from school.members.permissions.people import KEEPING, PeopleAccess
from school.members.permissions.tree import TreeAccess
from school.members.rules.roles import MANAGING, OVERSEEING, WRITING
from school.members.selectors.tree_page import line_names

OFFERED = 30

# What a picker may offer, and the roles that reach it (None: everybody who has a part in the
# tree). The form that reads the answer checks it again.
REACHES: dict[str, tuple[Callable[[Scope], QuerySet[Branch]], frozenset[str] | None]] = {
    "see": (lambda scope: scope.branches, OVERSEEING),
    "write": (lambda scope: scope.writable_branches, WRITING),
    "manage": (lambda scope: TreeAccess(scope).holders, MANAGING),
    "people": (lambda scope: PeopleAccess(scope).branches, KEEPING),
    # Where a transfer goes may be any branch of the school; names of branches are no secret.
    "all": (lambda scope: Branch.objects.order_by("path"), None),
}


@require_GET
@member_required
def branches(request: HttpRequest) -> JsonResponse:
    """``?for=manage&q=…`` finds; without ``q``: the top nodes, or those ``&under=`` one.

    ``&within=`` a branch keeps to what lies below it.
    """
    scope = scope_for(request.user)
    reach = REACHES.get(request.GET.get("for", ""))
    if reach is None or not TreeAccess(scope).has_part:
        raise NotFound(_("没有找到这个页面。"))
    offered, roles = reach
    within = offered(scope).filter(dissolved_on=None)
    text = request.GET.get("q", "").strip()[:80]
    under = request.GET.get("under", "")
    if top := request.GET.get("within", ""):
        within = _below(within, top)
        under = under or top
    if text:
        found = _matching(within, text)
    elif under.isdecimal() and len(under) < 19:
        placed = BranchPlacement.objects.open().filter(parent_id=int(under))
        found = within.filter(pk__in=placed.values("branch_id"))
    else:
        found = _highest(within, scope, roles)
    below = BranchPlacement.objects.open().filter(parent=OuterRef("pk"))
    rows = list(found.annotate(is_parent=Exists(below))[: OFFERED if text else 500])
    lines = line_names(rows) if text else {}
    return JsonResponse(
        {
            "branches": [
                {
                    "pk": row.pk,
                    "label": branch_label(row),
                    "kind": row.get_kind_display(),
                    "line": lines.get(row.pk, ""),
                    "parent": row.is_parent,
                }
                for row in rows
            ]
        }
    )


def _below(within: QuerySet[Branch], top: str) -> QuerySet[Branch]:
    """What lies below one of the offered branches."""
    known = top.isdecimal() and len(top) < 19
    node = within.filter(pk=int(top)).first() if known else None
    if node is None:
        raise NotFound(_("没有找到这个党组织，或不在管理范围内。"))
    return within.filter(path__startswith=node.path).exclude(pk=node.pk)


def _matching(within: QuerySet[Branch], text: str) -> QuerySet[Branch]:
    named = Q(name__icontains=text) | Q(short_name__icontains=text)
    return within.filter(named | Q(code__istartswith=text))


def _highest(
    within: QuerySet[Branch], scope: Scope, roles: frozenset[str] | None
) -> QuerySet[Branch]:
    """Where browsing begins: the roots, or the highest branches that the roles were given on."""
    if roles is None or scope.is_superuser:
        return within.filter(depth=1)
    paths = {g.branch.path for g in scope.grants if g.branch and g.role in roles}
    return within.filter(
        path__in=[p for p in paths if not any(p != o and p.startswith(o) for o in paths)]
    )
