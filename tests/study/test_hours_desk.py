"""The hours in the admin: rules with their effect, crediting anew, corrections, years."""

from datetime import date

import pytest
from django.urls import reverse

from school.core import clock, jobs
from school.core.models import Job
from school.study.models import HourEntry, HourRule, LateArrival, Recredit, YearClose
from school.study.rules.presets import PRESETS
from school.study.selectors import hours_of_year
from school.study.services.ledger import post_offline
from tests.factories.study import Page, make_lesson, make_member, make_rule, moment
from tests.study.test_views import runs_the_school
from tests.study.test_year_close import close, open_dispute_of

pytestmark = pytest.mark.django_db

APRIL = moment("2026-04-02 09:00")


@pytest.fixture
def keeper(client):
    """Who runs the hours of the school, signed in."""
    member = make_member("教务")
    client.force_login(member)
    runs_the_school(member)
    return member


def studied(name="张建国"):
    make_rule()
    member = make_member(name)
    Page(member, make_lesson(5), moment("2026-03-02 20:00")).watch(0, 300)
    return member


TERMS = {
    "effective_from": "2026-04-02",
    "basis": "公司党委〔2026〕3 号",
    "mode": "on_completion",
    "minutes_per_hour": 45,
    "tier_lines": "以上 1",
    "step": "0.25",
    "quiz_bonus": "0.5",
    "offline_minutes_per_hour": 60,
    "kind_training": 45,
    "daily_cap": "8",
    "cap_self_paced": "50",
    "preset": "tiers",
}


def test_a_version_is_confirmed_after_its_effect_on_last_month_was_seen(client, keeper):
    studied()
    with clock.at(APRIL):
        seen = client.post(reverse("hour_rules:add"), TERMS, follow=True)
        assert HourRule.objects.count() == 1
        said = seen.content.decode()
        assert "2026-03-01 至 2026-03-31" in said and "+0.75" in said and "云南" in said
        job = Job.objects.get(kind="study.rule_effect")
        client.post(reverse("hour_rules:effect", args=[job.pk]))
    rule = HourRule.objects.get(version=2)
    assert (rule.tiers, rule.step, rule.quiz_bonus) == ([[None, 100]], 25, 50)
    assert rule.offline_kinds == {"training": 45} and rule.yearly_caps == {"self_paced": 5000}
    assert (rule.daily_cap, rule.preset, rule.basis) == (800, "tiers", TERMS["basis"])
    assert hours_of_year(HourEntry.objects.get().member_id, 2026).online == 25


def test_a_large_effect_is_worked_out_by_a_job(client, keeper, settings):
    settings.STUDY_EFFECT_MEMBERS = 0
    studied()
    with clock.at(APRIL):
        waiting = client.post(reverse("hour_rules:add"), TERMS, follow=True)
        assert "正在排队" in waiting.content.decode()
        job = Job.objects.get(kind="study.rule_effect")
        client.post(reverse("hour_rules:effect", args=[job.pk]))
        assert HourRule.objects.count() == 1
        jobs.run(job.pk)
        shown = client.get(reverse("hour_rules:effect", args=[job.pk])).content.decode()
    assert "确认新增" in shown and "+0.75" in shown


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_each_preset_names_its_source_and_can_be_confirmed(client, keeper, preset):
    make_rule()
    with clock.at(APRIL):
        page = client.get(reverse("hour_rules:add"), {"preset": preset.key})
        assert str(preset.source) in page.content.decode()
        start = {k: v for k, v in page.context["form"].initial.items() if v not in (None, "")}
        form = page.context["form"]
        written = {name: form[name].value() for name in form.fields}
        values = {name: value for name, value in written.items() if value not in (None, False)}
        values["effective_from"] = "2026-04-02"
        assert start["mode"] == preset.terms["mode"]
        client.post(reverse("hour_rules:add"), values, follow=True)
        job = Job.objects.get(kind="study.rule_effect")
        client.post(reverse("hour_rules:effect", args=[job.pk]))
    rule = HourRule.objects.get(version=2)
    for name, value in preset.terms.items():
        assert getattr(rule, name) == value, name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("effective_from", "2026-04-01"),
        ("effective_from", "2020-01-01"),
        ("tier_lines", "十五 1"),
        ("step", "0"),
        ("minutes_per_hour", "0"),
        ("quiz_bonus", "0.255"),
        ("daily_cap", "-1"),
    ],
)
def test_wrong_terms_are_refused_beside_the_field(client, keeper, field, value):
    make_rule()
    with clock.at(APRIL):
        answer = client.post(reverse("hour_rules:add"), TERMS | {field: value})
    assert answer.status_code == 200 and answer.context["form"].errors[field]
    assert not Job.objects.exists()


def test_crediting_anew_goes_from_trial_to_run(client, keeper):
    member = studied()
    with clock.at(APRIL):
        client.post(reverse("hour_rules:add"), TERMS, follow=True)
        job = Job.objects.get()
        client.post(reverse("hour_rules:effect", args=[job.pk]))
        rule = HourRule.objects.get(version=2)
        asked = {"since": "2026-03-01", "until": "2026-03-31", "reason": "文件追溯执行"}
        trial = client.post(reverse("hour_rules:recredit", args=[rule.pk]), asked, follow=True)
        assert "还没有改动" in trial.content.decode() and "2 条" in trial.content.decode()
        assert not Recredit.objects.exists()
        job = Job.objects.filter(kind="study.rule_effect").latest("pk")
        run = client.post(reverse("hour_rules:trial", args=[job.pk]), follow=True)
        assert "停止" in run.content.decode()
        job = Job.objects.get(kind="study.recredit")
        jobs.run(job.pk)
        done = client.get(reverse("hour_rules:run", args=[job.pk])).content.decode()
        assert "改动 1 人" in done
    assert hours_of_year(member.pk, 2026).online == 100


def test_a_run_is_stopped_from_its_page(client, keeper):
    studied()
    rule = HourRule.objects.get()
    with clock.at(APRIL):
        from school.study.services.recredit import start_recredit

        job = start_recredit(
            rule=rule, since=date(2026, 3, 1), until=date(2026, 3, 2), reason="x", by=keeper
        )
        client.post(reverse("hour_rules:cancel", args=[job.pk]))
        job.refresh_from_db()
    assert job.state == Job.State.CANCELLED


def test_a_line_is_corrected_but_never_the_own(client, keeper):
    member = studied()
    entry = HourEntry.objects.get()
    shown = client.get(reverse("hour_entries:inspect", args=[entry.pk]))
    assert reverse("hour_entries:correct", args=[entry.pk]) in shown.content.decode()
    address = reverse("hour_entries:correct", args=[entry.pk])
    assert client.post(address, {"reason": ""}).context["form"].errors["reason"]
    client.post(address, {"reason": "误记", "credit": "0.1"})
    assert hours_of_year(member.pk, 2026).online == 10
    Page(keeper, make_lesson(5), moment("2026-03-03 20:00")).watch(0, 300)
    own = HourEntry.objects.get(member=keeper)
    client.post(reverse("hour_entries:correct", args=[own.pk]), {"reason": "x"})
    assert hours_of_year(keeper.pk, 2026).online == 25
    assert (
        "更正</a>"
        not in client.get(reverse("hour_entries:inspect", args=[own.pk])).content.decode()
    )


def test_a_year_is_closed_from_its_page_after_what_is_open_was_seen(client, keeper):
    studied()
    address = reverse("hour_years:close", args=[2026])
    with clock.at(moment("2027-01-10 09:00")):
        client.logout()  # a session does not last so long
        client.force_login(keeper)
        assert "之后才能封账" in client.get(address).content.decode()
        client.post(address)
        assert not YearClose.objects.exists()
    with clock.at(moment("2027-02-01 09:00")):
        client.logout()  # a session does not last so long
        client.force_login(keeper)
        assert "可以封账" in client.get(reverse("hour_years:index")).content.decode()
        client.post(address)
    assert YearClose.objects.get().closed_by == keeper


def test_late_arrivals_are_listed_and_decided_on(client, keeper):
    member = studied()
    close(2026)
    with clock.at(moment("2027-02-03 09:00")):
        for number in (1, 2):
            post_offline(
                member_id=member.pk,
                title="上级调训",
                seconds=3600,
                source="training",
                studied_on=date(2026, 12, 20),
                origin=f"x:{number}",
            )
        client.logout()  # a session does not last so long
        client.force_login(keeper)
        first, second = LateArrival.objects.order_by("pk")
        assert "上级调训" in client.get(reverse("late_arrivals:index")).content.decode()
        client.post(reverse("late_arrivals:decide", args=[first.pk]), {"decision": "book"})
        address = reverse("late_arrivals:decide", args=[second.pk])
        refused = client.post(address, {"decision": "refuse"})
        assert refused.context["form"].errors["reason"]
        client.post(address, {"decision": "refuse", "reason": "没有证明材料"})
    assert hours_of_year(member.pk, 2027).offline == 100
    assert set(LateArrival.objects.values_list("state", flat=True)) == {"booked", "refused"}


def test_the_page_closes_a_year_over_open_matters_only_with_the_tick_that_names_them(
    client, keeper
):
    member = studied()
    open_dispute_of(member)
    address = reverse("hour_years:close", args=[2026])
    with clock.at(moment("2027-02-01 09:00")):
        client.logout()  # a session does not last so long
        client.force_login(keeper)
        page = client.get(address).content.decode()
        assert 'name="despite" value="1"' in page and "1 件未了事项" in page
        refused = client.post(address, follow=True).content.decode()
        assert "未了事项" in refused and not YearClose.objects.exists()
        client.post(address, {"despite": "1"})
    assert YearClose.objects.get().closed_by == keeper
