"""Boards: figures, filters, scope, export equals screen, few queries."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from school.core import clock
from school.core.models import AuditEntry
from school.gatherings.services import close_gathering, open_gathering
from school.members.models import RoleGrant
from school.members.services.grants import grant_role
from school.members.services.people import attach_member, change_standing
from school.plans.services.counting import fold
from school.plans.services.targets import exempt, set_targets
from school.reports.selectors.board import board
from school.study.services.disputes import open_dispute
from school.study.services.ledger import post_offline
from tests.factories.plans import complete, make_branch, make_item, make_person, make_plan
from tests.factories.study import moment

pytestmark = pytest.mark.django_db
NOW = "2026-04-15 12:00"


@pytest.fixture
def school():
    with clock.at(moment(NOW)):
        root = make_branch(kind="committee", name="机关党委")
        middle = make_branch(root, "general_branch", name="第一总支")
        leaf, other = make_branch(middle, name="一支部"), make_branch(root, name="二支部")
        people = [make_person(leaf, name=f"王{n}") for n in range(5)]
        stranger = make_person(other, name="赵六")
        items = [make_item(), make_item()]
        plan = make_plan(root, items)
        for item in items:
            complete(people[0], item, date(2026, 3, 20))
        complete(people[1], items[0], date(2026, 4, 2))
        exempt(member=people[4], plan=plan, reason="重病", by=people[0])
        set_targets(members=people[:3], year=2026, name="集中学习", credit=3200)
        secretary = make_person(leaf, name="孙书记")
        grant_role(member=secretary, role=RoleGrant.Role.SECRETARY, branch=leaf)
        admin = make_person(root, name="周管理")
        grant_role(member=admin, role=RoleGrant.Role.COMMITTEE_ADMIN, branch=root)
        attach_member(member=stranger, branch=leaf, since=date(2026, 1, 1))
        yield {
            "root": root, "middle": middle, "leaf": leaf, "other": other, "people": people,
            "stranger": stranger, "plan": plan, "items": items, "secretary": secretary,
            "admin": admin,
        }  # fmt: skip


def sign_in(client, member):
    client.force_login(member, backend="school.members.backends.MemberBackend")
    return client


def page(client, node, **query):
    return client.get(reverse("reports:board", args=[node.pk]), query)


def test_a_leaf_shows_its_members_overdue_first_and_who_stands_outside(client, school):
    with clock.at(moment("2026-06-02 09:00")):
        shown = board(school["leaf"], day=clock.today())
        assert [row.state for row in shown.people][:2] == ["逾期", "逾期"]
        assert shown.people[-1].state == "免学"
        assert [(row.name, row.outside) for row in shown.others] == [("赵六", "兼")]
        assert shown.figures.due == 5
        assert shown.figures.exempt == 1


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("all", {"王0", "王1", "王2", "王3", "王4", "孙书记"}),
        ("done", {"王0"}),
        ("open", {"王1", "王2", "王3", "孙书记"}),
        ("overdue", set()),
        ("exempt", {"王4"}),
    ],
)
def test_pressing_a_figure_filters_the_table(client, school, wanted, names):
    shown = board(school["leaf"], day=clock.today(), filter=wanted)
    assert {row.name for row in shown.people} == names
    answer = page(sign_in(client, school["secretary"]), school["leaf"], filter=wanted)
    assert answer.status_code == 200
    for name in names:
        assert name in answer.content.decode()


def test_a_node_sums_its_children(client, school):
    fold()
    shown = board(school["root"], day=clock.today())
    assert [row.name for row in shown.children] == ["第一总支", "二支部", "本级"]
    assert sum(row.figures.due for row in shown.children) == shown.figures.due == 7
    text = page(sign_in(client, school["admin"]), school["root"]).content.decode()
    assert "合计" in text
    assert "截至" in text


def test_an_earlier_day_shows_what_was_then(client, school):
    text = page(
        sign_in(client, school["secretary"]), school["leaf"], on="2026-03-19"
    ).content.decode()
    assert "截至 2026-03-19" in text
    assert board(school["leaf"], day=date(2026, 3, 19)).figures.done == 0
    assert board(school["leaf"], day=date(2026, 3, 20)).figures.done == 1


def test_drill_down_keeps_filter_and_day_in_the_address(client, school):
    text = page(
        sign_in(client, school["admin"]), school["root"], filter="open", on="2026-04-01"
    ).content.decode()
    plan = school["plan"].pk
    address = reverse("reports:board", args=[school["middle"].pk])
    assert f"{address}?plan={plan}&amp;filter=open&amp;on=2026-04-01" in text


ADDRESSES = [
    ("get", "reports:board", []),
    ("get", "reports:export", []),
    ("post", "reports:remind", []),
    ("get", "reports:filing", ["2026-03"]),
    ("post", "reports:file", ["2026-03"]),
    ("post", "reports:return", ["2026-03"]),
    ("post", "reports:confirm", ["2026-03"]),
]


@pytest.mark.parametrize(("method", "name", "rest"), ADDRESSES)
def test_a_foreign_branch_does_not_exist(client, school, method, name, rest):
    sign_in(client, school["secretary"])
    for foreign in (school["other"], school["middle"], school["root"]):
        address = reverse(name, args=[foreign.pk, *rest])
        assert getattr(client, method)(address).status_code == 404
    assert client.get(reverse(name, args=[999_999, *rest])).status_code in (404, 405)


@pytest.mark.parametrize(("method", "name", "rest"), ADDRESSES)
def test_a_member_without_a_board_finds_nothing(client, school, method, name, rest):
    sign_in(client, school["people"][0])
    address = reverse(name, args=[school["leaf"].pk, *rest])
    assert getattr(client, method)(address).status_code == 404
    assert client.get(reverse("reports:home")).status_code == 404


def test_a_member_of_another_branch_does_not_exist(client, school):
    sign_in(client, school["secretary"])
    leaf, stranger = school["leaf"], school["stranger"]
    mine = school["people"][0]
    assert client.get(reverse("reports:member", args=[leaf.pk, stranger.pk])).status_code == 404
    answer = client.get(reverse("reports:member", args=[leaf.pk, mine.pk]))
    assert "人工认定" in answer.content.decode()


def test_a_ledger_row_says_in_words_where_it_comes_from(client, school):
    leaf, who, secretary = school["leaf"], school["people"][2], school["secretary"]
    start = clock.now() - timedelta(days=2)
    gathering = open_gathering(
        branch=leaf, kind="lecture", title="专题党课", items=[], starts_at=start,
        ends_at=start + timedelta(hours=2), by=secretary,
    )  # fmt: skip
    states = dict.fromkeys(gathering.attendances.values_list("pk", flat=True), "present")
    close_gathering(gathering=gathering, states=states, by=secretary)
    sign_in(client, secretary)
    text = client.get(reverse("reports:member", args=[leaf.pk, who.pk])).content.decode()
    assert f'<a href="{reverse("gatherings:detail", args=[gathering.pk])}">集体学习登记</a>' in text
    assert "attendance:" not in text


def test_guests_are_sent_to_sign_in(client, school):
    assert page(client, school["leaf"]).status_code == 302


def test_a_wrong_date_is_refused_with_a_word(client, school):
    answer = page(sign_in(client, school["secretary"]), school["leaf"], on="yesterday")
    assert answer.status_code == 400


def exported(client, node, **query):
    answer = client.get(reverse("reports:export", args=[node.pk]), query)
    assert answer.status_code == 200
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    return [list(row) for row in rows]


def section(rows, head):
    """The rows under a head as dicts."""
    start = next(n for n, row in enumerate(rows) if row[0] == head)
    names = [cell for cell in rows[start] if cell]
    found = []
    for row in rows[start + 1 :]:
        if row[0] is None:
            break
        found.append(dict(zip(names, row, strict=False)))
    return found


@pytest.mark.parametrize("wanted", ["all", "done", "open"])
def test_the_screen_of_a_leaf_can_be_recomputed_from_its_export(client, school, wanted):
    sign_in(client, school["secretary"])
    rows = exported(client, school["leaf"], filter=wanted)
    shown = page(client, school["leaf"], filter=wanted).context["board"]
    people = [row for row in section(rows, "工号") if not row["状态"].endswith("不计入")]
    assert [(r["姓名"], r["已完成项"], r["必修项"]) for r in people] == [
        (r.name, r.done, r.total) for r in shown.people
    ]
    told = section(rows, "应学")[0]
    assert (told["应学"], told["已完成"], told["免学"]) == (
        shown.figures.due, shown.figures.done, shown.figures.exempt,
    )  # fmt: skip
    if wanted == "all":
        done = sum(1 for r in people if r["状态"] in ("按期完成", "逾期完成"))
        let_off = sum(1 for r in people if r["状态"] == "免学")
        assert (len(people) - let_off, done, let_off) == (told["应学"], told["已完成"], 1)
        assert told["完成率"] == f"{done * 100 // told['应学']}%"
    texts = {row[0]: row[1] for row in rows if row[0] in ("截至", "统计口径")}
    assert "2026-04-15" in texts["截至"]
    assert "应学" in texts["统计口径"]


def test_the_screen_of_a_node_can_be_recomputed_from_its_export(client, school):
    sign_in(client, school["admin"])
    rows = section(exported(client, school["root"]), "党组织")
    total, children = rows[0], rows[1:]
    for name in ("应学", "已完成", "未完成", "其中逾期", "免学"):
        assert total[name] == sum(child[name] for child in children)
    shown = page(client, school["root"]).context["board"]
    assert [c["应学"] for c in children] == [r.figures.due for r in shown.children]


def test_an_export_is_written_into_the_trail(client, school):
    sign_in(client, school["secretary"])
    exported(client, school["leaf"])
    entry = AuditEntry.objects.filter(action="reports.exported").get()
    assert entry.actor_id == school["secretary"].pk
    assert "孙书记" not in entry.actor_label


def test_a_name_that_is_a_formula_comes_out_as_text(client, school):
    make_person(school["leaf"], name='=HYPERLINK("x")')
    rows = exported(sign_in(client, school["secretary"]), school["leaf"])
    assert any(row[1] == '\'=HYPERLINK("x")' for row in rows)


def test_the_four_empty_states_are_told_apart(school):
    leaf, other = school["leaf"], school["other"]
    assert board(leaf, day=date(2026, 4, 15), filter="overdue").emptiness == "no-match"
    assert board(leaf, day=date(2026, 2, 1)).emptiness == "nobody"
    lone = make_branch(kind="committee", name="新党委")
    assert board(lone, day=clock.today()).emptiness == "no-plan"
    for item in school["items"]:
        complete(school["stranger"], item, date(2026, 4, 1))
    assert board(other, day=clock.today(), filter="open").emptiness == "all-done"


def test_the_lost_are_listed_but_not_counted(school):
    change_standing(member=school["people"][3], kind="full", state="lost", on=date(2026, 4, 1))
    shown = board(school["leaf"], day=clock.today())
    assert shown.figures.due == 4
    assert ("王3", "失联") in [(row.name, row.outside) for row in shown.others]


@pytest.mark.parametrize(
    "name", ["reports:home", "leaf", "root", "member", "filing", "plans:tasks"]
)
def test_no_page_needs_more_than_twenty_queries(
    client, school, name, django_assert_max_num_queries
):
    fold()
    who = school["admin"] if name in ("root",) else school["secretary"]
    leaf = school["leaf"]
    address = {
        "leaf": lambda: reverse("reports:board", args=[leaf.pk]),
        "root": lambda: reverse("reports:board", args=[school["root"].pk]),
        "member": lambda: reverse("reports:member", args=[leaf.pk, school["people"][0].pk]),
        "filing": lambda: reverse("reports:filing", args=[leaf.pk, "2026-04"]),
    }.get(name, lambda: reverse(name))()
    sign_in(client, who)
    client.get(address)
    with django_assert_max_num_queries(20):
        assert client.get(address).status_code == 200


def test_the_home_of_a_branch_names_its_duties(client, school):
    text = sign_in(client, school["secretary"]).get(reverse("reports:home")).content.decode()
    assert "谁没学完" in text
    assert "4 人" in text
    assert "月上报" in text


def test_hours_that_are_disputed_carry_a_mark_on_the_board_and_at_the_person(client, school):
    member = school["people"][0]
    open_dispute(member=member, kind="missing", studied_on=date(2026, 3, 1), text="漏记一次党课")
    sign_in(client, school["secretary"])
    leaf = school["leaf"].pk
    board = client.get(reverse("reports:board", args=[leaf])).content.decode()
    assert board.count("核实中") == 1
    person = client.get(reverse("reports:member", args=[leaf, member.pk])).content.decode()
    assert "核实中" in person and "核实，" in person


def test_the_person_behind_a_past_board_is_shown_as_of_the_same_day(client, school):
    who = school["people"][0]
    sign_in(client, school["secretary"])
    with clock.at(moment("2026-04-20 12:00")):
        for day, title, hours in ((3, "三月党课", 1), (16, "四月党课", 2)):
            post_offline(
                member_id=who.pk,
                title=title,
                seconds=hours * 3600,
                source="lecture",
                studied_on=date(2026, 3 if hours == 1 else 4, day),
                origin=f"tests:{hours}",
            )
        past = page(client, school["leaf"], on="2026-04-15").content.decode()
        address = reverse("reports:member", args=[school["leaf"].pk, who.pk])
        assert f'href="{address}?on=2026-04-15"' in past
        row = next(
            each
            for each in board(school["leaf"], day=date(2026, 4, 15)).people
            if each.member_id == who.pk
        )
        shown = client.get(address, {"on": "2026-04-15"})
        text = shown.content.decode()
        assert "截至 2026-04-15，按" in text
        assert "三月党课" in text and "四月党课" not in text
        assert shown.context["person"].year.got == row.got == 100
        today = client.get(address).content.decode()
        assert "四月党课" in today and "截至 2026-04-20" in today
        assert f'href="{address}"' in page(client, school["leaf"]).content.decode()
        assert client.get(address, {"on": "gestern"}).status_code == 400


def test_what_was_completed_after_the_day_stands_as_open_behind_a_past_board(client, school):
    who = school["people"][1]  # one item on 2 April
    sign_in(client, school["secretary"])
    address = reverse("reports:member", args=[school["leaf"].pk, who.pk])
    with clock.at(moment("2026-04-20 12:00")):
        assert "2026-04-02" in client.get(address).content.decode()
        before = client.get(address, {"on": "2026-04-01"}).content.decode()
        assert "2026-04-02" not in before and "学习中" not in before
