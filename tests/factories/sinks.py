"""What tests of the two sinks need: traces of reports, and all that is stored of them."""

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from school.core import clock
from school.core.errors import DomainError
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    ItemRevision,
    Report,
    StudyDay,
    StudyItem,
    StudySession,
    WallDay,
)
from school.study.services.gates import pass_gate
from school.study.services.reports import accept_report
from school.study.services.sinks import buffered, drain, queue
from tests.factories.study import Page

QUESTION = "question"

COLUMNS = {
    Coverage: [
        "member_id",
        "revision_id",
        "cycle",
        "spans",
        "covered",
        "studied_ms",
        "reviewed_ms",
        "resume_at",
    ],
    WallDay: ["member_id", "day", "spans"],
    StudyDay: ["member_id", "revision_id", "cycle", "day", "studied_ms"],
    Report: ["session_id", "seq", "received_at", "packed", "studied_ms", "covered_ms"],
    StudySession: ["id", "last_seq", "durable_seq", "last_report_at"],
    Completion: ["member_id", "revision_id", "cycle", "effective_on", "evidence", "origin"],
    HourEntry: ["member_id", "item_id", "seconds", "credit", "studied_on", "source", "note"],
}


def stored() -> dict[str, list[tuple]]:
    """Every row that reports can touch, without numbers a database gives out by itself."""
    found = {}
    for model, columns in COLUMNS.items():
        rows = [
            tuple(bytes(each) if isinstance(each, memoryview) else each for each in row)
            for row in model.objects.values_list(*columns)
        ]
        found[model.__name__] = sorted(rows, key=repr)
    return found


@dataclass(frozen=True)
class Event:
    """A report on its way: from which page, its number, its content, when it comes in.

    Without segments the question in the page's film is answered instead.
    """

    page: Page
    seq: int
    segments: list[list[int]] | None
    at: float

    @property
    def body(self) -> dict:
        return {"token": self.page.opened.token, "seq": self.seq, "segments": self.segments}


@contextmanager
def moment_of(event: Event, start):
    """The clocks at an event."""
    with clock.at(start + timedelta(seconds=event.at)):
        yield


def answer_question(event: Event) -> bool:
    """The member answers the question in the film; whether it was new."""
    return pass_gate(member=event.page.member, revision=event.page.revision, key=QUESTION)


def send_directly(event: Event) -> object:
    """What the direct sink answers; a refusal as it is."""
    if event.segments is None:
        return answer_question(event)
    try:
        return accept_report(**event.body, member_id=event.page.member.pk)
    except DomainError as refusal:
        return refusal


def send_buffered(event: Event) -> object:
    """What the buffered sink answers before it is drained; a refusal as it is."""
    if event.segments is None:
        return answer_question(event)
    try:
        return json.loads(buffered.accept(event.body, SessionStore()))
    except DomainError as refusal:
        return refusal


def empty_queue() -> None:
    """Nothing waits, nothing is known."""
    queue.connection().flushdb()


def directly(events: list[Event], start) -> dict[str, list[tuple]]:
    """What the direct sink makes of a trace; all of it is taken back."""
    with transaction.atomic():
        for event in events:
            with moment_of(event, start):
                send_directly(event)
        found = stored()
        transaction.set_rollback(True)
    return found


def through_redis(events: list[Event], start, drains: set[int]) -> dict[str, list[tuple]]:
    """What the buffered sink makes of it, drained after the events of these numbers."""
    empty_queue()
    with transaction.atomic():
        for number, event in enumerate(events):
            with moment_of(event, start):
                send_buffered(event)
                if number in drains:
                    drain.drain_all()
        with clock.at(start + timedelta(days=1)):
            drain.drain_all()
        found = stored()
        transaction.set_rollback(True)
    return found


def remove_committed(members, lessons) -> None:
    """Take rows away by hand that were committed for other connections; a flush would take
    Wagtail's too."""
    with connection.cursor() as cursor:
        for member in members:
            cursor.execute(
                f"DELETE FROM {Report._meta.db_table} WHERE session_id IN"
                f" (SELECT id FROM {StudySession._meta.db_table} WHERE member_id = %s)",
                [member.pk],
            )
            for model in (StudySession, HourEntry, Completion, Coverage, StudyDay, WallDay):
                table = model._meta.db_table
                cursor.execute(f"DELETE FROM {table} WHERE member_id = %s", [member.pk])
    for lesson in lessons:
        StudyItem.objects.filter(pk=lesson.item_id).update(current=None)
        ItemRevision.objects.filter(item_id=lesson.item_id).delete()
        StudyItem.objects.filter(pk=lesson.item_id).delete()
    for member in members:
        member.delete()
