"""任务 and the one plan form: what a member sees, what who acts for a branch may do."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from school.plans.models import ExemptionRequest, StudyPlan
from school.plans.selectors.tasks import open_count, todo
from school.plans.selectors.year import year_progress
from school.plans.services.plans import plan_audience, publish_plan, withdraw_item
from school.plans.services.targets import exempt, set_targets
from school.study.models import YearClose
from school.study.services.ledger import post_offline
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    with clock.at(moment("2026-04-15 12:00")):
        root = make_branch(kind="committee")
        leaf, other = make_branch(root), make_branch(root)
        member = make_person(leaf)
        secretary = make_person(leaf, name="孙书记")
        grant_role(member=secretary, role=RoleGrant.Role.SECRETARY, branch=leaf)
        items = [make_item(title="安全生产"), make_item("quiz", title="随堂测验")]
        plan = make_plan(root, items)
        yield {
            "root": root, "leaf": leaf, "other": other, "member": member,
            "secretary": secretary, "items": items, "plan": plan,
        }  # fmt: skip


def sign_in(client, member):
    client.force_login(member, backend="school.members.backends.MemberBackend")
    return client


def test_tasks_stand_under_what_is_to_be_done_with_them(school):
    member = school["member"]
    assert [(t.title, t.state) for t in todo(member)] == [
        ("安全生产", "study"),
        ("随堂测验", "exam"),
    ]
    assert todo(member)[0].days_left == 46
    complete(member, school["items"][0], date(2026, 4, 15))
    assert {t.title: t.state for t in todo(member)} == {"安全生产": "done", "随堂测验": "exam"}
    with clock.at(moment("2026-06-03 09:00")):
        assert {t.title: t.state for t in todo(member)} == {
            "安全生产": "done",
            "随堂测验": "make-up",
        }


def test_a_make_up_task_without_a_last_day_says_how_late_it_is(client, school):
    plan = school["plan"]
    StudyPlan.objects.update(make_up_until=None)
    with clock.at(moment(f"{plan.ends_on + timedelta(days=3)} 09:00")):
        first = todo(school["member"])[0]
        assert (first.state, first.deadline, first.days_left) == ("make-up", plan.ends_on, -3)
        client.force_login(school["member"], backend="school.members.backends.MemberBackend")
        page = client.get(reverse("plans:tasks") + "?tab=make-up").content.decode()
        assert "逾期 3 天" in page


def test_after_make_up_nothing_is_asked_any_more(school):
    StudyPlan.objects.update(make_up_until=date(2026, 6, 10))
    with clock.at(moment("2026-06-11 09:00")):
        assert todo(school["member"]) == []
        assert open_count(school["member"].pk, clock.today()) == 0


def test_an_item_of_two_plans_stands_once_with_the_nearer_deadline(school):
    make_plan(school["root"], school["items"][:1], ends_on=date(2026, 4, 20))
    titles = [t.title for t in todo(school["member"])]
    assert titles == ["安全生产", "随堂测验"]
    assert todo(school["member"])[0].deadline == date(2026, 4, 20)
    assert open_count(school["member"].pk, clock.today()) == 2


def test_who_is_exempt_has_no_tasks(school):
    exempt(member=school["member"], plan=school["plan"], reason="重病", by=school["secretary"])
    assert todo(school["member"]) == []
    assert open_count(school["member"].pk, clock.today()) == 0


def test_the_page_shows_tabs_with_counts(client, school):
    sign_in(client, school["member"])
    text = client.get(reverse("plans:tasks")).content.decode()
    assert "安全生产" in text
    assert "随堂测验" not in text
    assert "随堂测验" in client.get(reverse("plans:tasks"), {"tab": "exam"}).content.decode()
    assert client.get(reverse("plans:tasks"), {"tab": "<x>"}).status_code == 200


def test_the_year_shows_the_nearest_unmet_target_and_what_does_not_count(school):
    member = school["member"]
    set_targets(members=[member], year=2026, name="集中学习", credit=3200, sources=["group"])
    set_targets(members=[member], year=2026, name="全部", credit=5600)
    set_targets(members=[member], year=2025, name="集中学习", credit=3200)
    for number, source in enumerate(["group", "lecture"]):
        post_offline(
            member_id=member.pk, title="学习", seconds=3600 * 2, source=source,
            studied_on=date(2026, 3, 1), origin=f"t:{number}",
        )  # fmt: skip
    shown = year_progress(member.pk, 2026)
    assert (shown.name, shown.got, shown.gap, shown.outside) == ("集中学习", 200, 3000, 200)
    assert shown.last_year.due == 3200
    YearClose.objects.create(year=2025, closed_at=clock.now())
    assert year_progress(member.pk, 2026).last_year is None
    assert year_progress(school["secretary"].pk, 2026) is None


def form_data(school, **changes):
    values = {
        "title": "二季度学习",
        "owner": school["leaf"].pk,
        "branches": [school["leaf"].pk],
        "starts_on": "2026-04-01",
        "ends_on": "2026-06-30",
        "required_items": [school["items"][0].pk],
        "optional_items": [school["items"][1].pk],
    }
    return values | changes


def test_a_secretary_makes_previews_and_publishes_a_plan(client, school):
    sign_in(client, school["secretary"])
    answer = client.post(reverse("plans:new"), form_data(school), follow=True)
    assert "2 人，每人必修 1 项、选修 1 项" in answer.content.decode()
    plan = StudyPlan.objects.get(title="二季度学习")
    assert plan.state == "draft"
    assert open_count(school["member"].pk, clock.today()) == 2
    client.post(reverse("plans:publish", args=[plan.pk]))
    plan.refresh_from_db()
    assert plan.state == "published"
    with pytest.raises(Conflict):
        publish_plan(plan=plan)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends_on": "2026-03-01"},
        {"required_items": [], "optional_items": []},
        {"make_up_until": "2026-04-02"},
        {"title": ""},
    ],
)
def test_a_plan_that_contradicts_itself_is_shown_again(client, school, wrong):
    sign_in(client, school["secretary"])
    answer = client.post(reverse("plans:new"), form_data(school, **wrong))
    assert answer.status_code == 200
    assert not StudyPlan.objects.filter(title="二季度学习").exists()


def test_a_secretary_cannot_ask_other_branches(client, school):
    sign_in(client, school["secretary"])
    for foreign in (school["other"], school["root"]):
        client.post(reverse("plans:new"), form_data(school, branches=[foreign.pk]))
        client.post(reverse("plans:new"), form_data(school, owner=foreign.pk))
    assert StudyPlan.objects.count() == 1


@pytest.mark.parametrize("name", ["detail", "edit", "publish", "end"])
def test_a_plan_of_another_branch_does_not_exist(client, school, name):
    sign_in(client, school["secretary"])
    address = reverse(f"plans:{name}", args=[school["plan"].pk])
    method = client.get if name in ("detail", "edit") else client.post
    assert method(address).status_code == 404


def test_members_and_strangers_cannot_exempt(client, school):
    address = reverse("plans:exempt", args=[school["plan"].pk, school["member"].pk])
    assert sign_in(client, school["member"]).get(address).status_code == 404
    stranger = make_person(school["other"])
    sign_in(client, school["secretary"])
    foreign = reverse("plans:exempt", args=[school["plan"].pk, stranger.pk])
    assert client.get(foreign).status_code == 404
    assert client.post(address, {"reason": "重病"}).status_code == 302
    assert ExemptionRequest.objects.get().state == "open"
    assert len(todo(school["member"])) == 2


def test_a_replaced_item_takes_its_place_for_those_who_had_not_finished(school):
    member, plan = school["member"], school["plan"]
    complete(school["secretary"], school["items"][0], date(2026, 4, 10))
    new = make_item(title="新材料")
    withdraw_item(plan_item=plan.items.get(item=school["items"][0]), replacement=new)
    assert "新材料" in [t.title for t in todo(member)]
    assert "安全生产" not in [t.title for t in todo(member)]
    assert "新材料" not in [t.title for t in todo(school["secretary"])]


def test_a_plan_without_anything_required_cannot_be_published(school):
    plan = make_plan(school["root"], [], publish=False)
    with pytest.raises(DomainError):
        publish_plan(plan=plan)


def test_an_audience_by_branch_reaches_only_that_branch(school):
    audience = plan_audience(plan_title="乙", branches=[school["other"]])
    plan = make_plan(school["root"], [make_item(title="只给二支部")], audience=audience)
    newcomer = make_person(school["other"], since=date(2026, 4, 1))
    assert "只给二支部" in [t.title for t in todo(newcomer)]
    assert "只给二支部" not in [t.title for t in todo(school["member"])]
    assert plan.items.count() == 1


@pytest.mark.parametrize("name", ["plans:list", "plans:new", "plans:tasks"])
def test_plan_pages_need_few_queries(client, school, name, django_assert_max_num_queries):
    sign_in(client, school["secretary"])
    client.get(reverse(name))
    with django_assert_max_num_queries(20):
        assert client.get(reverse(name)).status_code == 200


def test_who_let_a_member_off_can_end_it(client, school):
    row = exempt(
        member=school["member"], plan=school["plan"], reason="重病", by=school["secretary"]
    )
    address = reverse("plans:exempt", args=[school["plan"].pk, school["member"].pk])
    page = sign_in(client, school["secretary"]).get(address).content.decode()
    assert "终止免学" in page
    assert client.post(address, {"end": row.pk}).status_code == 302
    row.refresh_from_db()
    assert row.until == date(2026, 4, 15)
    assert len(todo(school["member"])) == 2
    assert "终止免学" not in client.get(address).content.decode()
    for wrong in (row.pk, "x", "9" * 30):
        assert client.post(address, {"end": wrong}).status_code == 404
