"""What stands in the trail: one door for entries, written without any lock."""

from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest

from school.core import clock
from school.core.models import AuditEntry
from school.core.scrub import scrub, scrub_value


def record(
    action: str,
    *,
    actor: models.Model | None = None,
    subject: models.Model | None = None,
    label: str = "",
    fields: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> AuditEntry:
    """Write one entry.

    Args:
        action: dotted, stable, English: ``members.code_issued``.
        actor: who; stored as a plain id and a masked label, so erasing a member keeps the trail.
        subject: what it was done to.
        label: how the subject is called, for people.
        fields: what changed, ``{name: new}`` or ``{name: [before, after]}``; never personal
            numbers: what looks like one is masked here, as a last resort.
        request: where from; only the address prefix is kept.
    """
    return AuditEntry.objects.create(
        at=clock.now(),
        actor_id=actor.pk if actor else None,
        actor_label=getattr(actor, "masked_label", "") if actor else "",
        action=action,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_label=scrub(label or _called(subject))[:200],
        fields=scrub_value(fields or {}),
        address=address_prefix(request) if request else "",
    )


def _called(subject: models.Model | None) -> str:
    """How a subject is named in the trail; a person never in full."""
    if subject is None:
        return ""
    return getattr(subject, "masked_label", "") or str(subject)


def client_address(request: HttpRequest) -> str:
    """The client's address; behind a trusted proxy the last hop the proxy saw."""
    if settings.TRUSTED_PROXY and (forwarded := request.headers.get("X-Forwarded-For")):
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")


def address_prefix(request: HttpRequest) -> str:
    """The client's address without its last part (/24 or /48): enough to compare, not to trace."""
    address = client_address(request)
    if ":" in address:
        return ":".join(address.split(":")[:3]) + "::"
    return ".".join(address.split(".")[:3]) + ".0" if address else ""
