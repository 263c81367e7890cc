"""A correction is asked for by the member and written by the branch, never by the member."""

from datetime import date

import pytest
from django.urls import reverse

from school.core.errors import Conflict, DomainError, NotAllowed
from school.core.models import AuditEntry
from school.members.models import CorrectionRequest, MemberRecord
from school.members.services.corrections import answer_correction, ask_correction
from school.members.services.first_run import confirm_profile
from school.notices.models import Delivery
from tests.factories import members as make

pytestmark = pytest.mark.django_db
State = CorrectionRequest.State


@pytest.fixture
def home():
    return make.branch(make.branch(kind="committee"))


def test_asking_changes_nothing_but_waits(home):
    who = make.member(home, name="王小明")
    asked = ask_correction(member=who, field="name", value="王晓明")
    who.refresh_from_db()
    assert who.name == "王小明" and asked.state == State.OPEN


def test_confirming_writes_the_field_and_tells_the_member(home):
    who, secretary = make.member(home, name="王小明"), make.officer(home)
    asked = ask_correction(member=who, field="name", value="王晓明")
    answer_correction(correction=asked, confirm=True, by=secretary)
    who.refresh_from_db()
    asked.refresh_from_db()
    assert who.name == "王晓明" and asked.state == State.DONE
    assert Delivery.objects.filter(member=who).count() == 1


def test_a_date_is_written_as_a_date(home):
    who, secretary = make.member(home), make.officer(home)
    asked = ask_correction(member=who, field="joined_on", value="2001年7月1日")
    answer_correction(correction=asked, confirm=True, by=secretary)
    assert MemberRecord.objects.get(member=who).joined_on == date(2001, 7, 1)


def test_declining_needs_a_reason_and_writes_nothing(home):
    who, secretary = make.member(home, name="王小明"), make.officer(home)
    asked = ask_correction(member=who, field="name", value="王晓明")
    with pytest.raises(Conflict, match="不予更正的原因"):
        answer_correction(correction=asked, confirm=False, by=secretary)
    answer_correction(correction=asked, confirm=False, by=secretary, answer="与身份证不符")
    who.refresh_from_db()
    assert who.name == "王小明"


def test_the_branch_is_never_written_by_a_correction(home):
    other = make.branch(home)
    who, secretary = make.member(home), make.officer(home)
    asked = ask_correction(member=who, field="branch", value=other.name)
    with pytest.raises(Conflict, match="已怎样处理"):
        answer_correction(correction=asked, confirm=True, by=secretary)
    answer_correction(correction=asked, confirm=True, by=secretary, answer="已转出")
    assert who.memberships.get(until=None).branch == home


def test_nobody_answers_his_own_request(home):
    secretary = make.officer(home)
    asked = ask_correction(member=secretary, field="name", value="新名")
    with pytest.raises(NotAllowed):
        answer_correction(correction=asked, confirm=True, by=secretary)


def test_an_answer_is_given_once(home):
    who, secretary = make.member(home), make.officer(home)
    asked = ask_correction(member=who, text="照片不对")
    answer_correction(correction=asked, confirm=True, by=secretary, answer="已换")
    with pytest.raises(Conflict, match="已处理"):
        answer_correction(correction=asked, confirm=False, by=secretary, answer="不换")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mobile", "12345"),
        ("identity", "110105194912310021"),
        ("joined_on", "2001年"),
        ("born_on", "2999-01-01"),
        ("sex", "不明"),
        ("name", "长" * 41),
        ("is_superuser", "1"),
        ("name", "  "),
    ],
)
def test_a_value_the_field_cannot_take_is_not_asked_for(home, field, value):
    who = make.member(home)
    with pytest.raises(DomainError):
        ask_correction(member=who, field=field, value=value)
    assert not CorrectionRequest.objects.exists()


NUMBER = "11010519491231002X"


def test_numbers_in_words_are_masked_and_the_words_kept_encrypted(home, client):
    who, secretary = make.member(home), make.officer(home)
    words = f"手机应为 13800138000，身份证号应为 {NUMBER}"
    asked = ask_correction(member=who, text=words)
    asked.refresh_from_db()
    assert asked.text == "手机应为 138****8000，身份证号应为 110***************"
    assert asked.value == words and NUMBER not in asked.value_cipher
    client.force_login(secretary)
    page = client.get(reverse("members:corrections", args=[home.pk])).content.decode()
    assert asked.text in page and NUMBER not in page and "13800138000" not in page
    with pytest.raises(Conflict, match="已怎样处理"):
        answer_correction(correction=asked, confirm=True, by=secretary)
    answer_correction(correction=asked, confirm=True, by=secretary, answer=f"已改为 {NUMBER}")
    asked.refresh_from_db()
    assert asked.answer == "已改为 110***************"
    named = ask_correction(member=who, field="identity", value=NUMBER, text=f"是 {NUMBER}")
    assert named.value == NUMBER and NUMBER not in named.text


def test_words_of_earlier_requests_are_masked_where_they_are_shown(home, client):
    who = make.member(home)
    asked = ask_correction(member=who, text="照片不对")
    CorrectionRequest.objects.filter(pk=asked.pk).update(text=f"号码 {NUMBER}")
    for person, page in (
        (make.officer(home), reverse("members:corrections", args=[home.pk])),
        (who, reverse("members:profile")),
    ):
        client.force_login(person)
        shown = client.get(page).content.decode()
        assert NUMBER not in shown and "110***************" in shown


def test_the_page_sends_numbers_to_their_own_field(home, client):
    who = make.member(home)
    client.force_login(who)
    asked = {"field": "other", "value": "", "text": f"号码是 {NUMBER}"}
    page = client.post(reverse("members:profile"), asked).content.decode()
    assert "更正号码请在上面选" in page
    assert not CorrectionRequest.objects.exists()


def test_the_same_request_is_asked_once_and_ten_at_most_wait(home):
    who = make.member(home)
    for number in range(10):
        ask_correction(member=who, text=f"第 {number} 处不对")
    with pytest.raises(Conflict):
        ask_correction(member=who, text="又一处")
    other = make.member(home)
    ask_correction(member=other, text="照片不对")
    with pytest.raises(Conflict, match="已提交"):
        ask_correction(member=other, text="照片不对")


def test_a_number_of_somebody_else_is_not_written(home):
    make.member(home, mobile="13800138000")
    who, secretary = make.member(home), make.officer(home)
    asked = ask_correction(member=who, field="mobile", value="138 0013 8000")
    with pytest.raises(Conflict, match="另一名党员"):
        answer_correction(correction=asked, confirm=True, by=secretary)
    asked.refresh_from_db()
    assert asked.state == State.OPEN


def test_the_wanted_number_stands_nowhere_in_the_open(home):
    who, secretary = make.member(home), make.officer(home)
    asked = ask_correction(member=who, field="mobile", value="13900139000")
    answer_correction(correction=asked, confirm=True, by=secretary)
    row = CorrectionRequest.objects.filter(pk=asked.pk).values().get()
    assert "13900139000" not in str(row)
    assert "13900139000" not in str(list(AuditEntry.objects.values()))


def test_the_first_run_asks_through_the_same_door(home):
    who = make.member(home, ready=False)
    confirm_profile(member=who, correction="所在支部应为机电队党支部")
    assert who.corrections.get().text == "所在支部应为机电队党支部"


# -- pages --------------------------------------------------------------------------------------


def test_a_member_asks_on_the_profile_and_the_branch_answers(client, home):
    who, secretary = make.member(home, name="王小明"), make.officer(home)
    client.force_login(who)
    client.post(reverse("members:profile"), {"field": "name", "value": "王晓明", "text": ""})
    client.force_login(secretary)
    page = client.get(reverse("members:corrections", args=[home.pk])).content.decode()
    assert "王晓明" in page
    asked = who.corrections.get()
    client.post(
        reverse("members:correction_answer", args=[asked.pk]),
        {"decision": "confirm", "node": home.pk},
    )
    who.refresh_from_db()
    assert who.name == "王晓明"


def test_numbers_are_masked_where_requests_are_listed(client, home):
    who, secretary = make.member(home), make.officer(home)
    ask_correction(member=who, field="mobile", value="13900139000")
    client.force_login(secretary)
    page = client.get(reverse("members:corrections", args=[home.pk])).content.decode()
    assert "13900139000" not in page and "139****9000" in page


def test_a_foreign_branch_finds_no_request(client, home):
    who = make.member(home)
    asked = ask_correction(member=who, text="照片不对")
    client.force_login(make.officer(make.branch(make.branch(kind="committee"))))
    address = reverse("members:correction_answer", args=[asked.pk])
    assert client.post(address, {"decision": "confirm", "answer": "好"}).status_code == 404
    assert who.corrections.get().state == State.OPEN
