"""Background work of studying."""

from django.utils.translation import gettext_noop

from school.core.jobs import Lease, job_kind
from school.study.models import StudyItem
from school.study.services.completion import RECONSIDER, reconsider


@job_kind(RECONSIDER, title=gettext_noop("核对完成情况"))
def reconsider_item(lease: Lease) -> dict:
    """Look again at who may have completed the item named in the payload."""
    rows = StudyItem.objects.select_related("current__item")
    item = rows.filter(pk=lease.payload["item"]).first()
    if item is None:
        return {"posted": 0}

    def tell(done: int, total: int) -> None:
        lease.progress(done / total, f"已核对 {done} / {total} 人")

    return {"posted": reconsider(item=item, progress=tell)}
