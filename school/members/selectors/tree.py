"""The tree as it stood on a day: today's from the path, a past day's from the placements."""

from collections import defaultdict
from datetime import date

from django.db.models import F, QuerySet

from school.core import clock
from school.members.models import Branch, BranchPlacement


def parents_on(day: date) -> dict[int, int | None]:
    """Parent id of every branch placed on a day. One query."""
    return dict(BranchPlacement.objects.on(day).values_list("branch_id", "parent_id"))


def last_parents_on(day: date) -> dict[int, int | None]:
    """As ``parents_on``, and for branches dissolved by then the parent they had last. One query."""
    rows = BranchPlacement.objects.filter(since__lte=day).exclude(until=F("since"))
    return dict(rows.order_by("since", "pk").values_list("branch_id", "parent_id"))


def ancestors_on(branch_id: int, day: date) -> list[int]:
    """The branch and its ancestors on a day, from itself up to the root."""
    if day >= clock.today():
        path = Branch.objects.filter(pk=branch_id).values_list("path", flat=True).first()
        if path is None:
            return []
        steps = [path[:end] for end in range(len(path), 0, -Branch.steplen)]
        ids = dict(Branch.objects.filter(path__in=steps).values_list("path", "pk"))
        return [ids[step] for step in steps if step in ids]
    parents, line, node = parents_on(day), [], branch_id
    while node is not None and node not in line:
        line.append(node)
        node = parents.get(node)
    return line


def descendant_ids_on(branch_id: int, day: date) -> set[int]:
    """The branch and everything below it on a day."""
    if day >= clock.today():
        path = Branch.objects.filter(pk=branch_id).values_list("path", flat=True).first()
        if path is None:
            return set()
        living = Branch.objects.filter(path__startswith=path, dissolved_on=None)
        return set(living.values_list("pk", flat=True))
    children: dict[int | None, list[int]] = defaultdict(list)
    for child, parent in parents_on(day).items():
        children[parent].append(child)
    found, waiting = set(), [branch_id]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(children[node])
    return found


def children_on(branch: Branch, day: date) -> QuerySet[Branch]:
    """Direct children on a day, in the order of the tree."""
    rows = BranchPlacement.objects.on(day).filter(parent=branch)
    return Branch.objects.filter(pk__in=rows.values("branch_id")).order_by("path")
