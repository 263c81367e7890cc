"""The addresses a studying page talks to, the member's pages, the admin."""

import json

import pytest
from django.urls import reverse

from school.core import clock
from school.members.models import Branch, RoleGrant
from school.study.models import Coverage, HourRule, Report
from school.study.selectors import study_config
from school.study.services.ledger import post_offline
from tests.factories.study import (
    Page,
    make_article,
    make_course,
    make_lesson,
    make_member,
    make_rule,
    moment,
)

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")


def post(client, name, body, **extra):
    content = body if isinstance(body, str) else json.dumps(body)
    return client.post(
        reverse(name),
        content,
        content_type="application/json",
        HTTP_ACCEPT="application/json",
        **extra,
    )


@pytest.fixture
def member(client):
    member = make_member()
    client.force_login(member)
    return member


def test_a_page_left_open_by_another_member_starts_no_visit(client, member):
    lesson = make_lesson(1)
    other = make_member()
    mine, theirs = (study_config(each, lesson.item)["member"] for each in (member, other))
    asked = {"item": lesson.item_id}
    with clock.at(EVENING):
        assert post(client, "study:open", asked | {"member": mine}).status_code == 200
        refused = post(client, "study:open", asked | {"member": theirs})
    assert refused.status_code == 409
    assert "另一名党员" in refused.json()["error"]


def test_a_page_opens_a_session_and_reports(client, member):
    lesson = make_lesson(1)
    with clock.at(EVENING):
        opened = post(client, "study:open", {"item": lesson.item_id})
    assert opened.status_code == 200
    with clock.at(moment("2026-03-02 20:00:30")):
        answer = post(
            client,
            "study:report",
            {
                "token": opened.json()["token"],
                "seq": 1,
                "segments": [[0, 30_000, 0, 30_000, 100, 1]],
            },
        )
    assert answer.status_code == 200
    told = answer.json()
    assert (told["durable_seq"], told["covered"], told["studied_ms"]) == (1, 30_000, 30_000)
    assert told["required_ms"] == 60_000 and told["completed"] is False
    assert told["credit"] is None and told["cadence"] == 30


def test_a_report_needs_no_csrf_token_and_opening_does(member):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    assert post(strict, "study:open", {"item": make_lesson(1).item_id}).status_code == 403
    page = Page(member, make_lesson(1), EVENING)
    with clock.at(EVENING):
        answer = post(
            strict, "study:report", {"token": page.opened.token, "seq": 1, "segments": []}
        )
    assert answer.status_code == 200


def test_guests_are_told_to_sign_in_before_they_open(client):
    assert post(client, "study:open", {"item": make_lesson(1).item_id}).status_code == 401


def test_what_is_withdrawn_or_has_no_axis_cannot_be_opened(client, member):
    course = make_course()
    assert post(client, "study:open", {"item": course.item_id}).status_code == 404
    assert post(client, "study:open", {"item": 999_999}).status_code == 404


@pytest.mark.parametrize(
    "body",
    ["", "[", "[]", "{}", '{"item": "1"}', '{"item": true}', '{"item": 1e99}', '{"item": -1}'],
)
def test_a_broken_opening_is_refused(client, member, body):
    assert post(client, "study:open", body).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("nonsense", 400),
        ("[]", 400),
        ("{}", 403),
        ('{"token": "x~y", "seq": 1, "segments": []}', 403),
        ('{"token": "' + "x" * 70_000 + '"}', 413),
    ],
)
def test_a_broken_or_forged_report_is_refused(client, member, body, status):
    assert post(client, "study:report", body).status_code == status
    assert not Report.objects.exists()


def test_absurd_segments_are_refused_and_leave_nothing(client, member):
    page = Page(member, make_lesson(1), EVENING)
    for segments in ([[0, 1, 0, 1, 100, 1]] * 201, [[0, 2**40, 0, 1, 100, 1]], "x", None):
        with clock.at(EVENING):
            answer = post(
                client, "study:report", {"token": page.opened.token, "seq": 1, "segments": segments}
            )
        assert answer.status_code == 400
    assert not Report.objects.exists() and not Coverage.objects.exists()


def test_the_browser_of_another_member_is_refused(client, member):
    other = Page(make_member("李小红"), make_lesson(1), EVENING)
    with clock.at(EVENING):
        answer = post(
            client, "study:report", {"token": other.opened.token, "seq": 1, "segments": []}
        )
    assert answer.status_code == 403
    assert "另一名党员" in answer.json()["error"]


def test_so_late_that_nothing_is_kept_any_more_is_gone(client, member):
    page = Page(member, make_lesson(1), EVENING)
    with clock.at(moment("2026-10-20 20:00")):
        seen = [[0, 60_000, 0, 60_000, 100, 1]]
        answer = post(
            client, "study:report", {"token": page.opened.token, "seq": 1, "segments": seen}
        )
    assert answer.status_code == 410


def test_opening_again_and_again_is_slowed_down(client, member):
    lesson = make_lesson(1)
    with clock.at(EVENING):
        answers = [post(client, "study:open", {"item": lesson.item_id}) for _ in range(31)]
    assert [a.status_code for a in answers[:30]] == [200] * 30
    assert answers[30].status_code == 429


def test_the_trackers_settings_name_no_person_and_only_what_can_be_tracked(member):
    config = study_config(member, make_article(500).item)
    assert config["axis"] == "text" and config["length"] == 500
    assert member.staff_number not in json.dumps(config)
    assert config["member"] != study_config(make_member(), make_article(500).item)["member"]
    assert study_config(member, make_course().item) is None


# Pages


def test_my_hours_list_what_was_credited_and_why_not(client, member, django_assert_max_num_queries):
    lesson = make_lesson(5)
    for start in ("2026-03-02 20:00",):
        Page(member, lesson, moment(start)).watch(0, 300)
    make_rule(daily_cap=25)
    Page(member, make_lesson(5), moment("2026-03-02 21:00")).watch(0, 300)
    for number in range(12):
        post_offline(
            member_id=member.pk,
            title=f"集体学习 {number}",
            seconds=3600,
            source="group",
            studied_on=EVENING.date(),
            origin=f"attendance:{number}",
        )
    client.get("/me/hours/")  # the first request makes the settings row and the session's mark
    with clock.at(moment("2026-03-03 08:00")), django_assert_max_num_queries(20):
        page = client.get(reverse("study:hours"))
    text = page.content.decode()
    assert "当日网上学时已满" in text and lesson.item.title in text
    assert "12.25" in text
    with clock.at(moment("2027-03-03 08:00")):
        client.logout()  # a session does not last a year
        client.force_login(member)
        assert "2026 年" in client.get(reverse("study:hours")).content.decode()
        assert client.get(reverse("study:hours") + "?year=2026").status_code == 200
        assert client.get(reverse("study:hours") + "?year=1999").status_code == 404


def test_my_page_names_me_and_leads_to_what_is_mine(client, member, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        page = client.get(reverse("study:me"))
    text = page.content.decode()
    assert member.name in text and reverse("study:hours") in text
    assert reverse("members:sign_out") in text


@pytest.mark.parametrize("name", ["study:me", "study:hours"])
def test_own_pages_ask_guests_to_sign_in(client, name):
    assert client.get(reverse(name)).status_code == 302


# Admin


def runs_the_school(member):
    from django.contrib.auth.models import Permission

    branch = Branch.add_root(
        code="C", name="党委", short_name="党委", kind="committee", founded_on=EVENING.date()
    )
    RoleGrant.objects.create(
        member=member, role="school_admin", branch=branch, since=EVENING.date()
    )
    member.user_permissions.add(Permission.objects.get(codename="access_admin"))
    return member


def test_school_admins_read_the_ledger_and_add_rule_versions(client, member):
    runs_the_school(member)
    Page(member, make_lesson(5), EVENING).watch(0, 300)
    ledger = client.get(reverse("hour_entries:index"))
    assert ledger.status_code == 200 and "0.25" in ledger.content.decode()
    assert client.get(reverse("hour_rules:add")).status_code == 200
    day = clock.today().isoformat()
    values = {
        "effective_from": day,
        "mode": "on_completion",
        "minutes_per_hour": 50,
        "step": "0.5",
        "quiz_bonus": 0,
        "offline_minutes_per_hour": 60,
        "tier_lines": "20 0.5\n以上 1",
    }
    effect = client.post(reverse("hour_rules:add"), values)
    assert effect.status_code == 302, effect.content.decode()
    client.post(effect.url)
    rule = HourRule.objects.get(version=2)
    assert rule.tiers == [[20, 50], [None, 100]] and rule.step == 50
    refused = client.post(reverse("hour_rules:add"), {**values, "effective_from": "2020-01-02"})
    assert refused.status_code == 200 and HourRule.objects.count() == 2


@pytest.mark.parametrize("name", ["hour_entries", "hour_rules"])
def test_nobody_edits_or_deletes_in_the_admin(client, member, name):
    runs_the_school(member)
    Page(member, make_lesson(5), EVENING).watch(0, 300)
    for action in ("edit", "delete"):
        assert client.get(reverse(f"{name}:{action}", args=[1])).status_code in (302, 403, 404)


def test_others_see_no_ledger(client, member):
    from django.contrib.auth.models import Permission

    member.user_permissions.add(Permission.objects.get(codename="access_admin"))
    assert client.get(reverse("hour_entries:index")).status_code in (302, 403)
