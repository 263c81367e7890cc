"""Reports through the service: what an attacker, a bad line and an honest member get."""

from datetime import timedelta

import pytest

from school.core import clock
from school.core.errors import DomainError, NotAllowed
from school.study import spans as sets
from school.study.models import Completion, Coverage, HourEntry, Report, StudyDay, WallDay
from school.study.services.reports import Kept
from school.study.services.sinks.batches import Locked
from tests.factories.study import Page, make_article, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

MINUTE = 60
TWENTY = 20 * MINUTE
EVENING = moment("2026-03-02 20:00")


def open_page(revision=None, member=None, start=EVENING):
    return Page(member or make_member(), revision or make_lesson(20), start)


def studied(member):
    rows = Coverage.objects.filter(member=member).values_list("studied_ms", "covered")
    return tuple(sum(column) // 1000 for column in zip(*rows, strict=True)) or (0, 0)


def cells(begin, end, width=30):
    """Whole stretches of media at 1×."""
    return [(low, min(low + width, end)) for low in range(begin, end, width)]


def one_post_for_the_whole(page):
    page.send((0, TWENTY, 0, 1), after=1)


def forged_clock(page):
    page.send((0, TWENTY, 0, TWENTY), after=60)


def sixteen_times(page):
    page.send(*[(i * 80, i * 80 + 80, i * 5, i * 5 + 5, 1600, 1) for i in range(12)])


def sixteen_times_with_hooked_clocks(page):
    # Media at 16×, the page's clock at 8×: each stretch looks like 2×, which is allowed.
    rows = [(i * 80, i * 80 + 80, i * 40, i * 40 + 40, 200, 1) for i in range(12)]
    for count in range(1, 13):
        page.send(rows[count - 1], after=count * 5)


def same_batch_a_hundred_times(page):
    for _ in range(100):
        page.send((0, 60, 0, 60), seq=1)


def same_content_under_new_numbers(page):
    for _ in range(20):
        page.send((0, 60, 0, 60))


def jump_to_the_last_minute(page):
    page.send((TWENTY - 60, TWENTY, 0, 60))


def loop_the_first_minute(page):
    for turn in range(60):
        page.send((0, 60, turn * 60, turn * 60 + 60))


def hidden_tab(page):
    page.send(*[(a, b, a, b, 100, 0) for a, b in cells(0, TWENTY)])


@pytest.mark.parametrize(
    ("attack", "seconds", "covered"),
    [
        (one_post_for_the_whole, 0, 0),
        # Minute for minute: the claim beyond the server's now is cut.
        (forged_clock, 60, 60),
        (sixteen_times, 0, 0),
        # Only the first stretch touches real time, and 5 s of it.
        (sixteen_times_with_hooked_clocks, 5, 10),
        (same_batch_a_hundred_times, 60, 60),
        (same_content_under_new_numbers, 60, 60),
        (jump_to_the_last_minute, 60, 60),
        (loop_the_first_minute, 60, 60),
        (hidden_tab, 0, 0),
    ],
)
def test_an_attack_earns_no_more_than_real_time(attack, seconds, covered):
    page = open_page()
    attack(page)
    got = studied(page.member) if Coverage.objects.exists() else (0, 0)
    assert got == (seconds, covered)
    assert not Completion.objects.exists()
    assert not HourEntry.objects.exists()


def test_five_tabs_on_five_items_study_one_minute_in_a_minute():
    member = make_member()
    pages = [open_page(member=member) for _ in range(5)]
    for page in pages:
        page.send((0, 60, 0, 60))
    assert studied(member) == (60, 60)


@pytest.mark.parametrize(("rate", "seconds"), [(1.0, 1200), (1.5, 800), (2.0, 600)])
def test_an_honest_member_gets_all_of_it_at_any_permitted_speed(rate, seconds):
    page = open_page()
    answer = page.watch(0, TWENTY, rate=rate)
    assert answer.completed and answer.credit == 50
    assert answer.studied_ms // 1000 == pytest.approx(seconds, abs=1)
    assert answer.covered == pytest.approx(TWENTY * 1000, abs=100)


def test_an_offline_member_gets_all_of_it_later_in_any_order():
    page = open_page()
    batches = [(low, high, low, high) for low, high in cells(0, TWENTY)]
    for number, batch in reversed(list(enumerate(batches, 1))):
        answer = page.send(batch, seq=number, after=TWENTY + 3 * 3600)
    assert answer.covered == TWENTY * 1000
    assert answer.completed and answer.durable_seq == len(batches)
    assert Completion.objects.get().effective_on == EVENING.date()


def test_a_number_is_durable_only_when_all_before_it_are():
    page = open_page()
    assert page.send((0, 30, 0, 30), seq=1).durable_seq == 1
    assert page.send((60, 90, 60, 90), seq=3).durable_seq == 1
    assert page.send((30, 60, 30, 60), seq=2, after=120).durable_seq == 3


def test_replaying_a_report_changes_nothing():
    page = open_page()
    first = page.send((0, 60, 0, 60), seq=1)
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (Report, Coverage, WallDay, StudyDay, HourEntry)
    ]
    # Also with other content under the same number.
    for content in ((0, 60, 0, 60), (60, 120, 60, 120)):
        assert page.send(content, seq=1, after=120) == first
    assert rows == [
        list(model.objects.order_by("pk").values())
        for model in (Report, Coverage, WallDay, StudyDay, HourEntry)
    ]


@pytest.mark.parametrize("token", [None, "", "x", 7, "a.b.c~d", "é" * 400])
def test_a_token_not_ours_is_refused(token):
    with pytest.raises(NotAllowed):
        open_page().send((0, 30, 0, 30), token=token)


def test_a_token_with_one_changed_field_is_refused():
    page = open_page()
    head, mac = page.opened.token.rsplit("~", 1)
    fields = head.split(".")
    for index in range(len(fields)):
        other = [*fields[:index], "9" * max(1, len(fields[index])), *fields[index + 1 :]]
        with pytest.raises(NotAllowed):
            page.send((0, 30, 0, 30), token=f"{'.'.join(other)}~{mac}")


def test_another_members_token_is_refused():
    mine, yours = open_page(), make_member("李小红")
    with pytest.raises(NotAllowed):
        mine.send((0, 30, 0, 30), member_id=yours.pk)
    assert not Report.objects.exists()


def test_late_evidence_travels_without_a_sign_in():
    assert open_page().send((0, 30, 0, 30), member_id=None).covered == 30_000


def test_a_member_who_may_no_longer_sign_in_gets_nothing():
    page = open_page()
    page.member.is_active = False
    page.member.save()
    with pytest.raises(Locked) as refused:
        page.send((0, 30, 0, 30), member_id=None)
    assert refused.value.status == 423 and not Report.objects.exists()  # the device keeps it
    page.member.is_active = True
    page.member.save()
    assert page.send((0, 30, 0, 30), seq=1, after=3600, member_id=None).covered == 30_000


def test_evidence_is_judged_at_once_for_seven_days_after_the_session_and_no_longer():
    page = open_page()
    hours = 3600
    assert page.send((0, 30, 0, 30), after=(12 + 7 * 24) * hours).covered == 30_000
    assert isinstance(page.send((30, 60, 30, 60), after=(12 + 7 * 24) * hours + 1), Kept)
    assert Coverage.objects.get().covered == 30_000


def test_time_after_the_session_has_expired_counts_nothing():
    page = open_page()
    twelve = 12 * 3600
    assert page.send((0, 60, twelve, twelve + 60)).covered == 0
    assert page.send((0, 60, twelve - 30, twelve + 30)).studied_ms == 30_000


@pytest.mark.parametrize("seq", [0, -1, None, "1", True, 2**31])
def test_a_wrong_number_is_refused(seq):
    page = open_page()
    with pytest.raises(DomainError) as refused, clock.at(EVENING):
        from school.study.services.reports import accept_report

        accept_report(token=page.opened.token, seq=seq, segments=[], member_id=page.member.pk)
    assert refused.value.status == 400


def test_study_over_midnight_is_booked_on_both_days():
    page = open_page(start=moment("2026-03-02 23:50"))
    page.watch(0, TWENTY)
    days = dict(StudyDay.objects.values_list("day", "studied_ms"))
    assert {day.day: ms for day, ms in days.items()} == {2: 600_000, 3: 600_000}
    walls = WallDay.objects.values_list("day", "spans").order_by("day")
    assert [sets.unpack(spans) for _, spans in walls] == [[85_800_000, 86_400_000], [0, 600_000]]


def test_study_over_new_year_counts_for_the_year_it_was_completed_in():
    page = open_page(start=moment("2025-12-31 23:50"))
    page.watch(0, TWENTY)
    entry = HourEntry.objects.get()
    assert entry.counts_for_year == 2026 and entry.studied_on.isoformat() == "2026-01-01"
    late = open_page(member=page.member, start=moment("2025-12-31 20:00"))
    for number, (low, high) in enumerate(cells(0, TWENTY), 1):
        late.send((low, high, low, high), seq=number, after=2 * 86_400)
    assert HourEntry.objects.get(counts_for_year=2025).studied_on.isoformat() == "2025-12-31"


def test_leaving_half_way_resumes_where_it_was_left():
    page = open_page()
    page.watch(0, 600)
    again = open_page(page.revision, page.member, EVENING + timedelta(days=1))
    assert again.opened.resume_at == pytest.approx(600_000, abs=2)
    assert again.opened.covered == pytest.approx(600_000, abs=50)
    assert not again.opened.completed
    assert again.watch(600, TWENTY).completed


def test_skipping_to_the_end_does_not_complete():
    page = open_page()
    page.watch(0, 60)
    answer = page.watch(TWENTY - 60, TWENTY, at=60)
    assert not answer.completed and answer.state == "studying"


def test_an_article_read_at_reading_speed_is_completed():
    revision = make_article(1000)
    page = open_page(revision)
    rows = []
    for view in range(10):  # ten screens of 100 characters, 24 s each: 250 characters a minute
        rows.append([view * 100, view * 100 + 100, view * 24_000, view * 24_000 + 24_000, 100, 1])
    answer = page.send_raw(rows, after=240)
    assert answer.completed and answer.covered == 1000
    assert answer.studied_ms == 240_000 and answer.credit == 25


def test_an_article_scrolled_to_its_end_at_once_is_not_completed():
    page = open_page(make_article(1000))
    answer = page.send_raw([[0, 1000, 0, 10_000, 100, 1]], after=10)
    assert not answer.completed and answer.covered == 125


def test_sums_of_days_reports_and_coverage_are_equal():
    """I6 through the database."""
    member = make_member()
    first = open_page(member=member, start=moment("2026-03-02 23:58"))
    second = open_page(member=member, start=moment("2026-03-02 23:59"))
    first.watch(0, 300)
    second.watch(0, 400, rate=1.5)
    totals = [
        sum(Coverage.objects.values_list("studied_ms", flat=True)),
        sum(StudyDay.objects.values_list("studied_ms", flat=True)),
        sum(Report.objects.values_list("studied_ms", flat=True)),
    ]
    assert len(set(totals)) == 1 and totals[0] > 0
    walls = WallDay.objects.values_list("spans", flat=True)
    assert totals[0] <= sum(sets.length(sets.unpack(spans)) for spans in walls)


@pytest.mark.parametrize("text", [False, True])
def test_a_report_costs_at_most_nine_statements(text, django_assert_max_num_queries):
    """From the second on: the first opens the coverage, which the apps above also count."""
    page = open_page(make_article(5000) if text else None)
    width = 100 if text else 30_000
    rows = [
        [turn * width, (turn + 1) * width, turn * 30_000, (turn + 1) * 30_000, 100, 1]
        for turn in range(4)
    ]
    page.send_raw(rows[:1], after=30)
    for turn in range(1, 4):
        # Inside a test's transaction, atomic() adds one SAVEPOINT and one RELEASE.
        with django_assert_max_num_queries(9 + 2):
            page.send_raw(rows[turn : turn + 1], after=(turn + 1) * 30)
