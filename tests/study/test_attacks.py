"""What a cheat tries, and what it is worth: never more than the real time it took.

Every check-in is answered in its moment unless the attack is on the check-ins themselves: a script
can do that, and it gains nothing but what sitting there would have given it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from school.core import clock
from school.core.errors import DomainError, NotAllowed, TooMany
from school.members.models import SignInSession
from school.members.services.sessions import end_session
from school.study import spans as sets
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    LateReport,
    Report,
    StudyDay,
    StudySession,
    WallDay,
)
from school.study.rules import gates, tokens
from school.study.services.ledger import claim_wall
from school.study.services.reports import accept_report
from tests.factories.study import Page, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
TWENTY = 20 * MINUTE
EVENING = moment("2026-03-02 20:00")


@pytest.fixture
def accept():
    """The way in; what holds for one sink holds for the other."""
    return accept_report


@pytest.fixture
def tab(accept):
    """Opens pages that study through the way in under test."""

    def open_tab(revision=None, member=None, start=EVENING):
        return Page(member or make_member(), revision or make_lesson(20), start, accept=accept)

    return open_tab


def worth(member):
    """(seconds studied, seconds of media covered) over all items."""
    rows = Coverage.objects.filter(member=member).values_list("studied_ms", "covered")
    return tuple(sum(column) // 1000 for column in zip(*rows, strict=True)) or (0, 0)


def spent(member):
    """Milliseconds of real time that have been claimed."""
    days = WallDay.objects.filter(member=member).values_list("spans", flat=True)
    return sum(sets.length(sets.unpack(each)) for each in days)


def minute_by_minute(page, end=TWENTY, at=0):
    for low in range(0, end, MINUTE):
        page.send((low, low + MINUTE, at + low, at + low + MINUTE))


# -- the table of section "what each attack is worth" in docs/judge.md -----------------------------


def one_post_for_the_whole(page):
    page.send((0, TWENTY, 0, 1), after=1)


def a_forged_clock(page):
    page.send((0, TWENTY, 0, TWENTY), after=60)


def sixteen_times(page):
    page.send(*[(i * 80, i * 80 + 80, i * 5, i * 5 + 5, 1600, 1) for i in range(12)])


def sixteen_times_with_hooked_clocks(page):
    for i in range(12):
        page.send((i * 80, i * 80 + 80, i * 40, i * 40 + 40, 200, 1), after=i * 5 + 5)


def sixteen_times_declared_as_normal(page):
    page.send(*[(i * 80, i * 80 + 80, i * 5, i * 5 + 5, 100, 1) for i in range(12)])


def the_same_batch_a_hundred_times(page):
    for _ in range(100):
        page.send((0, 60, 0, 60), seq=1)


def the_same_content_under_new_numbers(page):
    for _ in range(100):
        page.send((0, 60, 0, 60))


def the_whole_film_at_once_in_shuffled_pieces(page):
    """Each stretch plausible by itself, all of them over the same minute."""
    for part in range(20):
        page.send((part * 60, part * 60 + 60, 0, 60))


def a_jump_to_the_last_minute(page):
    page.send((TWENTY - 60, TWENTY, 0, 60))


def the_first_minute_looped_for_an_hour(page):
    for turn in range(60):
        page.send((0, 60, turn * 60, turn * 60 + 60))


def a_hidden_tab(page):
    page.send(*[(a, a + 60, a, a + 60, 100, 0) for a in range(0, TWENTY, 60)])


def media_beyond_the_end(page):
    page.send((TWENTY, 3 * TWENTY, 0, 2 * TWENTY))


def stretches_of_no_time(page):
    page.send(*[(second, second + 1, 30, 30) for second in range(60)], after=60)


def stretches_backwards(page):
    page.send((60, 0, 0, 60), (0, 60, 60, 0), after=60)


def slack_upon_slack(page):
    """Every stretch of a millisecond claims the 250 ms that a clock may be off."""
    page.send_raw([[i * 250, i * 250 + 250, i, i + 1, 100, 1] for i in range(200)], after=1)


TABLE = [
    (one_post_for_the_whole, 0, 0),
    (a_forged_clock, 60, 60),
    (sixteen_times, 0, 0),
    (sixteen_times_with_hooked_clocks, 5, 10),
    (sixteen_times_declared_as_normal, 0, 0),
    (the_same_batch_a_hundred_times, 60, 60),
    (the_same_content_under_new_numbers, 60, 60),
    (the_whole_film_at_once_in_shuffled_pieces, 60, 60),
    (a_jump_to_the_last_minute, 60, 60),
    (the_first_minute_looped_for_an_hour, 60, 60),
    (a_hidden_tab, 0, 0),
    (media_beyond_the_end, 0, 0),
    (stretches_of_no_time, 0, 0),
    (stretches_backwards, 0, 0),
    (slack_upon_slack, 0, 0),
]


@pytest.mark.parametrize(("attack", "seconds", "covered"), TABLE)
def test_an_attack_earns_no_more_than_real_time(tab, attack, seconds, covered):
    page = tab()
    attack(page)
    assert worth(page.member) == (seconds, covered)
    assert not Completion.objects.exists()
    assert not HourEntry.objects.exists()


# -- many pages at once ----------------------------------------------------------------------------


def test_a_hundred_parallel_sessions_study_one_evening_once(tab, settings):
    settings.STUDY_OPENS_PER_MINUTE = 1000
    member, lessons = make_member(), [make_lesson(20) for _ in range(20)]
    pages = [tab(lessons[number % 20], member) for number in range(100)]
    for page in pages:
        page.send((0, 5 * MINUTE, 0, 5 * MINUTE))
    assert worth(member) == (300, 300)
    assert spent(member) == 300_000
    assert sum(StudyDay.objects.values_list("studied_ms", flat=True)) == 300_000


def test_a_hundred_sessions_cannot_be_opened_in_a_minute(tab):
    member, lesson = make_member(), make_lesson(20)
    with pytest.raises(TooMany):
        for _ in range(100):
            tab(lesson, member)
    assert StudySession.objects.count() == 30


def test_parts_of_a_film_shared_out_to_many_devices_take_as_long_as_the_film(tab):
    """Twenty devices, a minute of film each, all in the same minute: one minute counts."""
    member, lesson = make_member(), make_lesson(20)
    for part in range(20):
        tab(lesson, member).send((part * 60, part * 60 + 60, 0, 60))
    assert worth(member) == (60, 60)
    assert not Completion.objects.exists()


def test_a_beacon_storm_counts_each_batch_once(tab):
    """Every batch by fetch, again by beacon, and all of them once more when the page closes."""
    page = tab()
    batches = [(number, number * 30) for number in range(10)]
    for number, low in batches:
        for _ in range(3):
            page.send((low, low + 30, low, low + 30), seq=number + 1, after=low + 31)
    for _ in range(5):
        for number, low in reversed(batches):
            answer = page.send((low, low + 30, low, low + 30), seq=number + 1, after=301)
    assert answer.durable_seq == 10
    assert worth(page.member) == (300, 300)
    assert Report.objects.count() == 10


def test_a_flood_of_new_batches_is_put_off_and_nothing_is_lost_by_it(tab):
    page, refused = tab(), []

    def send(number, after):
        stretch = [number * 100 - 100, number * 100, number * 100 - 100, number * 100, 100, 1]
        page.send_raw([stretch], seq=number, after=after)

    for number in range(1, 301):  # ten a second
        try:
            send(number, after=60)
        except TooMany as error:
            refused.append(number)
            assert 0 < error.retry_after <= 60
    assert len(refused) == 180
    for turn, number in enumerate(refused):
        send(number, after=180 + 61 * (turn // 100))
    assert worth(page.member) == (30, 30)
    assert Report.objects.count() == 300


# -- the token -------------------------------------------------------------------------------------


def test_a_replayed_token_of_another_member_earns_nothing_for_whoever_replays_it(tab):
    mine, thief = tab(), make_member("李小红")
    mine.send((0, 30, 0, 30))
    with pytest.raises(NotAllowed):
        mine.send((30, 60, 30, 60), member_id=thief.pk)
    # Without a sign-in it travels, and it is the owner's time that is spent.
    mine.send((30, 60, 30, 60), member_id=None)
    assert worth(thief) == (0, 0) and spent(thief) == 0
    assert worth(mine.member) == (60, 60)


def test_no_field_of_a_token_can_be_edited(tab):
    page = tab()
    claim = tokens.read(page.opened.token)
    head, mac = page.opened.token.rsplit("~", 1)
    fields = head.split(".")
    assert str(claim.length) in fields and str(claim.max_rate) in fields
    for index, field in enumerate(fields):
        for other in ("9" * max(1, len(field)), "0", field + "0", ""):
            if other == field:
                continue
            forged = ".".join([*fields[:index], other, *fields[index + 1 :]])
            with pytest.raises(NotAllowed):
                page.send((0, 30, 0, 30), token=f"{forged}~{mac}")
    assert not Report.objects.exists()


def test_an_edited_length_completes_nothing(tab):
    """A film of 20 minutes is not complete as one of 30 seconds."""
    page = tab()
    head, mac = page.opened.token.rsplit("~", 1)
    short = head.replace(f".{TWENTY * 1000}.", ".30000.")
    assert short != head
    with pytest.raises(NotAllowed):
        page.send((0, 30, 0, 30), token=f"{short}~{mac}")
    page.send((0, 30, 0, 30))
    assert not Completion.objects.exists()


def test_a_token_of_one_visit_cannot_be_joined_to_the_signature_of_another(tab):
    member, lesson = make_member(), make_lesson(20)
    one, other = tab(lesson, member), tab(lesson, member)
    head, mac = one.opened.token.rsplit("~", 1)[0], other.opened.token.rsplit("~", 1)[1]
    with pytest.raises(NotAllowed):
        one.send((0, 30, 0, 30), token=f"{head}~{mac}")


@pytest.mark.parametrize("field", ["member_id", "revision_id"])
def test_even_a_signed_token_has_to_be_of_its_own_visit(tab, field):
    """Whoever had the key could still not post one member's visit to another, or to other film."""
    page = tab()
    other = {"member_id": make_member().pk, "revision_id": make_lesson(20).pk}[field]
    claim = replace(tokens.read(page.opened.token), **{field: other})
    with pytest.raises(NotAllowed):
        page.send((0, 30, 0, 30), token=tokens.seal(claim), member_id=claim.member_id)
    assert not Coverage.objects.exists() and not Report.objects.exists()


@pytest.mark.parametrize(("end", "counted"), [("revoked", 60), ("password", 60), ("idle", 120)])
def test_study_after_its_sign_in_was_taken_away_is_void_in_every_way_in(tab, end, counted):
    """A lost phone goes on reporting with its token: what it studies after that counts nothing."""
    page = tab()
    sign_in = SignInSession.objects.create(
        member=page.member, key="k" * 32, began_at=EVENING, seen_at=EVENING
    )
    StudySession.objects.update(sign_in=sign_in)
    page.send((0, 30, 0, 30))
    SignInSession.objects.update(ended_at=EVENING + timedelta(seconds=60), end=end)
    page.send((30, 120, 30, 120))
    assert worth(page.member)[0] == counted


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=-1)])
def test_a_device_signed_out_on_a_host_a_day_off_studies_until_then_and_no_longer(tab, wrong):
    page = tab()
    sign_in = SignInSession.objects.create(
        member=page.member, key="k" * 32, began_at=EVENING, seen_at=EVENING
    )
    StudySession.objects.update(sign_in=sign_in)
    at = EVENING + timedelta(seconds=60)
    with clock.at(at + wrong, authority=at):
        end_session(member=page.member, session_id=sign_in.pk, by=page.member)
    page.send((0, 120, 0, 120))
    assert worth(page.member)[0] == 60


def test_a_token_says_the_browser_it_was_opened_in_and_does_not_tell_the_key():
    key = "a2c4e6g8i0k2m4o6q8s0u2w4y6a8c0e2"
    hashed = tokens.browser_of(key)
    assert hashed and key not in hashed and hashed != tokens.browser_of(key[::-1])
    assert tokens.browser_of(None) == tokens.browser_of("") == ""


# -- revisions -------------------------------------------------------------------------------------


def test_a_new_revision_starts_empty_and_keeps_what_was_awarded(tab):
    """I14; a token of the old one earns nothing for the new one."""
    member, old = make_member(), make_lesson(20)
    minute_by_minute(tab(old, member))
    paid = list(HourEntry.objects.values_list("credit", flat=True))
    late = tab(old, member, EVENING + timedelta(days=1))
    item = old.item
    new = make_lesson(20, source_id=item.source_id, study_again=True)
    assert new.item_id == item.pk and new.number == 2
    page = tab(new, member, EVENING + timedelta(days=2))
    assert page.opened.covered == 0 and not page.opened.completed
    late.send((0, 60, 0, 60))
    assert not Coverage.objects.filter(revision=new).exists()
    assert Completion.objects.get().revision_id == old.pk
    page.send((0, 60, 0, 60))
    assert Coverage.objects.get(revision=new).covered == 60_000
    assert list(HourEntry.objects.values_list("credit", flat=True)) == paid


def test_two_revisions_of_one_item_do_not_count_the_same_minute(tab):
    member, old = make_member(), make_lesson(20)
    first = tab(old, member)
    new = make_lesson(20, source_id=old.item.source_id, study_again=True)
    second = tab(new, member)
    first.send((0, 60, 0, 60))
    second.send((0, 60, 0, 60))
    assert worth(member) == (60, 60)


# -- clocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_client_whose_clock_jumps_a_day_gains_nothing_and_goes_on(tab, jump):
    page = tab()
    page.send((0, 30, 0, 30))
    if jump > 0:
        page.send((30, TWENTY, 30 + jump, jump + TWENTY), after=60)
    else:
        with pytest.raises(DomainError):
            page.send_raw([[30_000, 60_000, 30_000 + jump * 1000, 60_000, 100, 1]], after=60)
    assert worth(page.member) == (30, 30)
    page.send((30, 60, 30, 60), seq=9)
    assert worth(page.member) == (60, 60)


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=-1)])
def test_a_web_host_whose_clock_is_a_day_off_neither_makes_nor_breaks_hours(tab, accept, wrong):
    """One host is right, one is wrong, the batches go to either; the shared clock judges."""
    page = tab()

    def through_either(*, seq, **values):
        at = clock.authority()
        with clock.at(at + wrong if seq % 2 else at, authority=at):
            return accept(seq=seq, **values)

    page.accept = through_either
    minute_by_minute(page)
    assert worth(page.member) == (TWENTY, TWENTY)
    done = Completion.objects.get()
    assert done.effective_on == EVENING.date()
    assert HourEntry.objects.get().studied_on == EVENING.date()
    assert set(StudyDay.objects.values_list("day", flat=True)) == {EVENING.date()}


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(days=-1)])
def test_a_session_opened_on_a_host_a_day_off_begins_at_the_right_moment(tab, wrong):
    page = tab()
    member, lesson = make_member(), page.revision
    with clock.at(EVENING + wrong, authority=EVENING):
        from school.study.services.sessions import open_session

        opened = open_session(member=member, item=lesson.item)
    session = StudySession.objects.get(pk=opened.sid)
    assert session.opened_at == EVENING


def test_a_report_before_its_session_counts_nothing(tab):
    """The shared clock itself was set back between opening and reporting."""
    page = tab()
    page.send((0, 60, 0, 60), after=-DAY)
    assert worth(page.member) == (0, 0) and spent(page.member) == 0


# -- after the end ---------------------------------------------------------------------------------


def test_time_after_the_session_has_ended_counts_nothing(tab):
    page, end = tab(), 12 * HOUR
    page.send((0, 60, end, end + 60))
    assert worth(page.member) == (0, 0)
    page.send((0, 60, end - 30, end + 30))
    assert worth(page.member) == (30, 30)


def test_evidence_a_week_after_its_session_is_kept_for_a_person_and_earns_nothing(tab):
    page = tab()
    page.send((0, 30, 0, 30), after=12 * HOUR + 7 * DAY + 1)
    assert LateReport.objects.filter(study__member=page.member).count() == 1
    assert worth(page.member) == (0, 0)
    page.send((0, 30, 0, 30), after=12 * HOUR + 7 * DAY)
    assert worth(page.member) == (30, 30)


def test_a_session_kept_open_for_a_day_earns_at_most_its_twelve_hours(tab):
    page = tab(make_lesson(13 * 60))
    for hour in range(24):
        low = hour * HOUR
        page.send((low, low + HOUR, low, low + HOUR), after=2 * DAY)
    assert spent(page.member) == 12 * HOUR * 1000
    assert worth(page.member) == (12 * HOUR, 12 * HOUR)


# -- online and in a gathering ---------------------------------------------------------------------


def test_minutes_of_a_gathering_cannot_be_studied_online_again(tab):
    member, page_end = make_member(), EVENING + timedelta(minutes=10)
    taken = claim_wall(member_id=member.pk, start=EVENING, end=page_end)
    assert sets.length(taken) == 600_000
    page = tab(member=member)
    page.send((0, 15 * MINUTE, 0, 15 * MINUTE))
    assert worth(member) == (300, 300)
    assert spent(member) == 900_000


def test_minutes_studied_online_are_not_paid_again_by_a_gathering(tab):
    page = tab()
    page.send((0, 10 * MINUTE, 0, 10 * MINUTE))
    end = EVENING + timedelta(minutes=45)
    taken = claim_wall(member_id=page.member.pk, start=EVENING, end=end)
    assert sets.length(taken) == 35 * 60_000
    assert worth(page.member) == (600, 600)


@pytest.mark.parametrize("media", [1, 12 * HOUR * 1000])
def test_a_token_left_on_a_shared_phone_cannot_spend_its_members_day(tab, media):
    """A moment of film in twelve hours, or twelve hours of a film that lasts twenty minutes."""
    page, whole = tab(), 12 * HOUR
    page.send_raw([[0, media, 0, whole * 1000, 100, 1]], after=whole, member_id=None)
    assert spent(page.member) <= 4 * (min(media, TWENTY * 1000) + 250)
    later = tab(member=page.member, start=EVENING + timedelta(hours=2))
    later.watch(0, 300)
    assert later.send().studied_ms >= 300_000


# -- check-ins -------------------------------------------------------------------------------------


def first_check_in(page):
    return page.opened.check_ins[0] / 1000


def test_what_follows_an_unanswered_check_in_is_worth_nothing(tab):
    page = tab(make_lesson(60))
    page.send((0, 40 * MINUTE, 0, 40 * MINUTE), answers=[])
    most = first_check_in(page) + gates.GRACE_MS / 1000
    assert worth(page.member) == (int(most), int(most))


def test_answering_later_does_not_bring_the_time_between_back(tab):
    page = tab(make_lesson(60))
    asked = first_check_in(page)
    for low in (0, 20):
        begin, end = low * MINUTE, (low + 20) * MINUTE
        page.send((begin, end, begin, end), answers=[[0, int(asked * 1000) + 300_000]])
    later = page.opened.check_ins[1] / 1000
    assert worth(page.member)[0] == pytest.approx(later - 300 + 2 * 2, abs=2)


@pytest.mark.parametrize(
    "answers",
    [
        lambda asked: [[0, asked - 1]],  # before it was asked
        lambda asked: [[0, 0]],
        lambda asked: [[1, asked + 1], [50, asked + 1], [2**31, asked + 1]],  # to another
        lambda asked: [[0, asked + DAY * 1000]],  # in the future
    ],
)
def test_an_answer_that_is_none_opens_nothing(tab, answers):
    page = tab(make_lesson(60))
    asked = page.opened.check_ins[0]
    page.send((0, 8 * MINUTE - 1, 0, 8 * MINUTE - 1), answers=[])
    before = worth(page.member)
    begin = asked / 1000 + 10
    page.send((begin, begin + 60, begin, begin + 60), answers=answers(asked))
    assert worth(page.member) == before


def test_two_visits_have_check_ins_of_their_own(tab):
    member, lesson = make_member(), make_lesson(60)
    schedules = {tuple(tab(lesson, member).opened.check_ins) for _ in range(5)}
    assert len(schedules) == 5
    for moments in schedules:
        steps = [b - a for a, b in zip((0, *moments), moments, strict=False)]
        assert all(8 * 60_000 <= step <= 15 * 60_000 for step in steps)
        assert moments[-1] > (12 * 60 - 15) * 60_000


def test_short_visits_one_after_another_are_asked_as_one_long_visit_is(tab):
    """A page loaded anew every seven minutes, or one short lesson after another."""
    member, long, at, asked = make_member(), make_lesson(60), EVENING, []
    for visit in range(4):
        page = tab(long if visit < 2 else make_lesson(6), member, at)
        asked.append(first_check_in(page))
        low = 7 * visit * MINUTE if visit < 2 else 0
        end = 7 * MINUTE if visit < 2 else 6 * MINUTE
        page.send((low, low + end, 0, end), answers=[])
        at += timedelta(seconds=end + 5)
    assert asked[0] >= 8 * MINUTE
    assert asked[1] <= 8 * MINUTE  # 15 at most, less the seven of the first
    assert asked[2] <= 1 * MINUTE and asked[3] == gates.SETTLING_MS / 1000
    # Answered once, the next visit starts anew, and so does who comes back after a rest.
    page = tab(long, member, at)
    page.send((0, 60, 20, 80), answers=[[0, 15_000]])
    assert first_check_in(tab(long, member, at + timedelta(minutes=3))) >= 7 * MINUTE
    assert first_check_in(tab(long, member, at + timedelta(hours=3))) >= 8 * MINUTE


def test_a_script_that_answers_every_check_in_gains_the_time_it_sits_there_and_no_more(tab):
    page = tab(make_lesson(60))
    page.send((0, HOUR, 0, HOUR), after=1800)
    assert worth(page.member) == (1800, 1800)
    assert Report.objects.count() == 1
