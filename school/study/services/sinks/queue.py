"""Evidence on its way, in Redis: lists of batches by member, shards of members that have some.

Keys, each under ``study:``: ``m:<member>`` a list of ``<ms> <json>`` in the order of arrival;
``d:<shard>`` a sorted set of members with something in their list, by when the oldest came;
``s:<session>`` a hash of what the page is told (``answer``, ``durable``), why a report was turned
away by posting (``refused:<number>``, told once when it is sent again), and its count of reports in
the running minute; ``bad`` what could not be posted.

Scripts run alone in Redis and are one unit in its append-only file, so a crash leaves all or
nothing of them. Nothing is taken out before the database has it.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, NoScriptError, RedisError, TimeoutError
from redis.retry import Retry

from school.core import clock

PREFIX = "study:"
BAD = PREFIX + "bad"
TTL_SECONDS = 2 * 3600
ENTRIES_PER_MEMBER = 50

_PUSH = """
local refused = 'refused:' .. ARGV[1]
local s = redis.call('HMGET', KEYS[1], 'answer', 'durable', refused, 'minute', 'count')
if not s[1] then return {0} end
if tonumber(ARGV[1]) <= tonumber(s[2]) then return {1, s[1]} end
if s[3] then
  redis.call('HDEL', KEYS[1], refused)
  return {2, s[3]}
end
local now = tonumber(ARGV[5])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local minute, count = tonumber(s[4]), tonumber(s[5]) or 0
if not minute or now < minute or now >= minute + 60000 then minute, count = now, 0 end
if count >= tonumber(ARGV[4]) then return {3, math.ceil((minute + 60000 - now) / 1000)} end
local at = string.format('%.0f', now)
redis.call('HSET', KEYS[1], 'minute', string.format('%.0f', minute), 'count', count + 1)
redis.call('EXPIRE', KEYS[1], ARGV[6])
local length = redis.call('RPUSH', KEYS[2], at .. ' ' .. ARGV[2])
if length == 1 then
  redis.call('ZADD', KEYS[3], 'NX', at, ARGV[3])
  if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[7])
    and redis.call('SET', KEYS[3] .. ':woken', 1, 'NX', 'EX', 5) then return {1, s[1], 1} end
end
return {1, s[1]}
"""

# Only where nothing is known yet: a drain may have written in the meantime.
_SEED = """
if redis.call('HEXISTS', KEYS[1], 'answer') == 0 then
  redis.call('HSET', KEYS[1], 'answer', ARGV[1], 'durable', ARGV[2])
end
redis.call('EXPIRE', KEYS[1], ARGV[3])
"""

_TAKE = """
local t = redis.call('TIME')
local found = {t[1] * 1000 + math.floor(t[2] / 1000)}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  found[#found + 1] = member
  found[#found + 1] = redis.call('LRANGE', ARGV[2] .. member, 0, ARGV[3] - 1)
end
return found
"""

# A list is cut only if it still begins with what was taken: another drain may have been faster.
_DONE = """
local i = 2
local prefix, now = ARGV[1], 0
for _ = 1, ARGV[i] do
  local member, count, first = ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local list = prefix .. 'm:' .. member
  if redis.call('LINDEX', list, 0) == first then redis.call('LTRIM', list, count, -1) end
  local head = redis.call('LINDEX', list, 0)
  if head then
    redis.call('ZADD', KEYS[1], string.match(head, '^%d+'), member)
  else
    redis.call('ZREM', KEYS[1], member)
  end
  i = i + 3
end
i = i + 1
for _ = 1, ARGV[i] do
  local key = prefix .. 's:' .. ARGV[i + 1]
  if redis.call('EXISTS', key) == 1 then
    redis.call('HSET', key, ARGV[i + 2], ARGV[i + 3])
    if ARGV[i + 4] ~= '' then redis.call('HSET', key, 'durable', ARGV[i + 4]) end
  end
  i = i + 4
end
for n = i + 1, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[n]) end
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What Redis says to a batch.

    ``text``: the answer or the refusal. ``wait``: seconds until the session may report again.
    ``crowded``: so many wait in the shard that it should be drained before its time.
    """

    text: bytes = b""
    refused: bool = False
    unknown: bool = False
    wait: int = 0
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What waits in a shard: entries by member, oldest first, and Redis's moment in ms."""

    now: int
    entries: dict[int, list[bytes]]


@cache
def connection() -> redis.Redis:
    """The Redis of queued evidence, of this process."""
    # A page keeps what is not taken in and sends it again; nobody waits for Redis for long.
    return redis.Redis.from_url(
        settings.STUDY_REDIS_URL,
        socket_timeout=10,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 1),
    )


_own = threading.local()


def _link() -> redis.connection.AbstractConnection:
    """This thread's own connection: the pool's book-keeping costs as much as the command."""
    owner = connection(), os.getpid()
    if getattr(_own, "owner", None) != owner:
        _own.owner, _own.link = owner, owner[0].connection_pool.make_connection()
    return _own.link


@cache
def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _evaluate(text: str, keys: list, args: list) -> list:
    """Run a script; sent again once if the connection broke, which no script here minds."""
    link = _link()
    for last in (False, True):
        try:
            link.send_command("EVALSHA", _digest(text), len(keys), *keys, *args)
            return link.read_response()
        except NoScriptError:
            link.send_command("EVAL", text, len(keys), *keys, *args)
            return link.read_response()
        except (ConnectionError, TimeoutError):
            link.disconnect()
            if last:
                raise
    raise AssertionError  # the second turn returns or raises


def shard_of(member_id: int) -> int:
    """The shard in which a member's evidence waits."""
    return member_id % settings.STUDY_SHARDS


def _shard(number: int) -> str:
    return f"{PREFIX}d:{number}"


def moment() -> datetime:
    """Redis's clock; the database's while Redis does not answer."""
    try:
        seconds, micros = connection().time()
    except RedisError:
        # A lost device can be signed out all the same.
        return clock.of_database()
    return datetime.fromtimestamp(seconds + micros / 1e6, UTC)


def push(*, sid: str, member_id: int, seq: int, entry: bytes) -> Told:
    """Put a batch behind the member's others, once nothing speaks against it."""
    fixed = clock.settled()
    code, *rest = _evaluate(
        _PUSH,
        [f"{PREFIX}s:{sid}", f"{PREFIX}m:{member_id}", _shard(shard_of(member_id))],
        [
            seq,
            entry,
            member_id,
            settings.STUDY_REPORTS_PER_MINUTE,
            clock.to_ms(fixed) if fixed else "",
            TTL_SECONDS,
            settings.STUDY_DRAIN_MEMBERS,
        ],
    )
    if code == 0:
        return Told(unknown=True)
    if code == 3:
        return Told(wait=max(1, rest[0]))
    return Told(rest[0], refused=code == 2, crowded=len(rest) > 1)


def seed(*, sid: str, answer: bytes, durable: int) -> None:
    """Say what a session's page is told until the next drain."""
    _evaluate(_SEED, [f"{PREFIX}s:{sid}"], [answer, durable, TTL_SECONDS])


def take(shard: int, members: int) -> Taken:
    """What waits for up to so many members of a shard, the longest waiting first."""
    now, *flat = _evaluate(_TAKE, [_shard(shard)], [members, f"{PREFIX}m:", ENTRIES_PER_MEMBER])
    entries = {int(member): found for member, found in zip(flat[::2], flat[1::2], strict=True)}
    return Taken(now, entries)


def take_member(member_id: int) -> Taken:
    """What waits for one member."""
    found: list[Any] = connection().lrange(f"{PREFIX}m:{member_id}", 0, ENTRIES_PER_MEMBER - 1)
    return Taken(0, {member_id: found} if found else {})


def done(
    shard: int,
    taken: Taken,
    *,
    told: Sequence[tuple[str, str, bytes, int | str]],
    bad: Sequence[bytes] = (),
) -> None:
    """Take out what the database has now, and say what the pages are told.

    Args:
        told: session, ``answer`` or ``refused:<number>``, the text, and up to which number it is
            durable ("" where that stays as it is).
        bad: entries that could not be posted; they are kept aside.
    """
    args: list = [PREFIX, len(taken.entries)]
    for member_id, entries in taken.entries.items():
        args += [member_id, len(entries), entries[0] if entries else ""]
    args.append(len(told))
    for each in told:
        args += each
    _evaluate(_DONE, [_shard(shard), BAD], [*args, *bad])


def waiting() -> dict[int, int]:
    """Shards in which something waits, and for how many members."""
    with connection().pipeline(transaction=False) as pipe:
        for number in range(settings.STUDY_SHARDS):
            pipe.zcard(_shard(number))
        return {number: count for number, count in enumerate(pipe.execute()) if count}


def hold(shard: int, seconds: int) -> bool:
    """Take a shard for some seconds. A courtesy between workers: draining twice is harmless."""
    return bool(connection().set(f"{PREFIX}lock:{shard}", 1, nx=True, px=seconds * 1000))


def let_go(shard: int) -> None:
    """Give a shard back."""
    connection().delete(f"{PREFIX}lock:{shard}")


def take_back_bad() -> int:
    """Put what could not be posted back into its members' lists; returns how much."""
    from_bad: list[Any] = connection().lrange(BAD, 0, -1)  # bytes: answers are not decoded
    for each in from_bad:
        member_id, _space, entry = each.partition(b" ")
        number = int(member_id)
        with connection().pipeline() as pipe:
            pipe.rpush(f"{PREFIX}m:{number}", entry)
            came = {str(number): int(entry.split(b" ", 1)[0])}
            pipe.zadd(_shard(shard_of(number)), came, nx=True)
            pipe.lrem(BAD, 1, each)
            pipe.execute()
    return len(from_bad)
