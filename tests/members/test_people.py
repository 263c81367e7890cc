"""Records, standing, posts and further branches: dated, checked, masked, in the trail."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict
from school.core.models import AuditEntry
from school.members.models import Member, MemberRecord, Post
from school.members.rules.records import RecordFacts, refusals, warnings, years_after
from school.members.selectors.people import standing_history, standing_on
from school.members.services.codes import issue_code
from school.members.services.people import (
    attach_member,
    change_standing,
    end_attachment,
    end_post,
    hold_post,
)
from school.members.services.records import edit_record
from tests.factories import members as make

IDENTITY = "11010519491231002X"  # GB 11643's own example: 1949-12-31, female


# -- pure rules ---------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (RecordFacts(sex="male", identity_sex="female"), "性别"),
        (RecordFacts(born_on=date(1949, 12, 30), identity_born_on=date(1949, 12, 31)), "出生日期"),
        (RecordFacts(born_on=date(2000, 1, 1), joined_on=date(2017, 12, 31)), "18 岁"),
        (RecordFacts(joined_on=date(2020, 7, 1), confirmed_on=date(2021, 6, 30)), "不满 1 年"),
        (RecordFacts(born_on=date(2000, 1, 1), employed_on=date(2010, 1, 1)), "参加工作"),
    ],
)
def test_what_is_unusual_is_pointed_out(facts, word):
    assert [sentence for sentence in warnings(facts) if word in sentence]


@pytest.mark.pure
@pytest.mark.parametrize(
    "facts",
    [
        RecordFacts(),
        RecordFacts(sex="female", identity_sex="female"),
        RecordFacts(born_on=date(2000, 1, 1), joined_on=date(2018, 1, 1)),
        RecordFacts(joined_on=date(2020, 7, 1), confirmed_on=date(2021, 7, 1)),
        RecordFacts(joined_on=date(2020, 2, 29), confirmed_on=date(2021, 3, 1)),
    ],
)
def test_what_is_usual_is_not(facts):
    assert not warnings(facts) and not refusals(facts, date(2026, 1, 1))


@pytest.mark.pure
def test_what_cannot_be_is_refused_by_field():
    today = date(2026, 1, 1)
    assert "born_on" in refusals(RecordFacts(born_on=date(2026, 1, 2)), today)
    wrong = RecordFacts(joined_on=date(2020, 7, 1), confirmed_on=date(2020, 6, 30))
    assert list(refusals(wrong, today)) == ["confirmed_on"]


@pytest.mark.pure
def test_a_leap_day_has_an_anniversary():
    assert years_after(date(2020, 2, 29), 1) == date(2021, 3, 1)


# -- records ------------------------------------------------------------------------------------


@pytest.fixture
def home(db):
    return make.branch(make.branch(kind="committee"))


def test_a_record_is_written_and_unusual_facts_are_told(home):
    who = make.member(home)
    noticed = edit_record(
        member=who, changes={"identity": IDENTITY, "sex": "male", "education": "大专"}, by=None
    )
    assert len(noticed) == 1 and "性别" in noticed[0]
    assert MemberRecord.objects.get(member=who).education == "大专"
    assert Member.objects.get(pk=who.pk).masked_identity == "110***************"


def test_nothing_is_written_where_one_fact_cannot_be(home):
    who = make.member(home, name="旧名")
    with pytest.raises(Conflict) as refusal:
        edit_record(member=who, changes={"name": "新名", "born_on": date(2999, 1, 1)}, by=None)
    assert refusal.value.field == "born_on"
    assert Member.objects.get(pk=who.pk).name == "旧名"


@pytest.mark.parametrize(("field", "value"), [("mobile", "13800138000"), ("identity", IDENTITY)])
def test_a_number_has_one_owner(home, field, value):
    edit_record(member=make.member(home), changes={field: value}, by=None)
    with pytest.raises(Conflict) as refusal:
        edit_record(member=make.member(home), changes={field: value}, by=None)
    assert refusal.value.field == field


def test_the_trail_says_what_changed_but_no_personal_value(home):
    who = make.member(home)
    edit_record(
        member=who,
        changes={"mobile": "13800138000", "address": "英雄中路 18 号", "education": "大专"},
        by=None,
    )
    entry = AuditEntry.objects.get(action="members.record_edited")
    assert set(entry.fields["changed"]) == {"mobile", "address", "education"}
    assert entry.fields["after"] == {"education": "大专"}


def test_what_stays_the_same_leaves_no_trace(home):
    who = make.member(home, name="王小明")
    edit_record(member=who, changes={"name": "王小明"}, by=None)
    assert not AuditEntry.objects.filter(action="members.record_edited").exists()


# -- standing -----------------------------------------------------------------------------------


def test_a_change_of_standing_keeps_what_was_before(home):
    who = make.member(home, since=date(2025, 1, 1), kind="probationary")
    change_standing(member=who, kind="full", state="normal", on=date(2026, 1, 1))
    assert standing_on(who, date(2025, 12, 31)).kind == "probationary"
    assert [row.kind for row in standing_history(who)] == ["full", "probationary"]


def test_an_entry_put_right_on_its_own_day_is_not_history(home):
    who = make.member(home, since=date(2025, 1, 1))
    for state in ("lost", "floating"):
        change_standing(member=who, kind="full", state=state, on=date(2026, 1, 1))
    assert [row.state for row in standing_history(who)] == ["floating", "normal"]


@pytest.mark.parametrize("days", [1, -10_000])
def test_a_standing_begins_neither_tomorrow_nor_before_the_last(home, days):
    who = make.member(home)
    with pytest.raises(Conflict):
        change_standing(
            member=who, kind="full", state="lost", on=clock.today() + timedelta(days=days)
        )


def test_who_leaves_no_longer_signs_in_holds_posts_or_acts(client, home):
    who = make.officer(home)
    post = Post.objects.create(code="organiser", name="组织委员")
    hold_post(member=who, branch=home, post=post, since=make.FOUNDED)
    attach_member(member=who, branch=make.branch(home), since=make.FOUNDED)
    client.force_login(who)
    change_standing(member=who, kind="full", state="left", on=clock.today(), reason="died")
    assert client.get("/me/profile/").status_code == 302  # signed out
    assert not who.posts.filter(until=None).exists()
    assert not who.grants.filter(until=None).exists()
    assert who.memberships.filter(until=None).count() == 1  # still in the branch's list


def test_who_comes_back_signs_in_again(home):
    who = make.member(home)
    change_standing(member=who, kind="full", state="left", on=clock.today(), reason="died")
    change_standing(member=who, kind="full", state="normal", on=clock.today())
    assert Member.objects.get(pk=who.pk).is_active


def test_who_comes_back_comes_in_neither_by_an_old_browser_nor_by_an_old_slip(home):
    who, own = make.member(home), Client()
    own.post("/sign-in/", {"account": who.staff_number, "secret": make.PASSWORD})
    slip = issue_code(member=who, by=make.officer(home), days=7)
    assert own.get("/me/profile/").status_code == 200
    change_standing(member=who, kind="full", state="left", on=clock.today(), reason="moved_away")
    assert who.sessions.get().end == "left"
    change_standing(member=who, kind="full", state="normal", on=clock.today())
    assert own.get("/me/profile/").status_code == 302
    sent = {"account": who.staff_number, "secret": slip}
    assert Client().post("/sign-in/", sent).status_code == 400
    entry = AuditEntry.objects.filter(action="members.standing_changed").earliest("pk")
    assert (entry.fields["reason"], entry.fields["codes"]) == ("moved_away", 1)


def test_nobody_leaves_without_a_reason_and_no_other_state_keeps_one(home):
    who = make.member(home)
    with pytest.raises(Conflict) as refusal:
        change_standing(member=who, kind="full", state="left", on=clock.today())
    assert refusal.value.field == "reason"
    row = change_standing(member=who, kind="full", state="lost", on=date(2026, 1, 1), reason="died")
    assert not row.reason


def test_a_reason_for_leaving_is_put_right_without_leaving_again(home):
    who = make.member(home)
    for reason in ("other", "died", "died"):
        change_standing(member=who, kind="full", state="left", on=clock.today(), reason=reason)
    assert who.standings.get(until=None).reason == "died"
    entries = AuditEntry.objects.filter(action="members.standing_changed")
    assert [entry.fields["reason"] for entry in entries.order_by("pk")] == ["other", "died"]


def test_the_form_asks_who_leaves_why_and_the_history_says_it(client, home):
    who = make.member(home)
    client.force_login(make.officer(home))
    address = reverse("members:person_standing", args=[who.pk])
    form = {"kind": "full", "state": "left", "on": clock.today().isoformat()}
    page = client.post(address, form).content.decode()
    assert "请选择减员原因" in page and standing_on(who).state == "normal"
    client.post(address, form | {"reason": "employment_ended"})
    page = client.get(reverse("members:person", args=[who.pk])).content.decode()
    assert "已减员（离职）" in page


def test_several_leave_at_once_for_a_reason(client, home):
    people = [make.member(home) for _ in range(2)]
    client.force_login(make.officer(home))
    address = reverse("members:people_act", args=[home.pk])
    form = {"act": "standing", "member": [who.pk for who in people], "confirmed": "1"}
    form |= {"kind": "full", "state": "left", "on": clock.today().isoformat()}
    assert "请选择减员原因" in client.post(address, form).content.decode()
    client.post(address, form | {"reason": "expelled"})
    assert [standing_on(who).reason for who in people] == ["expelled"] * 2


def test_what_has_ended_does_not_end_twice(home):
    who = make.member(home)
    post = Post.objects.create(code="organiser", name="组织委员")
    holding = hold_post(member=who, branch=home, post=post, since=make.FOUNDED)
    part = attach_member(member=who, branch=make.branch(home), since=make.FOUNDED)
    for end in (
        lambda: end_post(holding=holding, on=clock.today()),
        lambda: end_attachment(membership=part, on=clock.today()),
    ):
        end()
        with pytest.raises(Conflict, match="已经结束"):
            end()


def test_nobody_takes_part_a_second_time_at_home(home):
    with pytest.raises(Conflict):
        attach_member(member=make.member(home), branch=home, since=make.FOUNDED)


# -- pages --------------------------------------------------------------------------------------


def test_the_page_of_a_member_masks_personal_numbers(client, home):
    who = make.member(home)
    edit_record(member=who, changes={"identity": IDENTITY, "mobile": "13800138000"}, by=None)
    client.force_login(make.officer(home))
    for name in ("person", "person_edit"):
        page = client.get(reverse(f"members:{name}", args=[who.pk])).content.decode()
        assert IDENTITY not in page and "13800138000" not in page
        assert "110***************" in page and "138****8000" in page


def test_who_only_looks_on_does_not_read_the_record(client, home):
    who = make.member(home)
    edit_record(member=who, changes={"education": "大学本科"}, by=None)
    client.force_login(make.officer(home, role="auditor"))
    page = client.get(reverse("members:person", args=[who.pk])).content.decode()
    assert who.name in page and "大学本科" not in page


def test_an_empty_box_keeps_the_number_and_a_new_one_replaces_it(client, home):
    who = make.member(home, mobile="13800138000")
    client.force_login(make.officer(home))
    address = reverse("members:person_edit", args=[who.pk])
    form = {"name": who.name, "staff_number": who.staff_number, "veteran": "unknown"}
    client.post(address, form | {"education": "大专", "joined_on": "2019.7.1"})
    who.refresh_from_db()
    assert who.mobile == "13800138000"
    assert who.record.joined_on == date(2019, 7, 1)
    client.post(address, form | {"mobile": "139 0013 9000", "education": "大专"})
    who.refresh_from_db()
    assert who.mobile == "13900139000"


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("identity", "110105194912310021", "第 18 位应为 X"),
        ("mobile", "12345", "11 位"),
        ("joined_on", "去年", "看不出"),
        ("born_on", "2099-01-01", "不能晚于今天"),
        ("name", "", "必填"),
    ],
)
def test_wrong_values_are_said_at_their_field(client, home, field, value, word):
    who = make.member(home)
    client.force_login(make.officer(home))
    form = {"name": who.name, "staff_number": who.staff_number, "veteran": "unknown"}
    address = reverse("members:person_edit", args=[who.pk])
    page = client.post(address, form | {field: value}).content.decode()
    assert word in page
    assert not AuditEntry.objects.filter(action="members.record_edited").exists()


def test_nobody_edits_his_own_record(client, home):
    secretary = make.officer(home)
    client.force_login(secretary)
    assert client.get(reverse("members:person_edit", args=[secretary.pk])).status_code == 403


def test_a_secretary_cannot_let_go_whom_he_does_not_outrank(client, home):
    above = make.member(home)
    from school.members.services.grants import grant_role

    grant_role(member=above, role="committee_admin", branch=home.get_parent())
    client.force_login(make.officer(home))
    form = {"kind": "full", "state": "left", "reason": "died", "on": clock.today().isoformat()}
    client.post(reverse("members:person_standing", args=[above.pk]), form)
    above.refresh_from_db()
    assert above.is_active and standing_on(above).state == "normal"


def test_one_member_is_added_with_what_little_is_needed(client, home):
    client.force_login(make.officer(home))
    form = {"name": "新来的", "staff_number": "n-01", "kind": "full", "since": "2026-01-01"}
    client.post(reverse("members:enrol", args=[home.pk]), form)
    who = Member.objects.get(staff_number="N-01")
    assert not who.has_usable_password() and standing_on(who).kind == "full"
    page = client.post(reverse("members:enrol", args=[home.pk]), form).content.decode()
    assert "已有档案" in page


def test_the_home_of_a_branch_says_what_waits(client, home):
    from school.members.services.corrections import ask_correction

    secretary = make.officer(home)
    ask_correction(member=make.member(home), text="照片不对")
    client.force_login(secretary)
    page = client.get(reverse("reports:home")).content.decode()
    assert reverse("members:people", args=[home.pk]) in page
    assert '<span class="count count--red">1</span>' in page


# -- a mobile number that is no longer one -------------------------------------------------------


@pytest.mark.django_db
def test_a_branch_clears_a_mobile_number_and_the_trail_says_so_without_it(client):
    home = make.branch()
    who = make.member(home, mobile="13912345678")
    client.force_login(make.officer(home))
    address = reverse("members:person_edit", args=[who.pk])
    body = {"name": who.name, "staff_number": who.staff_number, "veteran": "unknown"}
    client.post(address, body)
    who.refresh_from_db()
    assert who.mobile == "13912345678"  # an empty box keeps it
    both = client.post(address, body | {"clear_mobile": "on", "mobile": "13812345678"})
    assert "请留一项" in both.content.decode()
    assert client.post(address, body | {"clear_mobile": "on"}).status_code == 302
    who.refresh_from_db()
    assert who.mobile == ""
    entry = AuditEntry.objects.filter(action="members.record_edited").latest("pk")
    assert entry.fields["changed"] == entry.fields["cleared"] == ["mobile"]
    assert "13912345678" not in str(entry.fields)
    assert "clear_mobile" not in client.get(address).content.decode()  # nothing left to clear


# -- the way to the roles ------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_pages_lead_to_the_roles(client):
    home = make.branch()
    secretary, plain = make.officer(home), make.member(home)
    client.force_login(secretary)
    who = reverse("members:branch_roles", args=[home.pk])
    assert who in client.get("/branch/").content.decode()
    assert who in client.get(reverse("members:people", args=[home.pk])).content.decode()
    own = reverse("members:own_roles")
    link = f'<a href="{own}">我的角色</a>'
    assert link in client.get(reverse("members:profile")).content.decode()
    client.force_login(plain)
    assert own not in client.get(reverse("members:profile")).content.decode()
