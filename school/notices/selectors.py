"""The member's inbox."""

from django.db.models import Count, QuerySet

from school.core.prepared import prepared
from school.notices.models import Delivery


def inbox(member_id: int) -> QuerySet[Delivery]:
    """A member's deliveries, newest first, with message and sender."""
    return Delivery.objects.filter(
        member_id=member_id, channel=Delivery.Channel.INBOX
    ).select_related("message__sender")


def unread_count(member_id: int) -> int:
    """How many messages a member has not read. One indexed count, asked for by every page."""
    return sum(_unread(member_id))


@prepared
def _unread(member_id: int) -> QuerySet:
    unread = Delivery.objects.filter(member_id=member_id, read_at=None).order_by()
    return unread.values("member_id").values_list(Count("pk"), flat=True)
