"""The audit trail: one door for entries, a sealer that chains them, a verifier.

Entries are written inside the audited transaction without any lock; the sealer runs every minute,
takes the entries since the last seal and binds them and the previous seal with an HMAC. The newest
seal also goes to a file outside the database, so cutting the tail of the table shows.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.http import HttpRequest

from school.core import clock
from school.core.models import AuditEntry, AuditSeal

# An entry gets its id before its transaction commits; entries younger than this may still be
# missing from the sequence, so they wait for the next seal.
SETTLE_SECONDS = 30


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
        fields: what changed; never personal numbers.
        request: where from; only the address prefix is kept.
    """
    return AuditEntry.objects.create(
        at=clock.now(),
        actor_id=actor.pk if actor else None,
        actor_label=getattr(actor, "masked_label", "") if actor else "",
        action=action,
        subject_type=subject._meta.label_lower if subject else "",
        subject_id=str(subject.pk) if subject else "",
        subject_label=(label or _called(subject))[:200],
        fields=fields or {},
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


def _digest(entry: AuditEntry) -> bytes:
    content = [
        entry.pk,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_label,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.subject_label,
        entry.fields,
        entry.address,
    ]
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def _mac(previous: str, entries: list[AuditEntry]) -> str:
    mac = hmac.new(settings.FIELD_KEY.encode(), b"audit-seal:" + previous.encode(), hashlib.sha256)
    for entry in entries:
        mac.update(hashlib.sha256(_digest(entry)).digest())
    return mac.hexdigest()


def _head_file():
    return settings.DATA_DIR / "audit" / "head.json"


@transaction.atomic
def seal() -> int:
    """Seal all settled entries after the last seal; returns how many."""
    last = AuditSeal.objects.order_by("-last_id").first()
    settled = clock.now() - timedelta(seconds=SETTLE_SECONDS)
    waiting = AuditEntry.objects.filter(pk__gt=last.last_id if last else 0, at__lt=settled)
    entries = list(waiting.order_by("pk")[:10_000])
    if not entries:
        return 0
    link = AuditSeal.objects.create(
        first_id=entries[0].pk,
        last_id=entries[-1].pk,
        count=len(entries),
        mac=_mac(last.mac if last else "", entries),
        sealed_at=clock.now(),
    )
    path = _head_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"seal": link.pk, "last_id": link.last_id, "mac": link.mac}))
    return len(entries)


@dataclass(frozen=True)
class Verification:
    """Outcome of a check of the chain: how much was checked and what is wrong, in Chinese."""

    seals: int
    entries: int
    problems: tuple[str, ...]


def verify() -> Verification:
    """Recompute every seal and compare the newest with the head file."""
    problems: list[str] = []
    previous, checked, seals = "", 0, 0
    link = None
    for link in AuditSeal.objects.order_by("id").iterator():
        entries = list(
            AuditEntry.objects.filter(pk__gte=link.first_id, pk__lte=link.last_id).order_by("pk")
        )
        if len(entries) != link.count:
            problems.append(f"封签 {link.pk}:应有 {link.count} 条，实有 {len(entries)} 条")
        elif not hmac.compare_digest(_mac(previous, entries), link.mac):
            problems.append(f"封签 {link.pk}:内容与封签不符")
        previous, checked, seals = link.mac, checked + len(entries), seals + 1
    path = _head_file()
    if path.exists():
        head = json.loads(path.read_text())
        if link is None or link.pk < head["seal"]:
            problems.append("数据库里的封签比库外记录的少，末尾可能被截去")
        elif not AuditSeal.objects.filter(pk=head["seal"], mac=head["mac"]).exists():
            problems.append("库外记录的封签与数据库不符")
    return Verification(seals, checked, tuple(problems))
