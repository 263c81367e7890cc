"""The verifier: recomputes the whole chain and says what does not fit.

A *problem* is evidence that the trail was changed, or that it is not being kept; a *remark* is
something to know. Both are written for people, in Chinese.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from school.core import clock
from school.core.audit import heads, ranges, triggers
from school.core.audit.ranges import Range
from school.core.audit.seals import (
    content,
    digest,
    in_ranges,
    key_named,
    rows_in,
    seal_document,
    signature,
)
from school.core.models import AuditEntry, AuditPrune, AuditSeal

# Seals read at a time: at most so many, with at most so many entries.
SEALS_AT_ONCE = 500
ENTRIES_AT_ONCE = 20_000
# Entries wait a minute for their seal; longer than this means that nothing seals.
WAIT_LIMIT = timedelta(minutes=10)
# Two hosts' clocks may differ by so much.
SKEW = timedelta(minutes=10)
# Of entries that no seal covers, so many are looked at.
FOUND = 1000


@dataclass(frozen=True)
class Verification:
    """Outcome of a check of the chain.

    Attributes:
        seals, entries: how many were recomputed.
        problems: what does not fit.
        remarks: what is to be known.
        since: moment of the oldest entry still in the database, when earlier ones are archived.
    """

    seals: int
    entries: int
    problems: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass
class _Walk:
    """What is known while the chain is walked."""

    previous: int = 0
    mac: str = ""
    seals: int = 0
    entries: int = 0
    high: int = 0
    holes: list[Range] = field(default_factory=list)
    sealed: list[Range] = field(default_factory=list)
    backdated: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)  # seals whose heads have been written by now
    newest_at: datetime | None = None
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def verify() -> Verification:
    """Recompute every seal, compare with the file of heads, and look for what no seal covers."""
    walk = _Walk()
    # The file is read first: a seal made meanwhile is then only newer than the file.
    kept = heads.read()
    base = _check_prunes(walk)
    known = dict[int, str]()
    for links in _batches(base.through_seal if base else 0):
        _check_batch(walk, links)
        known |= {link.pk: link.mac for link in links}
        due = clock.now() - WAIT_LIMIT
        walk.settled += [link.pk for link in links if link.sealed_at < due]
    _check_uncovered(walk, base)
    _check_heads(walk, kept, known, base)
    _check_keeping(walk)
    return Verification(
        seals=walk.seals,
        entries=walk.entries,
        problems=tuple(walk.problems),
        remarks=tuple(walk.remarks),
        since=_oldest(base),
    )


def _oldest(base: AuditPrune | None) -> datetime | None:
    first = AuditEntry.objects.order_by("pk").first() if base else None
    return first.at if first else None


def prune_document(row: AuditPrune, previous_mac: str) -> list:
    """What of an archive row is signed."""
    return [
        previous_mac,
        row.through_seal,
        row.through_id,
        row.seal_mac,
        row.seals,
        row.entries,
        row.file,
        row.digest,
        row.key_id,
    ]


def _check_prunes(walk: _Walk) -> AuditPrune | None:
    """The newest archive row, after checking the chain of them."""
    mac, row = "", None
    for row in AuditPrune.objects.order_by("pk"):
        key = key_named(row.key_id)
        if key is None or signature(key, prune_document(row, mac)) != row.mac:
            walk.problems.append(f"归档记录 {row.pk}（{row.file}）：与签名不符。")
        mac = row.mac
    if row is not None:
        walk.previous, walk.mac = row.through_seal, row.seal_mac
    return row


def _batches(after: int) -> Iterator[list[AuditSeal]]:
    """Seals in order, in lists that hold a bounded number of entries."""
    last = AuditSeal.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    batch: list[AuditSeal] = []
    for link in (
        AuditSeal.objects.filter(pk__gt=after, pk__lte=last).order_by("pk").iterator(SEALS_AT_ONCE)
    ):
        full = sum(one.count for one in batch) + link.count > ENTRIES_AT_ONCE
        if batch and (full or len(batch) >= SEALS_AT_ONCE):
            yield batch
            batch = []
        batch.append(link)
    if batch:
        yield batch


def _check_batch(walk: _Walk, links: list[AuditSeal]) -> None:
    wanted = ranges.merge((a, b) for link in links for a, b in link.ids)
    rows = {row[0]: row for row in rows_in(wanted)}
    for link in links:
        _check_link(walk, link, rows)
    walk.sealed = ranges.merge([*walk.sealed, *wanted])


def _check_link(walk: _Walk, link: AuditSeal, rows: dict[int, tuple]) -> None:
    problem = _why_broken(walk, link, rows)
    if problem:
        walk.problems.append(f"封签 {link.pk}：{problem}")
    walk.previous, walk.mac = link.pk, link.mac
    walk.seals += 1
    walk.entries += link.count
    if walk.newest_at is not None:
        early = walk.newest_at - SKEW
        walk.backdated += [
            number
            for number in _numbers(link)
            if number > walk.high and number in rows and rows[number][1] < early
        ]
    walk.high = max(walk.high, link.high_id)
    walk.holes = [(a, b) for a, b, _since in link.holes]
    walk.newest_at = link.newest_at


def _numbers(link: AuditSeal) -> Iterator[int]:
    for first, last in link.ids:
        yield from range(first, last + 1)


def _why_broken(walk: _Walk, link: AuditSeal, rows: dict[int, tuple]) -> str:
    """What is wrong with a seal, or nothing."""
    if link.previous != walk.previous:
        return "前面的封签不在了。" if link.previous > walk.previous else "不接在前一个封签之后。"
    ids = [(a, b) for a, b in link.ids]
    if any(ranges.contains(walk.sealed, first) for first, _last in ids):
        return "把已经封存的记录又封了一次。"
    missing = ranges.compress(number for number in _numbers(link) if number not in rows)
    if missing:
        gone = ranges.size(missing)
        return f"应有 {link.count} 条，缺 {gone} 条（编号 {ranges.written(missing)}）。"
    key = key_named(link.key_id)
    if key is None:
        return "所用的密钥不在 AUDIT_KEYS_OLD 中，无法核对。"
    digests = (digest(content(rows[number])) for number in _numbers(link))
    if signature(key, seal_document(link, walk.mac), digests) != link.mac:
        return f"记录内容与封签不符（编号 {ranges.written(ids)}）。"
    return ""


def _check_uncovered(walk: _Walk, base: AuditPrune | None) -> None:
    """Numbers that no seal covers: entries put in afterwards, and numbers without an entry."""
    low = base.through_id + 1 if base else 1
    gaps = ranges.subtract([(low, walk.high)], walk.sealed)
    archived = ranges.subtract([(1, low - 1)], walk.sealed)
    found = sorted(n for condition in in_ranges([*archived, *gaps]) for n in _ids(condition))
    holes = ranges.merge(walk.holes)
    added = ranges.compress(n for n in found if not ranges.contains(holes, n))
    if added:
        walk.problems.append(
            f"有 {ranges.size(added)} 条记录是事后补进的（编号 {ranges.written(added)}）。"
        )
    _tell_of_gaps(walk, ranges.subtract(gaps, ranges.compress(found)))
    if walk.backdated:
        listed = ranges.compress(walk.backdated)
        walk.remarks.append(
            f"有 {len(walk.backdated)} 条记录的时间早于写入时间（编号 {ranges.written(listed)}），"
            "请核对写入主机的时钟。"
        )


def _ids(condition) -> list[int]:
    return list(AuditEntry.objects.filter(condition).values_list("pk", flat=True)[:FOUND])


def _tell_of_gaps(walk: _Walk, empty: list[Range]) -> None:
    """SQLite gives a number back when its transaction fails, so there a gap means a deleted row."""
    if not empty:
        return
    if connection.vendor == "sqlite":
        walk.problems.append(
            f"缺 {ranges.size(empty)} 条未封存的记录（编号 {ranges.written(empty)}）。"
        )
    else:
        walk.remarks.append(
            f"有 {ranges.size(empty)} 个编号没有记录（{ranges.written(empty)}），"
            "通常是事务回滚留下的。"
        )


def _check_heads(
    walk: _Walk, kept: heads.Heads | None, known: dict[int, str], base: AuditPrune | None
) -> None:
    if kept is None:
        if walk.seals:
            walk.problems.append(f"没有找到库外的封签文件 {heads.head_file()}。")
        return
    through = base.through_seal if base else 0
    if kept.last > max(known, default=through):
        walk.problems.append(
            f"库外记到封签 {kept.last}，数据库只到 {max(known, default=through)}：末尾被截去。"
        )
    other = [pk for pk, mac in kept.macs.items() if pk in known and known[pk] != mac]
    if other:
        walk.problems.append(f"{len(other)} 个封签与库外记录不符（最早是 {min(other)}）。")
    if absent := ranges.compress(pk for pk in walk.settled if pk not in kept.macs):
        walk.problems.append(
            f"有 {ranges.size(absent)} 个封签没有记入库外文件（{ranges.written(absent)}），"
            "截去这些封签不会被发现。查明原因后用 verify_audit --write-heads 补记。"
        )
    if kept.broken:
        walk.remarks.append(f"库外的封签文件有 {kept.broken} 行无法识读。")


def _check_keeping(walk: _Walk) -> None:
    """Whether the trail is being kept now: triggers stand, the sealer runs, no cut end."""
    if lacking := triggers.absent(connection):
        walk.problems.append(f"数据库里缺少防改触发器：{'、'.join(lacking)}。请运行 migrate 补上。")
    waiting = AuditEntry.objects.filter(pk__gt=walk.high).order_by("pk").first()
    if waiting is not None and waiting.at < clock.now() - WAIT_LIMIT:
        since = waiting.at.astimezone(clock.LOCAL)
        walk.problems.append(
            f"自 {since:%Y-%m-%d %H:%M} 起的记录尚未封存，请检查定时任务是否在运行。"
        )
    _check_sequence(walk)


def _check_sequence(walk: _Walk) -> None:
    """The database remembers the highest number it gave; what it gave and has not may be cut off.

    SQLite takes a number back with its transaction, so there it was. PostgreSQL does not, and a
    number may also belong to a transaction that is still open: there it is only to be known.
    """
    # Asked in this order: an entry written in between is then no number that is missing.
    given = _highest_given()
    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    known = max(newest, walk.high)
    if given <= known:
        return
    if connection.vendor == "sqlite":
        walk.problems.append(f"末尾缺 {given - known} 条尚未封存的记录。")
    else:
        walk.remarks.append(
            f"编号已发到 {given}，最后一条记录是 {known}：末尾 {given - known} 个编号没有记录，"
            "通常是事务回滚或尚未提交；如果这时本应有操作，末尾可能被截去，请核对操作的结果。"
        )


def _highest_given() -> int:
    """The highest number an entry was ever given, 0 when none was."""
    query = (
        "SELECT pg_sequence_last_value(pg_get_serial_sequence('core_auditentry', 'id')::regclass)"
        if connection.vendor == "postgresql"
        else "SELECT seq FROM sqlite_sequence WHERE name = 'core_auditentry'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return (row[0] if row else 0) or 0
