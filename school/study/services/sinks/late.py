"""Evidence that comes too late to be judged at once. Both sinks ask here, and only here."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.statements import Session


class Gone(DomainError):
    """The evidence comes too late to be taken."""

    status = 410


def is_late(expires_at: datetime, received: datetime) -> bool:
    """Whether a batch of a session came in after the days in which evidence is judged at once."""
    return received > expires_at + timedelta(days=settings.STUDY_EVIDENCE_DAYS)


def turn_away(batch: Batch, session: Session, received: datetime) -> None:
    """Refuse a batch of a session that came in too late.

    Called inside the transaction of posting, the member's row locked, nothing written yet.

    Raises:
        Gone: always.
    """
    raise Gone(_("学习结束已超过规定天数，这份记录不能再上传。"))
