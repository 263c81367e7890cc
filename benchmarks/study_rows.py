"""Rows and requests for the figures of studying; run inside a prepared world.

``fill COUNT``: that many members, each with a visit, a report, coverage, a day of spent time and a
study day, made in SQL from those of one member. ``plan KIND``: JSON of requests to send.
``tabs``: what eight pages of one member report. ``counted``: what became of it. ``storage``: bytes.
"""

import json
import sys
from datetime import timedelta

import django

LANES = 8
MEMBERS_PER_LANE = 16
BATCHES = 44
BATCH_MS, STRETCH_MS = 30_000, 5_000
TABS, BEATS, BEAT_MS = 8, 50, 3_000
FIRST = "B0000000"
WATCHED_HOURS = 50


def film(title: str, hours: int = 12):
    """A film so long that no measured report completes it; its item."""
    from school.study.models import StudyItem
    from school.study.services.items import register_item

    if found := StudyItem.objects.filter(title=title).select_related("current").first():
        return found
    number = StudyItem.objects.count() + 1
    length = hours * 3_600_000
    register_item(
        kind=StudyItem.Kind.LESSON,
        source_type="bench",
        source_id=number,
        title=title,
        path=f"/bench/{number}/",
        audience=None,
        axis="media",
        axis_length=length,
        study_ms=length,
        max_rate=200,
    )
    return StudyItem.objects.select_related("current").get(title=title)


def answers_to(check_ins: list[int], until: int) -> list[list[int]]:
    """Answers to the check-ins that lie before a moment of the visit, at once; the last two do."""
    return [[number, at] for number, at in enumerate(check_ins) if at < until][-2:]


def body_of(token: str, seq: int, start_ms: int, check_ins: list[int]) -> dict:
    """Half a minute of honest watching, as the page reports it: a stretch every five seconds."""
    rows = [
        [low, low + STRETCH_MS, low, low + STRETCH_MS, 100, 1]
        for low in range(start_ms, start_ms + BATCH_MS, STRETCH_MS)
    ]
    answers = answers_to(check_ins, start_ms + BATCH_MS)
    return {"token": token, "seq": seq, "segments": rows, "answers": answers}


# -- rows ----------------------------------------------------------------------------------------


def fill(count: int) -> None:
    """Make members until there are so many, each with what one evening leaves behind."""
    from django.db import connection

    from school.members.models import Member
    from school.study.models import Coverage, Report, StudyDay, StudySession, WallDay

    first = template()
    have = Member.objects.filter(staff_number__startswith="B").count()
    start = Member.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    stop = start + count - have
    if stop > start:
        uuid = "gen_random_uuid()"
        if connection.vendor == "sqlite":
            uuid = "lower(hex(randomblob(16)))"
        number = "'B' || CAST(g.n AS text)"
        copy(Member, first.pk, "id", start, stop, {"id": "g.n", "staff_number": number})
        mine = {"member_id": "g.n"}
        copy(StudySession, first.pk, "member_id", start, stop, {**mine, "id": uuid})
        for model in (Coverage, WallDay, StudyDay):
            copy(model, first.pk, "member_id", start, stop, mine)
        reports(Report, StudySession, start)
        settle_numbers(Member)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def template():
    """The member whose evening is multiplied."""
    from school.core import clock
    from school.members.models import Member
    from school.study.services.reports import accept_report
    from school.study.services.sessions import open_session

    found = Member.objects.filter(staff_number=FIRST).first()
    if found:
        return found
    now = clock.now()
    found = Member.objects.create(
        staff_number=FIRST, name="测", password="!", must_set_password=False, first_run_done_at=now
    )
    with clock.at(now - timedelta(days=1)):
        token = open_session(member=found, item=film("昨晚")).token
    with clock.at(now - timedelta(days=1) + timedelta(minutes=1)):
        accept_report(**body_of(token, 1, 0, []), member_id=found.pk)
    return found


def copy(model, source: int, by: str, start: int, stop: int, changes: dict[str, str]) -> None:
    """Insert a row of the template once for each number, with some columns changed."""
    from django.db import connection

    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    if "id" in columns and "id" not in changes:
        columns.remove("id")
    values = ", ".join(changes.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    series = f"(SELECT generate_series({start}, {stop - 1}) AS n)"
    head = ""
    if connection.vendor == "sqlite":
        head = f"WITH RECURSIVE g(n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM g"
        head += f" WHERE n + 1 < {stop}) "
        series = "g"
    sql = f"{head}INSERT INTO {table} ({names}) SELECT {values} FROM {series} "
    sql += f'{"AS g" if series != "g" else ""} JOIN {table} t ON t."{by}" = {source}'
    if connection.vendor == "sqlite":
        # SQLite takes WITH only behind INSERT … when it selects; written the other way round.
        sql = f"INSERT INTO {table} ({names}) {head}SELECT {values} FROM g JOIN {table} t"
        sql += f' ON t."{by}" = {source}'
    with connection.cursor() as cursor:
        cursor.execute(sql)


def reports(model, sessions, start: int) -> None:
    """A report for each new session, like the template's."""
    from django.db import connection

    columns = [
        f.column for f in model._meta.concrete_fields if f.column not in ("id", "session_id")
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(f't."{column}"' for column in columns)
    sql = f"""
        INSERT INTO {model._meta.db_table} (session_id, {names})
        SELECT s.id, {values} FROM {sessions._meta.db_table} s
        JOIN (SELECT * FROM {model._meta.db_table} ORDER BY id LIMIT 1) t ON TRUE
        WHERE s.member_id >= {start}
    """
    with connection.cursor() as cursor:
        cursor.execute(sql)


def settle_numbers(model) -> None:
    """Let the database give out numbers behind those that were given by hand."""
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(sql)


# -- requests ------------------------------------------------------------------------------------


def people(count: int, offset: int) -> list:
    """Members spread evenly over the table."""
    from school.members.models import Member

    rows = Member.objects.filter(staff_number__startswith="B").exclude(staff_number=FIRST)
    first, last = rows.order_by("pk").first().pk, rows.order_by("-pk").first().pk
    step = max(1, (last - first + 1) // count)
    wanted = [first + offset % step + step * number for number in range(count)]
    return list(rows.filter(pk__in=wanted))


def visit(member, item, opened_at) -> tuple:
    """A signed-in browser with an open page: its session key, and what the page was told."""
    from benchmarks.plan import session_of
    from school.core import clock
    from school.study.services.sessions import open_session

    key = session_of(member)
    with clock.at(opened_at):
        return key, open_session(member=member, item=item, session_key=key)


def plan(kind: str) -> dict:
    """Requests for eight connections: reports that go on where the last ended, and bare views."""
    from school.core import clock
    from school.study.models import StudyItem

    item = film(f"度量 {kind}")
    offset = 1 + sum(map(ord, kind)) % 97
    readers = people(LANES * MEMBERS_PER_LANE, offset)
    lanes: list[list[dict]] = [[] for _lane in range(LANES)]
    bare: list[list[dict]] = [[] for _lane in range(LANES)]
    path = f"/benchmark/bare/{StudyItem.objects.order_by('pk').first().pk}/"
    for number, member in enumerate(readers):
        key, opened = visit(member, item, clock.now() - timedelta(minutes=40))
        bare[number % LANES].append({"path": path, "session": key})
        for seq in range(1, BATCHES + 1):
            body = body_of(opened.token, seq, BATCH_MS * (seq - 1), opened.check_ins)
            lane = lanes[number % LANES]
            lane.append({"path": "/study/report/", "session": key, "body": body})
    for lane in lanes:
        lane.sort(key=lambda each: each["body"]["seq"])
    bare = [lane * BATCHES for lane in bare]
    return {"reports": lanes, "bare": bare}


def tabs(sink: str) -> dict:
    """One member, eight pages of one film, fifty beats each: every beat a time of its own."""
    from school.core import clock

    member = people(1, 3 + len(sink))[0]
    item = film(f"八个页面 {sink}")
    lanes = []
    # One moment for all: a beat's time is counted from its page's opening.
    opened_at = clock.now() - timedelta(minutes=30)
    visits = [visit(member, item, opened_at) for _tab in range(TABS)]
    for tab, (key, opened) in enumerate(visits):
        lane = []
        for beat in range(BEATS):
            low = (beat * TABS + tab) * BEAT_MS
            rows = [[low, low + BEAT_MS, low, low + BEAT_MS, 100, 1]]
            answers = answers_to(opened.check_ins, low + BEAT_MS)
            body = {"token": opened.token, "seq": beat + 1, "segments": rows, "answers": answers}
            lane.append({"path": "/study/report/", "session": key, "body": body})
        lanes.append(lane)
    return {"lanes": lanes}


def counted(sink: str) -> dict:
    """What became of the beats: reports stored, and how many beats' time was credited."""
    from school.study.models import Coverage, Report

    item = film(f"八个页面 {sink}")
    seen = Coverage.objects.get(revision__item=item)
    stored = Report.objects.filter(session__revision__item=item).count()
    return {"stored": stored, "credited": seen.studied_ms / BEAT_MS, "beats": TABS * BEATS}


# -- storage -------------------------------------------------------------------------------------


def storage() -> dict:
    """Bytes on disk of an hour watched honestly, and of the same evidence as JSON text."""
    from datetime import UTC, datetime

    from django.conf import settings
    from django.db import transaction

    from school.core import clock
    from school.study.services.sessions import open_session
    from school.study.services.sinks.batches import read_batch, read_claim
    from school.study.services.sinks.post import post

    settings.STUDY_CHECK_IN_MINUTES = (0, 0)
    item, members = film("存储"), people(WATCHED_HOURS, 5)
    opened = clock.now() - timedelta(hours=2)
    before, text = size(), 0
    for member in members:
        with clock.at(opened):
            claim = read_claim(token := open_session(member=member, item=item).token)
        found = []
        for seq in range(1, 121):
            body = body_of(token, seq, BATCH_MS * (seq - 1), [])
            text += len(json.dumps(body["segments"], separators=(",", ":")))
            at = datetime.fromtimestamp(opened.timestamp() + 30 * seq, UTC)
            rest = {key: body[key] for key in ("seq", "segments", "answers")}
            found.append(read_batch(claim, **rest, received=at))
        with transaction.atomic():
            post(found)
    hours = len(members)
    return {"bytes": (size() - before) / hours, "json": text / hours, "hours": hours}


def size() -> int:
    """Bytes of the tables of evidence with their indexes."""
    from django.db import connection

    from school.study.models import Coverage, Report, StudyDay, StudySession, WallDay

    tables = [m._meta.db_table for m in (Coverage, Report, StudyDay, StudySession, WallDay)]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            return cursor.fetchone()[0]
        cursor.execute(
            "SELECT sum(pg_total_relation_size(c::regclass)) FROM unnest(%s::text[]) c", [tables]
        )
        return int(cursor.fetchone()[0])


def main() -> None:
    django.setup()
    what, *rest = sys.argv[1:]
    if what == "fill":
        fill(int(rest[0]))
        return
    print(
        json.dumps(
            {"plan": plan, "tabs": tabs, "counted": counted, "storage": storage}[what](*rest)
        )
    )


if __name__ == "__main__":
    main()
