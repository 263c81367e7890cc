"""What the letter of introduction of a transfer says, and until when it holds."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict
from school.members.models import MemberRecord, MemberStanding, Transfer
from school.members.rules.letters import valid_until
from school.members.selectors.people import standing_on


@dataclass(frozen=True)
class Letter:
    """A letter as it is printed. Personal numbers are no part of it: they are filled in by hand."""

    transfer: Transfer
    written_on: date
    until: date
    record: MemberRecord | None = None
    standing: MemberStanding | None = None

    @property
    def days_left(self) -> int:
        """Days until it ends; 0 on its last day, negative afterwards."""
        return (self.until - clock.today()).days

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed."""
        return self.days_left < 0


def validity(transfer: Transfer) -> Letter:
    """The dates of a transfer's letter, without what it says of the member."""
    day = clock.local_day(transfer.sent_at)
    return Letter(transfer, day, valid_until(day, settings.TRANSFER_LETTER_MONTHS))


def letter_of(transfer: Transfer) -> Letter:
    """The letter of a transfer on its way.

    Raises:
        Conflict: it has been received, returned or withdrawn.
    """
    if transfer.state != Transfer.State.SENT:
        raise Conflict(_("这次转接已经办结，不能再打印介绍信。"))
    dates = validity(transfer)
    return Letter(
        transfer,
        dates.written_on,
        dates.until,
        record=MemberRecord.objects.filter(member=transfer.member_id).first(),
        standing=standing_on(transfer.member),
    )
