"""Reads of the mistake book."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from quizzes.models import Mistake
from school.core.errors import NotFound
from school.members.models import Member


def mistakes_of(member: Member) -> QuerySet[Mistake]:
    """The member's book, newest mistake first, with what a row shows."""
    return Mistake.objects.filter(member=member, cleared_at=None).select_related(
        "version", "question", "last_attempt__paper"
    )


def mistake_for(member: Member, mistake_id: int) -> Mistake:
    """One question of the member's book.

    Raises:
        NotFound: not in this member's book (any more).
    """
    mistake = mistakes_of(member).select_related("version__question").filter(pk=mistake_id).first()
    if mistake is None:
        raise NotFound(_("错题本里没有这道题，可能已经移出。"))
    return mistake
