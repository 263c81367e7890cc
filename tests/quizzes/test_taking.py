"""An attempt from start to mark: its own paper, the server's clock, nothing lost."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from quizzes.models import Answer, Attempt, Mistake, Sitting
from quizzes.rules.authoring import author
from quizzes.rules.sheets import GRACE
from quizzes.services.attempts import save_answer, start_attempt, submit_attempt
from quizzes.services.mistakes import clear_mistake
from quizzes.services.questions import retire_question, revise_question
from quizzes.tasks import close_overdue_attempts
from school.core import clock
from school.core.errors import Conflict, DomainError, NotFound
from school.study.models import Completion
from tests.factories.quizzes import (
    answer_all,
    make_bank,
    make_drawn_paper,
    make_member,
    make_paper,
    make_question,
)

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 6, 1, 9, 0, tzinfo=clock.LOCAL)


def test_all_right_answers_give_the_full_score_and_pass():
    member = make_member()
    paper = make_paper(
        *(make_question(kind=kind) for kind in ("single", "multiple", "true_false", "fill_blank"))
    )
    attempt = start_attempt(member=member, paper=paper)
    answer_all(attempt)
    done = submit_attempt(attempt_id=attempt.pk, member=member)
    assert (done.score, done.full, done.passed) == (2000, 2000, True)
    assert not Mistake.objects.exists()


def test_questions_left_out_count_as_wrong_and_enter_the_mistake_book():
    member = make_member()
    attempt = start_attempt(member=member, paper=make_paper())
    done = submit_attempt(attempt_id=attempt.pk, member=member)
    assert (done.score, done.passed) == (0, False)
    assert Answer.objects.filter(attempt=attempt, right=False, given=[]).count() == 2
    assert Mistake.objects.filter(member=member, cleared_at=None).count() == 2


def test_a_started_attempt_is_gone_on_with_not_started_again():
    member, paper = make_member(), make_paper()
    first = start_attempt(member=member, paper=paper)
    assert start_attempt(member=member, paper=paper) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            member=member, paper=paper, number=2, seed=1, sheet={}, full=1, started_at=NINE
        )


def test_the_stored_paper_survives_later_edits():
    member, question = make_member(), make_question(answer="A")
    paper = make_paper(question, pass_mark=60)
    attempt = start_attempt(member=member, paper=paper)
    asked = question.current
    content = author("single", stem="全新的题干", options=["是", "否"], answer="B")
    revise_question(question=question, content=content, marks=9900)
    retire_question(question=question)
    paper.pass_mark = 100
    paper.save()
    save_answer(attempt_id=attempt.pk, member=member, position=1, given=["a"])
    done = submit_attempt(attempt_id=attempt.pk, member=member)
    assert done.answers.get().version == asked
    assert (done.score, done.full, done.passed) == (500, 500, True)


def test_an_edit_makes_a_version_and_the_same_content_none():
    question = make_question(answer="A")
    first = question.current
    content = author(
        "single",
        stem=first.stem,
        options=[option["text"] for option in first.options],
        answer="B",
    )
    revised = revise_question(question=question, content=content, explanation=first.explanation)
    again = revise_question(question=question, content=content, explanation=first.explanation)
    assert (first.number, revised.current.number, again.current_id) == (1, 2, revised.current_id)
    with pytest.raises(TypeError, match="append-only"):
        first.save()


def test_two_members_draw_papers_of_their_own():
    bank = make_bank()
    for _ in range(12):
        make_question(bank)
    paper = make_drawn_paper(bank, 6)
    sheets = [start_attempt(member=make_member(), paper=paper).questions for _ in range(4)]
    assert all(len({question["version"] for question in sheet}) == 6 for sheet in sheets)
    assert len({str(sheet) for sheet in sheets}) == 4


def test_a_paper_without_questions_does_not_start():
    from quizzes.models import Paper

    paper = Paper.objects.create(title="空卷", published_at=NINE)
    with pytest.raises(Conflict, match="还没有试题"):
        start_attempt(member=make_member(), paper=paper)


def test_a_bank_with_too_few_questions_is_named():
    bank = make_bank(title="安全题库")
    questions = [make_question(bank) for _ in range(3)]
    paper = make_drawn_paper(bank, 3)
    retire_question(question=questions[0])
    with pytest.raises(Conflict, match="安全题库"):
        start_attempt(member=make_member(), paper=paper)


def test_attempts_are_counted():
    member, paper = make_member(), make_paper(attempts_allowed=1)
    attempt = start_attempt(member=member, paper=paper)
    submit_attempt(attempt_id=attempt.pk, member=member)
    with pytest.raises(Conflict, match="次数已用完"):
        start_attempt(member=member, paper=paper)


def test_saving_the_same_answer_again_keeps_one_row():
    member = make_member()
    attempt = start_attempt(member=member, paper=make_paper())
    for _ in range(3):
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["b"])
    assert [answer.given for answer in attempt.answers.all()] == [["b"]]


def test_handing_in_twice_changes_nothing():
    member = make_member()
    attempt = start_attempt(member=member, paper=make_paper())
    first = submit_attempt(attempt_id=attempt.pk, member=member)
    second = submit_attempt(attempt_id=attempt.pk, member=member)
    assert first.submitted_at == second.submitted_at
    assert list(Mistake.objects.values_list("wrong_count", flat=True)) == [1, 1]


def test_nothing_is_saved_after_handing_in():
    member = make_member()
    attempt = start_attempt(member=member, paper=make_paper())
    submit_attempt(attempt_id=attempt.pk, member=member)
    with pytest.raises(Conflict, match="已经交卷"):
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["a"])


def test_options_that_are_not_on_the_sheet_are_refused():
    member = make_member()
    attempt = start_attempt(member=member, paper=make_paper())
    for given in (["z"], ["a", "b"]):
        with pytest.raises(DomainError, match="不符"):
            save_answer(attempt_id=attempt.pk, member=member, position=1, given=given)
    with pytest.raises(NotFound):
        save_answer(attempt_id=attempt.pk, member=member, position=3, given=["a"])
    assert not attempt.answers.exists()


def test_another_members_attempt_does_not_exist():
    attempt = start_attempt(member=make_member(), paper=make_paper())
    other = make_member()
    with pytest.raises(NotFound):
        save_answer(attempt_id=attempt.pk, member=other, position=1, given=["a"])
    with pytest.raises(NotFound):
        submit_attempt(attempt_id=attempt.pk, member=other)


def test_an_answer_in_its_grace_is_taken_and_a_later_one_refused():
    member, paper = make_member(), make_paper(time_limit_minutes=10)
    with clock.at(NINE):
        attempt = start_attempt(member=member, paper=paper)
    end = NINE + timedelta(minutes=10)
    with clock.at(end + GRACE):
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["a"])
    with clock.at(end + GRACE + timedelta(seconds=1)), pytest.raises(Conflict, match="时间已到"):
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["b"])
    assert attempt.answers.get().given == ["a"]


def test_the_hosts_own_clock_does_not_stretch_the_time():
    member, paper = make_member(), make_paper(time_limit_minutes=10)
    with clock.at(NINE):
        attempt = start_attempt(member=member, paper=paper)
    late = NINE + timedelta(minutes=11)
    with clock.at(NINE, authority=late), pytest.raises(Conflict, match="时间已到"):
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["a"])


def test_the_clock_closes_an_attempt_without_a_browser_and_marks_what_was_saved():
    member, paper = make_member(), make_paper(time_limit_minutes=10, pass_mark=50)
    with clock.at(NINE):
        attempt = start_attempt(member=member, paper=paper)
        save_answer(attempt_id=attempt.pk, member=member, position=1, given=["a"])
        open_one = start_attempt(member=make_member(), paper=make_paper())
    with clock.at(NINE + timedelta(minutes=10, seconds=2)):
        assert close_overdue_attempts() == 0
    with clock.at(NINE + timedelta(minutes=11)):
        assert close_overdue_attempts() == 1
        assert close_overdue_attempts() == 0
    attempt.refresh_from_db()
    assert (attempt.state, attempt.score, attempt.passed) == ("closed", 500, True)
    assert attempt.submitted_at == NINE + timedelta(minutes=10)
    assert Completion.objects.get(member=member).effective_on == NINE.date()
    open_one.refresh_from_db()
    assert open_one.is_open


def test_handing_in_too_late_marks_only_what_was_saved_in_time():
    member, paper = make_member(), make_paper(time_limit_minutes=10)
    with clock.at(NINE):
        attempt = start_attempt(member=member, paper=paper)
    with clock.at(NINE + timedelta(hours=1)):
        done = submit_attempt(attempt_id=attempt.pk, member=member)
    assert (done.state, done.submitted_at) == ("closed", NINE + timedelta(minutes=10))


def test_a_sitting_opens_and_ends_for_its_time_only():
    member, paper = make_member(), make_paper(time_limit_minutes=60)
    Sitting.objects.create(
        paper=paper, title="上午场", opens_at=NINE, closes_at=NINE + timedelta(minutes=30)
    )
    with clock.at(NINE - timedelta(minutes=1)), pytest.raises(Conflict, match="还没有开始"):
        start_attempt(member=member, paper=paper)
    with clock.at(NINE + timedelta(hours=1)), pytest.raises(Conflict, match="时间已过"):
        start_attempt(member=member, paper=paper)
    with clock.at(NINE + timedelta(minutes=10)):
        attempt = start_attempt(member=member, paper=paper)
    assert attempt.deadline_at == NINE + timedelta(minutes=30)


def test_passing_completes_the_quiz_once_and_failing_does_not():
    member, paper = make_member(), make_paper()
    attempt = start_attempt(member=member, paper=paper)
    answer_all(attempt, right=False)
    submit_attempt(attempt_id=attempt.pk, member=member)
    assert not Completion.objects.exists()
    for _ in range(2):
        attempt = start_attempt(member=member, paper=paper)
        answer_all(attempt)
        submit_attempt(attempt_id=attempt.pk, member=member)
    completion = Completion.objects.get()
    assert (completion.evidence, completion.item.source_id) == ("quiz", paper.pk)


def test_a_mistake_taken_out_comes_back_when_made_again():
    member, paper = make_member(), make_paper(make_question())
    for count in (1, 2):
        attempt = start_attempt(member=member, paper=paper)
        answer_all(attempt, right=False)
        submit_attempt(attempt_id=attempt.pk, member=member)
        mistake = Mistake.objects.get()
        assert (mistake.wrong_count, mistake.cleared_at) == (count, None)
        clear_mistake(mistake_id=mistake.pk, member=member)
    assert Mistake.objects.get().cleared_at is not None
    with pytest.raises(NotFound):
        clear_mistake(mistake_id=mistake.pk, member=make_member())
