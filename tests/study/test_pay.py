"""What an item pays is printed before it starts, and is what the ledger books."""

import pytest

from school.core import clock
from school.study.models import Completion, HourEntry, StudyItem
from school.study.selectors import hours_of_year
from school.study.selectors.config import study_config
from school.study.selectors.pay import pay_of, pays_of
from school.study.services.hour_rules import add_hour_rule, follow_rule
from tests.factories.study import Page, make_course, make_lesson, make_member, make_rule, moment
from tests.study.test_ledger import BY_TIME

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")
NEXT_YEAR = moment("2027-03-02 20:00")


def pay(member, revision):
    item = StudyItem.objects.select_related("current").get(pk=revision.item_id)
    return pay_of(member.pk, item)


def test_the_card_prints_what_completion_then_pays():
    make_rule()
    member, lesson = make_member(), make_lesson(20)
    with clock.at(EVENING):
        printed = pay(member, lesson)
    assert (printed.state, printed.credit, printed.text) == ("pays", 50, "学完计 0.5 学时")
    Page(member, lesson, EVENING).watch(0, 1200)
    assert HourEntry.objects.get().credit == printed.credit


def test_a_paid_item_says_so_before_it_starts_and_pays_again_next_year():
    make_rule()
    member, other, lesson = make_member(), make_member(), make_lesson(5)
    Page(member, lesson, EVENING).watch(0, 300)
    with clock.at(EVENING):
        assert pay(member, lesson).state == "paid"
        assert pay(member, lesson).text == "本年度已计 0.25 学时，可复习，不重复计"
        assert pay(other, lesson).state == "pays"
        item = StudyItem.objects.select_related("current").get(pk=lesson.item_id)
        config = study_config(member, item)
        assert config["award"] == 0 and "不重复计" in config["words"]["ready"]
        assert study_config(other, item)["award"] == 25
    with clock.at(NEXT_YEAR):
        assert pay(member, lesson).state == "pays"


def test_by_time_the_card_prints_the_minutes_and_an_item_without_pay_prints_nothing():
    make_rule(**BY_TIME)
    member, lesson = make_member(), make_lesson(20)
    assert pay(member, lesson).text == "按学习时长计，每 45 分钟 1 学时"
    course = make_course((lesson.item, True))
    assert pay(member, course).state == "none"
    assert pay(member, make_lesson(20, award=0)).state == "none"


def test_a_new_version_is_printed_from_its_day_on_and_paid_from_its_day_on():
    make_rule()
    member, lesson = make_member(), make_lesson(5)
    with clock.at(EVENING):
        day = clock.today().replace(day=10)
        add_hour_rule(effective_from=day, by=None, tiers=[[None, 80]])
        assert pay(member, lesson).credit == 25
    with clock.at(moment("2026-03-10 08:00")):
        assert follow_rule() == 1 and follow_rule() == 0
        assert pay(member, lesson).credit == 80
        lesson.refresh_from_db()
        assert lesson.award == 80
    Page(member, lesson, moment("2026-03-10 20:00")).watch(0, 300)
    assert hours_of_year(member.pk, 2026).online == 80


def test_an_award_of_its_own_stays_under_any_version():
    make_rule()
    lesson = make_lesson(5, award=70)
    with clock.at(EVENING):
        add_hour_rule(effective_from=clock.today(), by=None, tiers=[[None, 80]])
    lesson.refresh_from_db()
    assert lesson.award == 70
    member = make_member()
    Page(member, lesson, EVENING).watch(0, 300)
    assert hours_of_year(member.pk, 2026).online == 70


def test_a_passed_quiz_books_its_bonus_as_a_source_of_its_own():
    from school.study.services.completion import consider

    make_rule(quiz_bonus=50)
    member = make_member()
    quiz = make_lesson(kind=StudyItem.Kind.QUIZ, axis="none", axis_length=0, study_ms=0)
    consider(member_id=member.pk, revision=quiz, evidence="quiz", on=EVENING.date())
    entry = HourEntry.objects.get()
    assert (entry.source, entry.credit) == ("quiz", 50)


def completed(member, lesson, day: str) -> None:
    """Completed without credit: the day was full, or it was seen together."""
    with clock.at(moment(f"{day} 21:00")):
        Completion.objects.create(
            member=member,
            item=lesson.item,
            revision=lesson,
            effective_on=clock.today(),
            recorded_at=clock.now(),
            evidence="group",
        )


def test_what_is_completed_promises_nothing_more_this_year_and_pays_again_in_the_next():
    make_rule()
    member, lesson = make_member(), make_lesson(20)
    completed(member, lesson, "2026-03-02")
    with clock.at(EVENING):
        assert (pay(member, lesson).state, pay(member, lesson).credit) == ("over", 0)
        item = StudyItem.objects.select_related("current").get(pk=lesson.item_id)
        config = study_config(member, item)
        assert config["award"] == 0 and "不再计学时" in config["words"]["ready"]
    with clock.at(NEXT_YEAR):
        assert (pay(member, lesson).state, pay(member, lesson).credit) == ("pays", 50)
    make_rule(pays_again=False)
    with clock.at(NEXT_YEAR):
        assert pay(member, lesson).state == "over"


def test_a_course_has_one_round_and_promises_nothing_after_it():
    make_rule()
    member = make_member()
    course = make_lesson(
        kind=StudyItem.Kind.COURSE, axis="none", axis_length=0, study_ms=0, award=100
    )
    completed(member, course, "2026-03-02")
    with clock.at(NEXT_YEAR):
        assert pay(member, course).state == "over"


def test_many_items_are_asked_in_three_queries(django_assert_max_num_queries):
    make_rule()
    member = make_member()
    items = [make_lesson(20).item for _ in range(5)]
    items = list(StudyItem.objects.select_related("current").filter(pk__in=[i.pk for i in items]))
    with clock.at(EVENING), django_assert_max_num_queries(3):
        assert {each.state for each in pays_of(member.pk, items).values()} == {"pays"}
