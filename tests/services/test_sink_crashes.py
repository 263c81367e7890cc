"""I12: whatever dies, at whatever moment, nothing that was called durable is lost.

Real servers: workers killed where it hurts most, a Redis of its own killed and started again (also
with the end of its append-only file gone), the database's connection cut inside a transaction. The
page keeps what is not durable and sends it again, as the real one does; in the end the books must
hold exactly what was watched.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection

from deploy.processes import free_port
from school.core import clock
from school.core.errors import DomainError
from school.study.models import Completion, Coverage, HourEntry, Report, StudyDay, WallDay
from school.study.services.sinks import buffered, drain, queue, statements
from tests.factories.sinks import remove_committed
from tests.factories.study import Page, make_lesson, make_member

MINUTES = 5
BATCHES = MINUTES * 2
PLACES = ["before posting", "inside the transaction", "after the commit", "without a database"]


class OwnRedis:
    """A Redis with an append-only file that can be killed."""

    def __init__(self, folder) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "appendonly": "yes"}
        # Each write reaches the disk, so that a test loses exactly what it cuts off itself.
        options |= {"appendfsync": "always", "save": "", "aof-load-truncated": "yes"}
        command = [shutil.which("redis-server")]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(
            self.url, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 200)
        )
        for _try in range(200):
            try:
                client.ping()
                return
            except redis.exceptions.BusyLoadingError:
                continue

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lose_the_end(self, count: int) -> None:
        """What the disk never got when the machine lost its power."""
        (path,) = (self.folder / "appendonlydir").glob("*.incr.aof")
        with path.open("r+b") as file:
            file.truncate(max(0, path.stat().st_size - count))


@pytest.fixture
def own_redis(settings, tmp_path):
    server = OwnRedis(tmp_path)
    settings.STUDY_SINK, settings.STUDY_REDIS_URL = "buffered", server.url
    settings.STUDY_CHECK_IN_MINUTES = None
    queue.connection.cache_clear()
    yield server
    server.kill()
    queue.connection.cache_clear()


@dataclass
class Phone:
    """A page and what it still keeps; a batch leaves it only when it is durable."""

    page: Page
    kept: dict[int, list] = field(default_factory=dict)
    durable: int = 0

    def watch(self, first: int, last: int) -> None:
        """Keep half minutes by their numbers, and send them."""
        for seq in range(first, last + 1):
            low = (seq - 1) * 30_000
            self.kept[seq] = [[low, low + 30_000, low, low + 30_000, 100, 1]]
        self.send()

    def send(self) -> None:
        """Send all that is kept. What the server calls durable must be in the database now."""
        for seq, rows in list(self.kept.items()):
            body = {"token": self.page.opened.token, "seq": seq, "segments": rows}
            try:
                answer = buffered.json.loads(buffered.accept(body, SessionStore()))
            except DomainError as refusal:
                assert refusal.status in (429, 503), refusal
                continue
            self.durable = max(self.durable, answer["durable_seq"])
        stored = Report.objects.filter(session_id=self.page.opened.sid, seq__lte=self.durable)
        assert stored.count() == self.durable
        self.kept = {seq: rows for seq, rows in self.kept.items() if seq > self.durable}


@pytest.fixture
def phones(django_db_setup, django_db_blocker, own_redis):
    """Three members, each with a film and a page opened ten minutes ago, committed."""
    with django_db_blocker.unblock():
        opened = clock.now() - timedelta(minutes=10)
        members = [make_member(f"断电{number}") for number in range(3)]
        lessons = [make_lesson(MINUTES) for _member in members]
        try:
            pairs = zip(members, lessons, strict=True)
            yield [Phone(Page(member, lesson, opened)) for member, lesson in pairs]
        finally:
            remove_committed(members, lessons)


def die(*_arguments, **_keywords) -> None:
    """As if the power had gone: nothing is said to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)


def break_at(where: str) -> None:
    """Prepare this process to die at a place of the drain."""
    write = statements.execute

    def write_and_die(writes) -> None:
        write(writes)
        die()

    def write_and_lose_the_database(writes) -> None:
        write(writes)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    if where == "before posting":
        drain.post = die
    elif where == "inside the transaction":
        statements.execute = write_and_die
    elif where == "after the commit":
        queue.done = die
    else:
        statements.execute = write_and_lose_the_database


def dying_drain(where: str) -> int:
    """Let a worker of its own post, and die where it is told to; how it ended."""
    child = os.fork()
    if child == 0:
        # Connections of its own; the parent's stay open and are never touched.
        _inherited = connection.connection, queue.connection()
        connection.connection = None
        queue.connection.cache_clear()
        break_at(where)
        try:
            drain.drain_all()
        except OperationalError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def let_go_of_all() -> None:
    """A dead worker's hold on its shards runs out by itself after a while; not waited for here."""
    for shard in range(settings.STUDY_SHARDS):
        queue.let_go(shard)


def come_to_rest(phones) -> None:
    """Pages send what they keep, a worker posts, until nothing is kept any more."""
    let_go_of_all()
    for _turn in range(4):
        drain.drain_all()
        for phone in phones:
            phone.send()
        if not any(phone.kept for phone in phones):
            return
    raise AssertionError([phone.kept for phone in phones])


def assert_the_books_hold_what_was_watched(phones) -> None:
    for phone in phones:
        member = phone.page.member
        rows = Report.objects.filter(session__member=member)
        assert sorted(rows.values_list("seq", flat=True)) == list(range(1, BATCHES + 1))
        seen = Coverage.objects.get(member=member)
        whole = MINUTES * 60_000
        assert seen.covered == seen.studied_ms == whole
        assert sum(rows.values_list("studied_ms", flat=True)) == whole
        days = StudyDay.objects.filter(member=member).values_list("studied_ms", flat=True)
        assert sum(days) == whole
        spent = WallDay.objects.filter(member=member).values_list("spans", flat=True)
        assert sum(len(bytes(spans)) // 8 for spans in spent) <= 2
        assert Completion.objects.filter(member=member).count() == 1
        assert HourEntry.objects.filter(member=member).count() == 1


@pytest.mark.parametrize("where", PLACES)
def test_a_worker_that_dies_loses_nothing(where, phones, own_redis):
    for phone in phones:
        phone.watch(1, 6)
    ended = dying_drain(where)
    assert ended == (1 if where == "without a database" else -signal.SIGKILL)
    let_go_of_all()
    drain.drain_all()
    # Redis still had all of it: no page needed to send anything again.
    rows = Report.objects.filter(session__member__in=[each.page.member for each in phones])
    assert rows.count() == 6 * len(phones)
    for phone in phones:
        phone.watch(7, BATCHES)
    come_to_rest(phones)
    assert_the_books_hold_what_was_watched(phones)


def test_a_redis_that_is_killed_between_taking_in_and_posting_loses_nothing(phones, own_redis):
    for phone in phones:
        phone.watch(1, 5)
    own_redis.kill()
    for phone in phones:
        phone.watch(6, 7)  # nobody answers; the page keeps it
        assert phone.durable == 0 and set(range(1, 8)) == set(phone.kept)
    own_redis.start()
    drain.drain_all()
    assert all(
        Report.objects.filter(session__member=phone.page.member).count() == 5 for phone in phones
    )
    for phone in phones:
        phone.watch(8, BATCHES)
    come_to_rest(phones)
    assert_the_books_hold_what_was_watched(phones)


@pytest.mark.parametrize("lost", [40, 3_000])
def test_a_redis_that_forgets_its_last_second_loses_nothing(lost, phones, own_redis):
    for phone in phones:
        phone.watch(1, 4)
    drain.drain_all()
    for phone in phones:
        phone.watch(5, 8)
    own_redis.kill()
    own_redis.lose_the_end(lost)
    own_redis.start()
    for phone in phones:
        phone.watch(9, BATCHES)
    come_to_rest(phones)
    assert_the_books_hold_what_was_watched(phones)


def test_a_redis_that_lost_everything_after_posting_still_knows_what_is_durable(phones, own_redis):
    for phone in phones:
        phone.watch(1, 6)
    drain.drain_all()
    queue.connection().flushdb()
    for phone in phones:
        phone.send()
        assert phone.durable == 6
        phone.watch(7, BATCHES)
    come_to_rest(phones)
    assert_the_books_hold_what_was_watched(phones)


def test_a_worker_killed_again_and_again_at_every_place_loses_nothing(phones, own_redis):
    for turn, where in enumerate(PLACES):
        for phone in phones:
            phone.watch(2 * turn + 1, 2 * turn + 2)
        dying_drain(where)
        let_go_of_all()
    for phone in phones:
        phone.watch(9, BATCHES)
    come_to_rest(phones)
    assert_the_books_hold_what_was_watched(phones)
