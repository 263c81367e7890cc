"""免学: asked for by the branch, decided above it, never by who asks or gains."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from school.plans.models import AnnualTarget, Exemption, ExemptionRequest
from school.plans.permissions import decidable, may_decide_exemption
from school.plans.selectors.tasks import todo
from school.plans.services.exemptions import (
    approve_exemption,
    ask_exemption,
    decline_exemption,
    withdraw_request,
)
from school.plans.services.targets import set_targets
from tests.factories.plans import make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role


@pytest.fixture
def school():
    with clock.at(moment("2026-04-15 12:00")):
        root = make_branch(kind="committee")
        leaf, other = make_branch(root), make_branch(root)
        people = {name: make_person(leaf, name=name) for name in ("member", "secretary", "second")}
        for name in ("secretary", "second"):
            grant_role(member=people[name], role=Role.SECRETARY, branch=leaf)
        above, office = make_person(root), make_person(root)
        grant_role(member=above, role=Role.COMMITTEE_ADMIN, branch=root)
        grant_role(member=office, role=Role.SCHOOL_ADMIN, branch=root)
        stranger = make_person(other)
        grant_role(member=stranger, role=Role.SECRETARY, branch=other)
        plan = make_plan(root, [make_item(title="安全生产")])
        set_targets(members=[people["member"]], year=2026, name="年度学时", credit=3200)
        yield {
            **people, "root": root, "leaf": leaf, "above": above, "office": office,
            "stranger": stranger, "plan": plan, "target": AnnualTarget.objects.get(),
        }  # fmt: skip


def ask(school, by="secretary", member="member", **thing):
    thing = thing or {"plan": school["plan"]}
    return ask_exemption(member=school[member], reason="长期病休", by=school[by], **thing)


def fresh(person):
    """The person as another request would load it: without what this one remembers."""
    return type(person).objects.get(pk=person.pk)


def test_nothing_is_let_off_until_somebody_above_has_said_so(school):
    asked = ask(school)
    assert len(todo(school["member"])) == 1
    row = approve_exemption(asked=asked, by=school["above"])
    assert todo(school["member"]) == []
    asked.refresh_from_db()
    assert (asked.state, asked.exemption) == ("approved", row)
    assert (row.approver, row.since) == (school["above"], date(2026, 3, 1))


@pytest.mark.parametrize("who", ["secretary", "second", "member", "stranger"])
def test_who_asks_who_gains_and_the_own_branch_do_not_decide(school, who):
    asked = ask(school)
    with pytest.raises(NotAllowed):
        approve_exemption(asked=asked, by=school[who])
    with pytest.raises(NotAllowed):
        decline_exemption(asked=asked, by=school[who], answer="不同意")
    assert not Exemption.objects.exists()
    assert not decidable(school[who]).exists()


def test_a_committee_that_asks_needs_another_to_decide(school):
    asked = ask(school, by="above")
    assert not may_decide_exemption(school["above"], asked)
    assert may_decide_exemption(school["office"], asked)


def test_who_gains_does_not_decide_though_above(school):
    asked = ask(school, by="office", member="above")
    assert not may_decide_exemption(fresh(school["above"]), asked)
    assert not may_decide_exemption(school["office"], asked)


@pytest.mark.parametrize(
    ("way", "deciding"),
    [("either", {"above", "office"}), ("above", {"above"}), ("school", {"office"})],
)
def test_the_host_says_who_decides_and_the_list_agrees_with_the_check(
    school, settings, way, deciding
):
    settings.SCHOOL_EXEMPTION_APPROVAL = way
    asked = ask(school)
    people = ("member", "secretary", "second", "above", "office", "stranger")
    assert {who for who in people if may_decide_exemption(fresh(school[who]), asked)} == deciding
    assert {who for who in people if decidable(fresh(school[who])).exists()} == deciding


def test_the_database_itself_refuses_who_asks_or_gains(school):
    asked = ask(school)
    for who in ("secretary", "member"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExemptionRequest.objects.filter(pk=asked.pk).update(decided_by=school[who])


def test_one_request_at_a_time_and_each_is_decided_once(school):
    asked = ask(school)
    with pytest.raises(Conflict):
        ask(school, by="second")
    decline_exemption(asked=asked, by=school["above"], answer="请先补学")
    with pytest.raises(Conflict):
        approve_exemption(asked=asked, by=school["above"])
    with pytest.raises(Conflict):
        withdraw_request(asked=asked, by=school["secretary"])
    approve_exemption(asked=ask(school), by=school["above"])
    with pytest.raises(Conflict):
        ask(school)


def test_a_request_needs_a_reason_and_so_does_its_refusal(school):
    with pytest.raises(DomainError):
        ask_exemption(
            member=school["member"], plan=school["plan"], reason=" ", by=school["secretary"]
        )
    asked = ask(school)
    with pytest.raises(DomainError):
        decline_exemption(asked=asked, by=school["above"], answer="")
    with pytest.raises(DomainError):
        ask(school, plan=school["plan"], target=school["target"])


@pytest.fixture
def sign_in(client):
    def enter(person):
        client.force_login(person, backend="school.members.backends.MemberBackend")
        return client

    return enter


def test_the_way_through_the_pages(school, sign_in):
    address = reverse("plans:member_exemptions", args=[school["member"].pk])
    page = sign_in(school["secretary"]).get(address).content.decode()
    assert "2026 年 年度学时（应修 32 学时）" in page
    assert sign_in(school["secretary"]).post(address, {"reason": "病休"}).status_code == 302
    asked = ExemptionRequest.objects.get()
    assert asked.target == school["target"]
    one = reverse("plans:exemption", args=[asked.pk])
    assert "批准免学" not in sign_in(school["second"]).get(one).content.decode()
    assert sign_in(school["second"]).post(one, {"approve": "1"}).status_code == 403
    assert sign_in(school["stranger"]).get(one).status_code == 404
    assert sign_in(school["member"]).get(one).status_code == 404
    desk = sign_in(school["above"])
    assert "待我批准" in desk.get(reverse("plans:exemptions")).content.decode()
    assert desk.post(one, {"decline": "1"}).status_code == 200
    assert desk.post(one, {"approve": "1", "answer": "同意"}).status_code == 302
    assert "免学中" in desk.get(reverse("plans:exemptions") + "?tab=running").content.decode()
    hours = sign_in(school["member"]).get(reverse("study:hours")).content.decode()
    assert "免学：病休" in hours


def test_the_branch_takes_its_request_back(school, sign_in):
    asked = ask(school)
    address = reverse("plans:exemption_withdraw", args=[asked.pk])
    assert sign_in(school["stranger"]).post(address).status_code == 404
    assert sign_in(school["second"]).post(address).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_the_list_needs_few_queries(school, sign_in, django_assert_max_num_queries):
    ask(school)
    ask(school, member="second", by="above")
    client = sign_in(school["above"])
    for tab in ("mine", "open", "running", "all"):
        client.get(reverse("plans:exemptions"), {"tab": tab})
        with django_assert_max_num_queries(20):
            assert client.get(reverse("plans:exemptions"), {"tab": tab}).status_code == 200
