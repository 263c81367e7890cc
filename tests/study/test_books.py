"""What is booked agrees with itself, whatever is reported: I2, I4, I5, I6 on real rows."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from school.core.errors import DomainError
from school.study import spans as sets
from school.study.models import Completion, Coverage, HourEntry, Report, StudyDay, WallDay
from tests.factories.study import Page, make_article, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

START = moment("2026-03-02 23:57")
LATEST = 600
FEW = settings(max_examples=max(12, settings().max_examples // 50))

near = st.integers(0, 700)
forged = st.tuples(near, near, near, near, st.just(100), st.integers(0, 1))
honest = st.builds(
    lambda m0, w0, wall: (m0, m0 + wall, w0, w0 + wall, 100, 1),
    st.integers(0, 280),
    st.integers(0, 560),
    st.integers(1, 40),
)
traces = st.lists(
    st.tuples(
        st.integers(0, 2),  # which page
        st.integers(1, 6),  # its number: some come twice, some never
        st.lists(forged | honest, max_size=4),
        st.integers(0, LATEST),  # seconds after which it arrives
        st.booleans(),  # whether check-ins were answered
    ),
    max_size=8,
)


def books(member):
    """All that is kept of a member, to be compared."""
    reports = Report.objects.filter(session__member=member).order_by("pk")
    kept = [list(reports.values("session_id", "seq", "studied_ms", "covered_ms"))]
    for model in (Coverage, StudyDay, WallDay, Completion, HourEntry):
        rows = model.objects.filter(member=member).order_by("pk").values()
        kept.append([{k: bytes(v) if k == "spans" else v for k, v in r.items()} for r in rows])
    return kept


def send(pages, trace):
    page, seq, rows, after, answered = trace
    answers = {} if answered else {"answers": []}
    try:
        return pages[page].send(*rows, seq=seq, after=after, **answers)
    except DomainError:
        return None


@FEW
@given(traces)
def test_days_covers_reports_and_real_time_agree(trace):
    member = make_member()
    lessons = [make_lesson(5, check_in=1), make_lesson(5, review=50), make_article(900)]
    pages = [Page(member, lesson, START + timedelta(seconds=n)) for n, lesson in enumerate(lessons)]
    before = {}
    for each in trace:
        send(pages, each)
        now = {row.revision_id: row for row in Coverage.objects.filter(member=member)}
        for revision, row in now.items():
            old = before.get(revision)
            if old is not None:  # I5
                assert row.studied_ms >= old.studied_ms and row.covered >= old.covered
        before = now
    covers = list(Coverage.objects.filter(member=member))
    studied = sum(row.studied_ms for row in covers)
    assert studied == sum(
        StudyDay.objects.filter(member=member).values_list("studied_ms", flat=True)
    )
    reports = Report.objects.filter(session__member=member)
    assert studied == sum(reports.values_list("studied_ms", flat=True))
    for row in covers:
        assert row.covered == sets.length(sets.unpack(row.spans)) <= row.revision.axis_length
        assert row.reviewed_ms <= (150_000 if row.revision_id == lessons[1].pk else 0)
    spent = sum(
        sets.length(sets.unpack(row.spans)) for row in WallDay.objects.filter(member=member)
    )
    assert studied <= spent <= (LATEST + 2) * 1000
    kept = books(member)
    for each in trace:  # everything once more, later: known numbers change nothing
        page, seq, rows, _after, answered = each
        if reports.filter(session_id=pages[page].opened.sid, seq=seq).exists():
            send(pages, (page, seq, rows, LATEST, answered))
    assert books(member) == kept
