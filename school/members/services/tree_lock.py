"""One lock for every change of the tree, and the hold on a branch that somebody enters."""

from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from school.core.errors import Conflict
from school.members.models import Branch

TREE_LOCK = 7_310_002


def lock_tree() -> None:
    """Wait until this transaction alone changes the tree.

    SQLite needs nothing: its transactions take the write lock when they begin.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])


def lock_branches(*branches: Branch) -> None:
    """Read branches anew and keep others from entering or ending them until the commit."""
    ids = sorted(branch.pk for branch in branches)
    list(Branch.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    for branch in branches:
        branch.refresh_from_db()


def hold_living(branch: Branch, since: date) -> None:
    """Keep a branch from being dissolved until the commit; asked before somebody enters it.

    Raises:
        Conflict: it has been dissolved, or was founded only after ``since``.
    """
    ending = "FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT dissolved_on FROM {Branch._meta.db_table} WHERE id = %s {ending}",
            [branch.pk],
        )
        found = cursor.fetchone()
    if found is None or found[0] is not None:
        raise Conflict(
            _("“%(branch)s”已撤销，请选择现有的党组织。") % {"branch": branch}, field="branch"
        )
    if since < branch.founded_on:
        raise Conflict(
            _("日期不能早于“%(branch)s”的成立日期 %(day)s。")
            % {"branch": branch, "day": branch.founded_on},
            field="on",
        )
