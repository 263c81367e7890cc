"""Yearly requirements: set up, published, followed through the year, met or not."""

from datetime import date

import pytest
from django.urls import reverse

from school.core import clock, jobs
from school.core.errors import Conflict, DomainError
from school.core.models import AuditEntry, Job
from school.members.models import PostHolding, RoleGrant
from school.members.services.grants import grant_role
from school.members.services.people import transfer_member
from school.plans.models import AnnualTarget, TargetSet
from school.plans.rules import Counts, figures
from school.plans.selectors.counts import member_states, node_counts
from school.plans.selectors.target_sets import preview_of
from school.plans.selectors.year import year_progress
from school.plans.services.exemptions import approve_exemption, ask_exemption
from school.plans.services.settling import settle_set, settle_wanted_sets
from school.plans.services.target_sets import (
    change_draft_set,
    copy_sets,
    discard_set,
    drafted,
    publish_set,
    revise_set,
    withdraw_set,
)
from school.reports.selectors.board import board
from school.study.models import YearClose
from school.study.services.ledger import reverse_entry
from tests.factories.plans import make_branch, make_item, make_person, make_plan
from tests.factories.study import moment
from tests.factories.targets import (
    everybody,
    hold,
    make_post,
    make_set,
    publish_now,
    secretaries,
    train,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 20)


@pytest.fixture
def school():
    with clock.at(moment("2026-06-20 12:00")):
        root = make_branch(kind="committee")
        leaf, other = make_branch(root), make_branch(root)
        office = make_person(root, name="周教务")
        grant_role(member=office, role=RoleGrant.Role.SCHOOL_ADMIN, branch=root)
        head, plain = make_person(leaf, name="孙书记"), make_person(leaf)
        hold(head, leaf, make_post(), date(2025, 1, 1))
        yield {
            "root": root, "leaf": leaf, "other": other, "office": office,
            "head": head, "plain": plain,
        }  # fmt: skip


def target(member) -> AnnualTarget:
    return AnnualTarget.objects.in_force().get(member=member)


def due(member) -> int | None:
    row = AnnualTarget.objects.in_force().filter(member=member, year=2026).first()
    return row.credit if row else None


def test_publishing_gives_everybody_a_target_with_the_post_of_that_moment(school):
    make_set(school["office"])
    assert due(school["head"]) == 5600
    assert due(school["plain"]) == due(school["office"]) == 3200
    row = target(school["head"])
    assert (row.post_snapshot, row.conditions[0]["kind"]) == ("支部书记", "training")
    assert row.sources == ["group", "lecture", "manual", "training"]
    make = AuditEntry.objects.get(action="plans.target_set_published")
    assert make.actor_id == school["office"].pk


def test_study_alone_counts_only_where_the_host_has_said_so(school):
    draft = make_set(school["office"], publish=False, solo_counts=None)
    with pytest.raises(DomainError) as refused:
        publish_set(wanted=draft, by=school["office"])
    assert refused.value.field == "solo_counts"
    change_draft_set(
        wanted=draft,
        draft=type(drafted(draft))(**{**drafted(draft).__dict__, "solo_counts": True}),
        by=school["office"],
    )
    publish_now(TargetSet.objects.get(pk=draft.pk), school["office"])
    assert {"online", "quiz"} <= set(target(school["plain"]).sources)


def test_doing_it_twice_changes_nothing(school):
    row = make_set(school["office"])
    before = list(AnnualTarget.objects.order_by("pk").values())
    again = settle_set(wanted=row)
    assert (again.made, again.changed, again.ended, again.same) == (0, 0, 0, 3)
    assert list(AnnualTarget.objects.order_by("pk").values()) == before


def test_a_post_taken_or_given_up_changes_the_target_at_once_and_is_in_the_trail(school):
    make_set(school["office"])
    hold(school["plain"], school["leaf"], make_post(), date(2026, 6, 20))
    row = target(school["plain"])
    assert row.credit == (3200 * 6 + 5600 * 6) // 12
    assert [part[:2] for part in row.parts] == [["党员", 6], ["支部书记", 6]]
    said = AuditEntry.objects.get(action="plans.target_changed")
    assert said.subject_id == str(school["plain"].pk)
    assert said.fields["credit"] == [3200, row.credit]
    held = PostHolding.objects.get(member=school["head"])
    held.until = TODAY
    held.save()
    assert due(school["head"]) == (5600 * 6 + 3200 * 6) // 12


def test_who_joins_is_asked_by_months_and_who_leaves_the_rule_is_asked_no_more(school):
    rung = everybody(branches=(school["leaf"],))
    make_set(school["office"], rung)
    late = make_person(school["leaf"], since=date(2026, 6, 1))
    assert due(late) == 3200 * 7 // 12
    transfer_member(member=school["plain"], to=school["other"], on=TODAY, by=school["office"])
    assert due(school["plain"]) == 3200 * 6 // 12
    assert due(school["office"]) is None


def test_the_scheduler_brings_in_step_what_told_nobody(school):
    row = make_set(school["office"])
    PostHolding.objects.bulk_create(
        [PostHolding(member=school["plain"], branch=school["leaf"], post=make_post(), since=TODAY)]
    )
    assert due(school["plain"]) == 3200
    settle_wanted_sets()
    assert due(school["plain"]) == 3200
    settle_wanted_sets(everything=True)
    assert due(school["plain"]) == 4400
    TargetSet.objects.filter(pk=row.pk).update(settle_wanted=True)
    settle_wanted_sets()
    assert not TargetSet.objects.get(pk=row.pk).settle_wanted


def test_a_closed_year_is_not_touched(school):
    row = make_set(school["office"])
    YearClose.objects.create(year=2026, closed_at=clock.now())
    hold(school["plain"], school["leaf"], make_post(), date(2026, 1, 1))
    assert due(school["plain"]) == 3200
    assert settle_set(wanted=row).same == 0
    with pytest.raises(Conflict):
        make_set(school["office"], name="另一项")
    with pytest.raises(Conflict):
        withdraw_set(wanted=row, by=school["office"], reason="填错")


def test_the_preview_says_who_gets_what_and_what_changes(school):
    make_set(school["office"])
    make_person(school["leaf"], since=date(2026, 4, 1), name="王新")
    draft = revise_set(wanted=TargetSet.objects.get(state="published"), by=school["office"])
    change_draft_set(
        wanted=draft,
        draft=type(drafted(draft))(
            **{**drafted(draft).__dict__, "rungs": (secretaries(), everybody(credit=4000))}
        ),
        by=school["office"],
    )
    draft.refresh_from_db()
    seen = preview_of(draft)
    assert [(g.rung, g.due, g.members) for g in seen.groups if not g.share] == [
        ("支部书记", 5600, 1),
        ("党员", 4000, 2),
    ]
    assert (seen.share_count, seen.shares[0].member.name) == (1, "王新")
    assert (seen.made, seen.changed, seen.ended, seen.same, seen.trained) == (0, 3, 0, 1, 1)
    assert seen.shares[0].asked.due == 4000 * 9 // 12
    assert AnnualTarget.objects.in_force().count() == 4
    publish_now(draft, school["office"])
    assert due(school["plain"]) == 4000
    assert TargetSet.objects.filter(state="replaced").count() == 1
    assert AnnualTarget.objects.filter(member=school["plain"]).count() == 1


def test_a_withdrawn_set_asks_nothing_and_a_draft_can_be_thrown_away(school):
    row = make_set(school["office"])
    draft = revise_set(wanted=row, by=school["office"])
    assert revise_set(wanted=row, by=school["office"]).pk == draft.pk
    discard_set(wanted=draft, by=school["office"])
    with pytest.raises(DomainError):
        withdraw_set(wanted=row, by=school["office"], reason=" ")
    assert withdraw_set(wanted=row, by=school["office"], reason="文件作废") == 3
    assert due(school["plain"]) is None
    assert year_progress(school["plain"].pk, 2026) is None


def test_the_recount_after_a_withdrawal_tells_how_far_it_is(school, monkeypatch):
    row, told = make_set(school["office"]), []
    plans = [make_plan(school["root"], [make_item()]) for _ in range(2)]
    monkeypatch.setattr("school.core.jobs.RENEW_EVERY", 0)
    monkeypatch.setattr("school.core.jobs.Lease.renew", lambda _lease, **v: told.append(v) or True)
    withdraw_set(wanted=row, by=school["office"], reason="文件作废")
    jobs.run(Job.objects.latest("pk").pk)
    assert [v["progress"] for v in told] == [1000 * n // len(plans) for n in (1, 2)]


def test_a_copy_for_the_next_year_asks_again_whether_study_alone_counts(school):
    make_set(school["office"])
    [copied] = copy_sets(source=2026, target=2027, by=school["office"])
    assert (copied.state, copied.year, copied.solo_counts) == ("draft", 2027, None)
    assert [rung.label for rung in copied.rungs.all()] == ["支部书记", "党员"]
    assert copy_sets(source=2026, target=2027, by=school["office"]) == []
    with pytest.raises(DomainError):
        copy_sets(source=2020, target=2021, by=school["office"])


@pytest.mark.parametrize(
    "changes",
    [
        {"rungs": ()},
        {"name": " "},
        {"sources": ()},
        {"rungs": (everybody(), everybody())},
        {"rungs": (everybody(credit=0),)},
        {"rungs": (everybody(new_post_months=6),)},
    ],
)
def test_a_set_that_contradicts_itself_is_refused_and_nothing_is_written(school, changes):
    with pytest.raises(DomainError):
        if changes.get("rungs") == ():
            from school.plans.services.target_sets import SetDraft, draft_set

            draft_set(
                draft=SetDraft(year=2026, name="x", solo_counts=True, rungs=()),
                by=school["office"],
            )
        else:
            rungs = changes.pop("rungs", ())
            make_set(school["office"], *rungs, **changes)
    assert not TargetSet.objects.exists()


# -- met: with credit and conditions, the same on every screen ----------------------------------


def hours_of(school, plan) -> tuple[int, int]:
    """(asked, met) by the counters, by the rows of the board and by the member's own page."""
    counted = node_counts(school["leaf"], plan, TODAY).total
    states = member_states(school["leaf"], plan, TODAY)
    rows = sum((items[None] for items in states.values()), Counts())
    pages = [year_progress(pk, 2026) for pk in states]
    by_page = [page for page in pages if page]
    assert (rows.hours_due, rows.hours_met) == (counted.hours_due, counted.hours_met)
    assert len(by_page) == counted.hours_due
    assert sum(all(t.met for t in page.targets) for page in by_page) == counted.hours_met
    shown = board(school["leaf"], day=TODAY, plan_id=plan.pk).figures
    assert (shown.hours_due, shown.hours_met) == (counted.hours_due, counted.hours_met)
    return counted.hours_due, counted.hours_met


def test_a_target_is_met_only_with_credit_and_training_and_every_screen_says_the_same(school):
    plan = make_plan(school["root"], [make_item()], ends_on=date(2026, 12, 31))
    make_set(school["office"])
    head, plain = school["head"], school["plain"]
    assert hours_of(school, plan) == (2, 0)
    train(plain, date(2026, 5, 1), hours=32, source="group")
    assert hours_of(school, plan) == (2, 1)
    train(head, date(2026, 5, 1), hours=60, source="group")
    assert hours_of(school, plan) == (2, 1)
    year = year_progress(head.pk, 2026)
    assert (year.gap, year.met, len(year.unmet_conditions)) == (0, False, 1)
    entry = train(head, date(2026, 5, 20), hours=8)
    assert hours_of(school, plan) == (2, 2)
    assert year_progress(head.pk, 2026).conditions[0].on == date(2026, 5, 20)
    reverse_entry(entry=entry, reason="记错", by=school["office"])
    assert hours_of(school, plan) == (2, 1)


def test_a_changed_target_is_counted_anew_at_once(school):
    plan = make_plan(school["root"], [make_item()], ends_on=date(2026, 12, 31))
    make_set(school["office"])
    train(school["plain"], date(2026, 5, 1), hours=32, source="group")
    assert hours_of(school, plan) == (2, 1)
    hold(school["plain"], school["leaf"], make_post(), date(2026, 6, 1))
    assert hours_of(school, plan) == (2, 0)


def test_who_is_let_off_is_asked_no_hours(school):
    plan = make_plan(school["root"], [make_item()], ends_on=date(2026, 12, 31))
    make_set(school["office"])
    asked = ask_exemption(
        member=school["plain"],
        target=target(school["plain"]),
        reason="长期病休",
        by=school["head"],
    )
    assert hours_of(school, plan) == (2, 0)
    approve_exemption(asked=asked, by=school["office"])
    assert hours_of(school, plan) == (1, 0)


def test_figures_of_the_board_round_down(school):
    plan = make_plan(school["root"], [make_item()], ends_on=date(2026, 12, 31))
    make_set(school["office"])
    train(school["plain"], date(2026, 5, 1), hours=32, source="group")
    counts = node_counts(school["root"], plan, TODAY).total
    assert figures(counts, ends_on=plan.ends_on, day=TODAY).hours_rate == 33


# -- the editor ----------------------------------------------------------------------------------


@pytest.fixture
def desk(client, school):
    client.force_login(school["office"], backend="school.members.backends.MemberBackend")
    return client


def filled(**changes) -> dict:
    values = {
        "year": "2026",
        "name": "党员集中学习培训",
        "basis": "条例第二十条",
        "solo_counts": "no",
        "sources": ["group", "training"],
        "change": "months",
        "joiners": "months",
        "rungs-TOTAL_FORMS": "1",
        "rungs-INITIAL_FORMS": "0",
        "rungs-MIN_NUM_FORMS": "0",
        "rungs-MAX_NUM_FORMS": "12",
        "rungs-0-label": "党员",
        "rungs-0-hours": "32",
        "rungs-0-branches": "",
    }
    return values | changes


def test_the_form_has_no_answer_of_its_own_on_study_alone_and_refuses_without_one(desk, school):
    address = reverse("target_sets:add")
    page = desk.get(address + "?preset=members").content.decode()
    start = page.index('name="solo_counts"')
    assert "checked" not in page[start : page.rindex('name="solo_counts"') + 80]
    given = filled()
    del given["solo_counts"]
    answer = desk.post(address, given)
    assert answer.status_code == 400
    assert "请回答网上自学是否计入。" in answer.content.decode()
    assert not TargetSet.objects.exists()


def test_the_office_drafts_previews_publishes_and_revises(desk, school):
    saved = desk.post(reverse("target_sets:add"), filled(**{"rungs-0-hours": "32.5"}))
    row = TargetSet.objects.get()
    assert saved.status_code == 302 and row.rungs.get().credit == 3250
    page = desk.get(reverse("target_sets:detail", args=[row.pk])).content.decode()
    assert "党员 32.5 学时：3 人" in page and "新增 3 人" in page
    assert desk.post(reverse("target_sets:publish", args=[row.pk])).status_code == 302
    assert desk.post(reverse("target_sets:publish", args=[row.pk])).status_code == 409
    assert desk.get(reverse("target_sets:edit", args=[row.pk])).status_code == 302
    assert desk.post(reverse("target_sets:revise", args=[row.pk])).status_code == 302
    draft = TargetSet.objects.get(state="draft")
    again = desk.post(
        reverse("target_sets:edit", args=[draft.pk]),
        filled(**{"rungs-0-hours": "40", "name": "改名"}),
    )
    assert again.status_code == 302
    draft.refresh_from_db()
    assert (draft.name, draft.rungs.get().credit) == (row.name, 4000)


def test_an_unchanged_preset_keeps_all_its_rungs(desk, school):
    make_post("organisation", "组织委员", 30)
    page = desk.get(reverse("target_sets:add") + "?preset=members").context["rungs"]
    given = filled(**{"rungs-TOTAL_FORMS": "3", "rungs-INITIAL_FORMS": "3"})
    for index, form in enumerate(page.forms):
        for name, value in form.initial.items():
            if value not in (None, False):
                given[f"rungs-{index}-{name}"] = value
    assert desk.post(reverse("target_sets:add"), given).status_code == 302
    rungs = TargetSet.objects.get().rungs.all()
    assert [(r.label, r.credit, r.new_post_months) for r in rungs] == [
        ("书记、副书记", 5600, 6),
        ("委员", 5600, None),
        ("党员", 3200, None),
    ]


def test_a_further_rung_keeps_what_was_filled_in(desk, school):
    given = filled(more="1", **{"rungs-0-label": "半句", "rungs-0-hours": "x"})
    page = desk.post(reverse("target_sets:add"), given)
    assert page.status_code == 200
    assert page.content.decode().count("targets__rung") == 2
    assert "半句" in page.content.decode()


def test_a_rung_for_a_branch_nobody_knows_is_marked(desk, school):
    answer = desk.post(reverse("target_sets:add"), filled(**{"rungs-0-branches": "ZZZ"}))
    assert answer.status_code == 400 and "ZZZ" in answer.content.decode()


@pytest.mark.parametrize("name", ["index", "add", "detail", "edit"])
def test_pages_of_the_editor_need_few_queries(desk, school, name, django_assert_max_num_queries):
    make_set(school["office"])
    row = make_set(school["office"], name="第二项", publish=False)
    args = [row.pk] if name in ("detail", "edit") else []
    address = reverse(f"target_sets:{name}", args=args)
    desk.get(address)
    with django_assert_max_num_queries(20):
        assert desk.get(address).status_code == 200
