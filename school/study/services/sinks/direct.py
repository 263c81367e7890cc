"""The ``direct`` sink: judged and stored inside the request, in one transaction."""

from django.db import transaction

from school.core.errors import DomainError
from school.study.services.sinks.answers import Accepted, Kept
from school.study.services.sinks.batches import Batch
from school.study.services.sinks.post import post


@transaction.atomic
def accept(batch: Batch) -> Accepted | Kept:
    """Post one batch, or keep it where it came too late.

    Raises:
        DomainError: it is refused; nothing was stored.
    """
    (outcome,) = post([batch])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome
