"""Retention: sealed blocks older than the limit go to a file, then out of the database."""

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.audit import heads, ranges
from school.core.audit.entries import record
from school.core.audit.seals import (
    content,
    digest,
    in_ranges,
    key_named,
    rows_in,
    seal_document,
    signature,
)
from school.core.audit.verification import prune_document
from school.core.crypto import key_id
from school.core.errors import Conflict
from school.core.models import AuditEntry, AuditPrune, AuditSeal

ENTRIES_A_FILE = 20_000
SEALS_A_FILE = 2_000


def limit() -> datetime:
    """Entries before this moment have been kept long enough."""
    return clock.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)


def prune(
    *, before: datetime | None = None, tell: Callable[[AuditPrune], None] | None = None
) -> list[AuditPrune]:
    """Archive and take out what is older than the limit, file by file; goes on where it stopped.

    The newest seal always stays, so that the chain has something to go on from.

    Raises:
        Conflict: a block does not verify; nothing of it or after it is taken out.
    """
    made = []
    while (row := _prune_block(before or limit())) is not None:
        made.append(row)
        if tell:
            tell(row)
    return made


def _prune_block(before: datetime) -> AuditPrune | None:
    links = _old_links(before)
    if not links:
        return None
    last = AuditPrune.objects.order_by("-pk").first()
    rows = rows_in(ranges.merge((a, b) for link in links for a, b in link.ids))
    if not _block_is_sound(links, rows, last.seal_mac if last else ""):
        raise Conflict(
            _("封签 %(first)s–%(last)s 核对不上，先运行 verify_audit 查明。")
            % {"first": links[0].pk, "last": links[-1].pk}
        )
    path, hashed = _write(links, rows)
    with transaction.atomic():
        row = _sign(links, rows, last, path, hashed)
        numbers = ranges.compress(entry[0] for entry in rows)
        for condition in in_ranges(numbers):
            AuditEntry.objects.filter(condition).delete()
        AuditSeal.objects.filter(pk__in=[link.pk for link in links]).delete()
        record("core.audit_pruned", label=row.file, fields={"entries": len(rows)})
    heads.keep(lambda seal: seal > row.through_seal)
    return row


def _old_links(before: datetime) -> list[AuditSeal]:
    """The oldest seals all of whose entries are old enough, as many as one file takes."""
    newest = AuditSeal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    found, entries = [], 0
    for link in AuditSeal.objects.filter(pk__lt=newest).order_by("pk")[:SEALS_A_FILE]:
        entries += link.count
        too_young = max(link.newest_at, link.sealed_at) >= before
        if too_young or (found and entries > ENTRIES_A_FILE):
            break
        found.append(link)
    return found


def _block_is_sound(links: list[AuditSeal], rows: list[tuple], mac: str) -> bool:
    by_number = {row[0]: row for row in rows}
    for link in links:
        key = key_named(link.key_id)
        numbers = [number for a, b in link.ids for number in range(a, b + 1)]
        if key is None or any(number not in by_number for number in numbers):
            return False
        digests = (digest(content(by_number[number])) for number in numbers)
        if signature(key, seal_document(link, mac), digests) != link.mac:
            return False
        mac = link.mac
    return True


def _write(links: list[AuditSeal], rows: list[tuple]) -> tuple[Path, str]:
    """The block as gzipped JSON lines (one for each seal with its entries); path and SHA-256."""
    by_number = {row[0]: row for row in rows}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as handle:
        for link in links:
            line = {
                "seal": link.pk,
                "signed": seal_document(link, "")[1:],
                "mac": link.mac,
                "entries": [
                    content(by_number[number]) for a, b in link.ids for number in range(a, b + 1)
                ],
            }
            handle.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    folder = heads.folder() / "archive"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"audit-{links[0].pk:09}-{links[-1].pk:09}.jsonl.gz"
    heads.replace(path, packed.getvalue())
    return path, hashlib.sha256(packed.getvalue()).hexdigest()


def _sign(
    links: list[AuditSeal],
    rows: list[tuple],
    last: AuditPrune | None,
    path: Path,
    hashed: str,
) -> AuditPrune:
    row = AuditPrune(
        through_seal=links[-1].pk,
        through_id=rows[-1][0],
        seal_mac=links[-1].mac,
        seals=len(links),
        entries=len(rows),
        oldest_at=min(entry[1] for entry in rows),
        newest_at=max(entry[1] for entry in rows),
        file=path.name,
        digest=hashed,
        at=clock.now(),
        key_id=key_id(settings.AUDIT_KEY),
    )
    row.mac = signature(settings.AUDIT_KEY, prune_document(row, last.mac if last else ""))
    row.save()
    return row


@dataclass(frozen=True)
class Archived:
    """Outcome of a check of the archive files."""

    files: int
    entries: int
    problems: tuple[str, ...]


def verify_archives() -> Archived:
    """Recompute the chain inside the archive files, from the first seal ever on."""
    problems, entries, files, mac = [], 0, 0, ""
    for row in AuditPrune.objects.order_by("pk"):
        path = heads.folder() / "archive" / row.file
        if not path.exists():
            problems.append(f"归档文件 {row.file} 不在原处；如已移走，请到存放处核对。")
        else:
            packed = path.read_bytes()
            sound = hashlib.sha256(packed).hexdigest() == row.digest
            if not sound or not _file_is_sound(packed, mac):
                problems.append(f"归档文件 {row.file} 的内容与归档记录不符。")
            files, entries = files + 1, entries + row.entries
        mac = row.seal_mac
    return Archived(files, entries, tuple(problems))


def _file_is_sound(packed: bytes, mac: str) -> bool:
    """Whether each seal of a file follows from the one before and fits its entries."""
    for text in gzip.decompress(packed).decode().splitlines():
        line = json.loads(text)
        key = key_named(line["signed"][8])
        digests = (digest(entry) for entry in line["entries"])
        if key is None or signature(key, [mac, *line["signed"]], digests) != line["mac"]:
            return False
        mac = line["mac"]
    return True
