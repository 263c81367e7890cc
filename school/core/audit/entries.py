"""What stands in the trail: one door for entries, written without any lock."""

import contextlib
import ipaddress
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest

from school.core import clock
from school.core.models import AuditEntry
from school.core.prepared import PreparedInsert
from school.core.scrub import scrub, scrub_value

# What is compared of an address: a household or an office, not a person.
PREFIX_BITS = {4: 24, 6: 48}
NO_ADDRESS = "unknown"

_insert = PreparedInsert(AuditEntry)

# Where what is done now comes from: the request that is answered, or a word for what runs without.
_origin: ContextVar[HttpRequest | str] = ContextVar("audit_origin", default="")


@contextlib.contextmanager
def coming_from(source: HttpRequest | str) -> Iterator[None]:
    """Entries of the block come from this request, or from what runs without one (``job:12``)."""
    token = _origin.set(source)
    try:
        yield
    finally:
        _origin.reset(token)


def record(
    action: str,
    *,
    actor: models.Model | None = None,
    subject: models.Model | None = None,
    label: str = "",
    fields: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Write one entry.

    Args:
        action: dotted, stable, English: ``members.code_issued``.
        actor: who; stored as a plain id and a masked label, so erasing a member keeps the trail.
        subject: what it was done to.
        label: how the subject is called, for people.
        fields: what changed, ``{name: new}`` or ``{name: [before, after]}``; never personal
            numbers: what looks like one is masked here, as a last resort.
        request: where from, if not the request or job that runs now (``coming_from``); only the
            address prefix is kept.
    """
    entry = AuditEntry(
        at=clock.now(),
        actor_id=actor.pk if actor else None,
        actor_label=getattr(actor, "masked_label", "") if actor else "",
        action=action,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_label=scrub(label or _called(subject))[:200],
        fields=scrub_value(fields or {}),
        address=origin(request),
    )
    _insert(entry)


def origin(request: HttpRequest | None = None) -> str:
    """Where from, as it is written down: an address prefix, ``job:12``, or nothing."""
    known = request or _origin.get()
    return known if isinstance(known, str) else address_prefix(known)


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
    return prefix_of(address) if address else ""


def prefix_of(address: str) -> str:
    """The network an address belongs to, written in one way: ``10.9.8.0``, ``2001:db8:7::``.

    A server that listens on IPv6 sees clients of IPv4 as ``::ffff:10.9.8.7``: they are what they
    are. What is no address at all counts as one.
    """
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return NO_ADDRESS
    known = getattr(known, "ipv4_mapped", None) or known
    network = ipaddress.ip_network(f"{known}/{PREFIX_BITS[known.version]}", strict=False)
    return str(network.network_address)
