"""How fast a member may play a revision."""

from datetime import date

from school.study import registry
from school.study.models import ItemRevision


def permitted_rate(member_id: int, revision: ItemRevision, *, completed: bool, day: date) -> int:
    """Highest rate that counts, hundredths: the item's own, lowered on a first view.

    Args:
        completed: what has been completed is no first view; nothing lowers its rate any more.
        day: local day on which it is studied.
    """
    if completed or revision.axis != ItemRevision.Axis.MEDIA:
        return revision.max_rate
    limit = registry.rate_limit(member_id, revision.item_id, day)
    return revision.max_rate if limit is None else min(limit, revision.max_rate)
