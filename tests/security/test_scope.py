"""Numbers and names from elsewhere lead nowhere: foreign plans, papers, audiences, huge ids."""

import re
from datetime import timedelta

import pytest
from django.urls import NoReverseMatch, reverse

from school.core import clock
from school.members.models import Branch
from tests.factories import members as make
from tests.factories import plans as plan_rows
from tests.factories import quizzes as quiz_rows
from tests.factories.courses import audience_of
from tests.security.test_permissions import FIXED, TABLE, _arguments, _ours

pytestmark = pytest.mark.django_db
HUGE = 10**30


def _two_branches():
    root = make.branch(kind=Branch.Kind.COMMITTEE)
    return root, make.branch(root), make.branch(root)


def _plan(owner, for_branch, **more):
    today = clock.today()
    return plan_rows.make_plan(
        owner,
        [plan_rows.make_item()],
        starts_on=today,
        ends_on=today + timedelta(days=9),
        audience=audience_of(for_branch),
        **more,
    )


def test_a_plan_of_a_foreign_branch_is_not_even_named_when_letting_off(client):
    _, first, second = _two_branches()
    secretary, who = make.officer(first), make.member(first)
    foreign = _plan(second, second, title="第二支部的内部计划")
    client.force_login(secretary)
    address = reverse("plans:exempt", args=[foreign.pk, who.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"reason": "x"}).status_code == 404
    assert not who.exemptions.exists()


def test_a_plan_of_the_branch_above_can_be_let_off_from(client):
    root, first, _ = _two_branches()
    secretary, who = make.officer(first), make.member(first)
    asked = _plan(root, root)
    client.force_login(secretary)
    assert client.get(reverse("plans:exempt", args=[asked.pk, who.pk])).status_code == 200


def test_a_plan_cannot_be_given_to_or_owned_by_a_foreign_branch(client):
    from school.plans.models import StudyPlan

    _, first, second = _two_branches()
    client.force_login(make.officer(first))
    item = plan_rows.make_item()
    form = {
        "title": "越权",
        "owner": first.pk,
        "branches": [first.pk],
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-01",
        "required_items": [item.pk],
    }
    for wrong in ({"owner": second.pk}, {"branches": [second.pk]}):
        assert client.post(reverse("plans:new"), form | wrong).status_code == 200
        assert not StudyPlan.objects.exists()


def test_a_gathering_cannot_be_registered_for_a_foreign_branch(client):
    from school.gatherings.models import Gathering

    _, first, second = _two_branches()
    make.member(second)
    client.force_login(make.officer(first))
    form = {
        "branch": second.pk,
        "items": [plan_rows.make_item().pk],
        "held_on": "2026-01-05",
        "begins": "10:00",
        "ends": "11:00",
    }
    client.post(reverse("gatherings:new"), form)
    assert not Gathering.objects.exists()


def test_a_row_of_another_gathering_is_not_booked(client):
    """Names of one's own list only, whatever numbers the form holds."""
    from school.gatherings.models import Attendance, Gathering
    from school.gatherings.services import open_gathering
    from school.study.models import HourEntry

    _, first, second = _two_branches()
    secretary, stranger = make.officer(first), make.member(second)
    end = clock.now() - timedelta(hours=1)
    common = {"kind": "lecture", "title": "党课", "items": [], "ends_at": end}
    begin = end - timedelta(hours=1)
    mine = open_gathering(branch=first, starts_at=begin, by=secretary, **common)
    other = open_gathering(branch=second, starts_at=begin, by=stranger, **common)
    row = other.attendances.get(member=stranger)
    client.force_login(secretary)
    client.post(reverse("gatherings:close", args=[mine.pk]), {f"state-{row.pk}": "present"})
    row.refresh_from_db()
    assert row.state == Attendance.State.EXPECTED
    assert not HourEntry.objects.exists()
    assert Gathering.objects.get(pk=other.pk).state == Gathering.State.OPEN


def test_numbers_no_database_holds_are_not_found(client):
    root = make.member(make.branch())
    root.is_superuser = True
    root.save()
    client.force_login(root)
    for name, method in TABLE:
        route = next(route for route, known, _view in _ours() if known == name)
        kinds = re.findall(r"<(\w+):(\w+)>", route)
        if name in FIXED or not kinds:
            continue
        values = {key: HUGE if kind == "int" else "x" for kind, key in kinds}
        response = getattr(client, method)(reverse(name, kwargs=values))
        assert response.status_code == 404, (name, response.status_code)


ODD_QUERIES = [
    "?page=%00&plan=%00&on=%00&filter=%00&tab=%00&q=%00&kind=%00&year=%00",
    f"?page={HUGE}&plan={HUGE}&on={HUGE}&tab=1&q={HUGE}&kind={HUGE}&year={HUGE}&branch={HUGE}",
    "?page=-1&plan=-1&on=0000-00-00&filter=-1&year=-1&branch=-1&p=-1",
    "?page=%C2%B2&plan=%C2%B2&year=%C2%B2&branch=%C2%B2&all=%C2%B2&p=%C2%B2",
    "?q=%ED%A0%80%F0%9F&kind=%ED%A0%80&topic=%ED%A0%80",
    "?q=title%3Aa+OR+audience%3A*+%22+%29+%28+%2B+-+%7E2+%5B1+TO+*%5D&kind=*",
    "?on=9999-12-31&year=9999",
    "?on=0001-01-01&year=0",
    "?q=" + "安" * 3000,
]


@pytest.mark.parametrize("query", ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_odd_queries_are_answered_with_a_page_or_a_word(client, query):
    home = make.branch(kind=Branch.Kind.COMMITTEE)
    secretary = make.officer(home)
    _plan(home, home)
    client.force_login(secretary)
    things = {"branch_id": home.pk, "member_id": secretary.pk, "month": f"{clock.today():%Y-%m}"}
    for name, method in TABLE:
        if method != "get" or name in FIXED:
            continue
        try:
            address = reverse(name, kwargs=_arguments(name, things))
        except NoReverseMatch:  # needs other things than these
            continue
        status = client.get(address + query).status_code
        assert status < 500, (name, status)


def test_another_members_quiz_is_not_there(client):
    from quizzes.services.attempts import start_attempt

    home = make.branch()
    mine, other = make.member(home), make.member(home)
    paper = quiz_rows.make_paper()
    attempt = start_attempt(member=mine, paper=paper)
    client.force_login(other)
    option = attempt.questions[0]["options"][0]
    for name, values in (("question", {"position": 1}), ("submit", {})):
        address = reverse(f"quizzes:{name}", kwargs={"attempt_id": attempt.pk} | values)
        assert client.post(address, {"answer": option}).status_code == 404
    attempt.refresh_from_db()
    assert attempt.is_open and not attempt.answers.exists()


@pytest.mark.parametrize("answer", [["nope"], ["1", "2"], ["' OR 1=1"], ["\x00"], ["a" * 9000]])
def test_an_option_that_is_not_on_the_sheet_is_refused(client, answer):
    from quizzes.services.attempts import start_attempt

    member = make.member(make.branch())
    attempt = start_attempt(member=member, paper=quiz_rows.make_paper())
    client.force_login(member)
    address = reverse("quizzes:question", args=[attempt.pk, 1])
    assert client.post(address, {"answer": answer}).status_code == 400
    assert not attempt.answers.exists()


def test_the_key_of_a_question_is_not_on_the_page_before_it_is_handed_in(client):
    from quizzes.models import QuestionVersion
    from quizzes.services.attempts import start_attempt

    member = make.member(make.branch())
    question = quiz_rows.make_question(explanation="这是解析不可提前看到")
    attempt = start_attempt(member=member, paper=quiz_rows.make_paper(question))
    client.force_login(member)
    page = client.get(reverse("quizzes:question", args=[attempt.pk, 1])).content.decode()
    assert QuestionVersion.objects.exists()
    assert "这是解析不可提前看到" not in page and "data-key" not in page


def test_a_quiz_for_others_cannot_be_started(client):
    _, first, second = _two_branches()
    paper = quiz_rows.make_paper(audience=audience_of(second))
    client.force_login(make.member(first))
    address = reverse("quizzes:start", args=[paper.pk])
    assert client.get(address).status_code == client.post(address).status_code == 404


def test_an_item_for_others_cannot_be_studied(client):
    import json

    from tests.factories.study import make_lesson

    _, first, second = _two_branches()
    lesson = make_lesson(audience=audience_of(second))
    client.force_login(make.member(first))
    body = json.dumps({"item": lesson.item_id})
    assert client.post("/study/open/", body, content_type="application/json").status_code == 404
