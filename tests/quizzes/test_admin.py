"""Who writes questions and papers: own branch and below, nobody else."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from quizzes.models import Paper, Question, QuestionBank
from quizzes.permissions import Authoring
from quizzes.services.exchange import template
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from tests.factories.quizzes import make_bank, make_branch, make_member, make_paper, make_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree():
    root = make_branch()
    return root, make_branch(root), make_branch(root)


def instructor_of(branch):
    member = make_member(branch)
    grant_role(member=member, role=RoleGrant.Role.INSTRUCTOR, branch=branch)
    return type(member).objects.get(pk=member.pk)


def client_of(member) -> Client:
    client = Client()
    client.force_login(member)
    return client


def question_data(bank, **changes) -> dict:
    return {
        "bank": bank.pk,
        "kind": "single",
        "stem": "先做什么？",
        "options_text": "A. 报告\nB. 继续",
        "answer": "A",
        "difficulty": "medium",
        "marks_text": "2.5",
        **changes,
    }


def test_an_author_writes_for_own_branch_and_below_and_uses_what_is_shared(tree):
    root, mine, foreign = tree
    own, theirs, shared = make_bank(mine), make_bank(foreign), make_bank()
    rights = Authoring(instructor_of(mine))
    assert set(rights.banks) == {own}
    assert set(rights.usable_banks) == {own, shared}
    assert not rights.may_write(shared)
    assert set(Authoring(instructor_of(root)).banks) == {own, theirs}
    assert not Authoring(make_member(mine)).is_author


@pytest.mark.parametrize("name", ["question_banks", "questions", "papers", "sittings"])
def test_lists_open_for_authors_and_not_for_others(tree, name):
    _, mine, _ = tree
    url = reverse(f"{name}:index")
    assert client_of(instructor_of(mine)).get(url).status_code == 200
    assert client_of(make_member(mine)).get(url).status_code in (302, 403)


def test_a_foreign_branchs_things_do_not_exist(tree):
    _, mine, foreign = tree
    bank = make_bank(foreign)
    question, paper = make_question(bank), make_paper(branch=foreign)
    client = client_of(instructor_of(mine))
    for name, thing in (("question_banks", bank), ("questions", question), ("papers", paper)):
        for view in ("edit", "history", "usage"):
            assert client.get(reverse(f"{name}:{view}", args=[thing.pk])).status_code == 404
        assert str(thing) not in client.get(reverse(f"{name}:index")).content.decode()
    for view in ("import", "export"):
        assert client.get(reverse(f"question_banks:{view}", args=[bank.pk])).status_code == 404


def test_a_question_is_written_in_a_form_and_each_edit_is_a_version(tree):
    _, mine, _ = tree
    bank, client = make_bank(mine), client_of(instructor_of(mine))
    reply = client.post(reverse("questions:add"), question_data(bank))
    assert reply.status_code == 302, reply.context["form"].errors
    question = Question.objects.get()
    assert (question.current.marks, question.current.options[0]["text"]) == (250, "报告")
    edit = reverse("questions:edit", args=[question.pk])
    assert "先做什么" in client.get(edit).content.decode()
    client.post(edit, question_data(bank, answer="B", retired="on"))
    question.refresh_from_db()
    assert (question.versions.count(), question.current.key) == (2, {"options": ["b"]})
    assert question.retired_at is not None


def test_a_wrong_answer_key_is_named_in_the_form(tree):
    _, mine, _ = tree
    client = client_of(instructor_of(mine))
    reply = client.post(reverse("questions:add"), question_data(make_bank(mine), answer="D"))
    assert "A 至 B" in reply.content.decode()
    assert not Question.objects.exists()


def test_a_question_cannot_be_put_into_a_foreign_bank(tree):
    _, mine, foreign = tree
    client = client_of(instructor_of(mine))
    reply = client.post(reverse("questions:add"), question_data(make_bank(foreign)))
    assert (reply.status_code, Question.objects.count()) == (200, 0)


def test_a_bank_is_made_for_an_own_branch_only(tree):
    _, mine, foreign = tree
    client = client_of(instructor_of(mine))
    for branch in (foreign.pk, ""):
        client.post(reverse("question_banks:add"), {"title": "题库", "branch": branch})
        assert not QuestionBank.objects.exists()
    client.post(reverse("question_banks:add"), {"title": "题库", "branch": mine.pk})
    assert QuestionBank.objects.get().branch == mine


def paper_data(branch, questions=(), **changes) -> dict:
    data = {
        "title": "季度测验",
        "branch": branch.pk,
        "mode": "fixed",
        "pass_mark": "60",
        "multiple_rule": "exact",
        "questions-TOTAL_FORMS": len(questions),
        "questions-INITIAL_FORMS": 0,
        "questions-MIN_NUM_FORMS": 0,
        "questions-MAX_NUM_FORMS": 1000,
        "draws-TOTAL_FORMS": 0,
        "draws-INITIAL_FORMS": 0,
        "draws-MIN_NUM_FORMS": 0,
        "draws-MAX_NUM_FORMS": 1000,
        **changes,
    }
    for index, question in enumerate(questions):
        data |= {
            f"questions-{index}-question": question.pk,
            f"questions-{index}-id": "",
            f"questions-{index}-ORDER": index + 1,
            f"questions-{index}-DELETE": "",
        }
    return data


def test_a_paper_is_made_and_published_and_not_without_questions(tree):
    _, mine, _ = tree
    client, question = client_of(instructor_of(mine)), make_question(make_bank(mine))
    page = client.get(reverse("papers:add"))
    assert page.status_code == 200
    reply = client.post(reverse("papers:add"), paper_data(mine, published="on"), follow=True)
    assert "没有发布" in reply.content.decode()
    assert Paper.objects.get().published_at is None
    Paper.objects.all().delete()
    client.post(reverse("papers:add"), paper_data(mine, [question], published="on"))
    paper = Paper.objects.get()
    assert paper.published_at is not None
    assert [row.question for row in paper.questions.all()] == [question]


def test_a_paper_takes_no_question_of_a_foreign_bank_and_none_twice(tree):
    _, mine, foreign = tree
    client, own = client_of(instructor_of(mine)), make_question(make_bank(mine))
    theirs = make_question(make_bank(foreign))
    for questions in ([theirs], [own, own]):
        reply = client.post(reverse("papers:add"), paper_data(mine, questions))
        assert (reply.status_code, Paper.objects.count()) == (200, 0)


def test_choosers_offer_only_what_may_be_used(tree):
    _, mine, foreign = tree
    own, theirs = make_question(make_bank(mine)), make_question(make_bank(foreign))
    client = client_of(instructor_of(mine))
    text = client.get(reverse("question_chooser:choose")).json()["html"]
    assert own.current.stem[:20] in text
    assert theirs.current.stem[:20] not in text


def test_a_sheet_is_uploaded_checked_and_imported(tree):
    _, mine, _ = tree
    bank, client = make_bank(mine), client_of(instructor_of(mine))
    url = reverse("question_banks:import", args=[bank.pk])

    def upload(data: bytes, **more):
        file = SimpleUploadedFile("q.xlsx", data)
        return client.post(url, {"file": file, **more}, follow=True)

    assert "将新增 4 题" in upload(template(), dry_run="on").content.decode()
    assert bank.questions.count() == 0
    assert upload(b"rubbish").status_code == 400
    assert "已新增 4 题" in upload(template()).content.decode()
    reply = client.get(reverse("question_banks:export", args=[bank.pk]))
    assert io.BytesIO(reply.content).read(2) == b"PK"


def test_what_has_been_used_cannot_be_deleted(tree):
    _, mine, _ = tree
    client = client_of(instructor_of(mine))
    empty, full = make_bank(mine), make_bank(mine)
    question = make_question(full)
    paper = make_paper(question, branch=mine)
    for name, thing in (("question_banks", full), ("papers", paper)):
        url = reverse(f"{name}:delete", args=[thing.pk])
        assert client.post(url).status_code == 409
    assert client.post(reverse("question_banks:delete", args=[empty.pk])).status_code == 302
    assert set(QuestionBank.objects.all()) == {full}
    assert Paper.objects.exists()


def test_a_superuser_writes_and_uses_everything(tree):
    _, mine, foreign = tree
    banks = {make_bank(mine), make_bank(foreign), make_bank()}
    papers = {make_paper(branch=mine), make_paper()}
    rights = Authoring(make_member(is_superuser=True))
    assert banks <= set(rights.banks)
    assert banks <= set(rights.usable_banks)
    assert set(rights.papers) == set(rights.usable_papers) == papers
    client = client_of(make_member(is_superuser=True, is_staff=True))
    for bank in banks:
        url = reverse("question_banks:import", args=[bank.pk])
        assert client.get(url).status_code == 200
