"""The list of members: everybody once, in order, whatever the page; exact to a thousand."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from school.core import clock
from school.members.models import Post
from school.members.selectors import directory as reads
from school.members.selectors.directory import Cursor, Wanted, directory
from school.members.services.people import attach_member, change_standing, hold_post
from tests.factories import members as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    """A committee with two branches of four and one member."""
    committee = make.branch(kind="committee")
    first, second = make.branch(committee), make.branch(committee)
    people = [make.member(first, ready=False) for _ in range(4)]
    people.append(make.member(second, ready=False))
    return committee, first, second, people


def numbers(listing) -> list[str]:
    return [row.staff_number for row in listing.rows]


def walk(branch, rows, **wanted) -> list[str]:
    """All pages from the first to the last."""
    seen, cursor = [], Cursor()
    while True:
        listing = directory(branch, Wanted(**wanted), cursor, rows=rows)
        seen += numbers(listing)
        if listing.after is None:
            return seen
        cursor = Cursor(after=listing.after)


def walk_back(branch, rows) -> list[str]:
    seen, cursor = [], Cursor(last=True)
    while True:
        listing = directory(branch, None, cursor, rows=rows)
        seen = numbers(listing) + seen
        if listing.before is None:
            return seen
        cursor = Cursor(before=listing.before)


@pytest.mark.parametrize("exact", [1000, 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 9])
def test_pages_hold_everybody_once_in_order_forwards_and_backwards(
    school, rows, exact, monkeypatch
):
    """Both ways of reading a page, few members and many, give the same pages."""
    monkeypatch.setattr(reads, "EXACT", exact)
    committee, _, _, people = school
    everybody = sorted(who.staff_number for who in people)
    assert walk(committee, rows) == walk_back(committee, rows) == everybody


def test_a_node_lists_what_is_below_it_and_nothing_beside(school):
    _, first, second, people = school
    assert numbers(directory(first)) == [who.staff_number for who in people[:4]]
    assert numbers(directory(second)) == [people[4].staff_number]


def test_the_count_is_exact_up_to_its_limit_and_says_so_beyond(school, monkeypatch):
    committee = school[0]
    monkeypatch.setattr(reads, "EXACT", 5)
    assert directory(committee).count_label == "5"
    monkeypatch.setattr(reads, "EXACT", 4)
    assert directory(committee).count_label == "4+"


def test_who_has_left_is_listed_only_when_asked_for(school):
    committee, _, _, people = school
    change_standing(member=people[0], kind="full", state="left", on=clock.today(), reason="died")
    assert people[0].staff_number not in numbers(directory(committee))
    assert numbers(directory(committee, Wanted(state="left"))) == [people[0].staff_number]
    assert len(directory(committee, Wanted(state="any")).rows) == 5


@pytest.mark.parametrize("exact", [1000, 0])
def test_filters_narrow_by_kind_state_post_sign_in_and_text(school, exact, monkeypatch):
    monkeypatch.setattr(reads, "EXACT", exact)
    committee, first, _, people = school
    today = clock.today()
    change_standing(member=people[0], kind="probationary", state="normal", on=today)
    change_standing(member=people[1], kind="full", state="floating", on=today)
    post = Post.objects.create(code="organiser", name="组织委员")
    hold_post(member=people[2], branch=first, post=post, since=make.FOUNDED)
    people[3].last_login = clock.now()
    people[3].name = "欧阳建国"
    people[3].save()
    for wanted, index in (
        (Wanted(kind="probationary"), 0),
        (Wanted(state="floating"), 1),
        (Wanted(post=post.pk), 2),
        (Wanted(signed_in="yes"), 3),
        (Wanted(text="建国"), 3),
        (Wanted(text=people[4].staff_number.lower()), 4),
    ):
        assert numbers(directory(committee, wanted)) == [people[index].staff_number], wanted
    assert len(directory(committee, Wanted(signed_in="no")).rows) == 4


def test_who_only_takes_part_is_listed_at_home_alone(school):
    _, _, second, people = school
    attach_member(member=people[0], branch=second, since=make.FOUNDED)
    assert people[0].staff_number not in numbers(directory(second))


def test_a_row_says_where_what_and_which_post(school):
    _, first, _, people = school
    post = Post.objects.create(code="organiser", name="组织委员")
    hold_post(member=people[0], branch=first, post=post, since=make.FOUNDED)
    row = directory(first).rows[0]
    assert (row.branch, row.kind_label, row.post) == (first.short_name, "正式党员", "组织委员")


def test_past_branches_and_standings_do_not_double_a_row(school):
    from school.members.services.people import transfer_member

    committee, _, second, people = school
    change_standing(member=people[0], kind="full", state="floating", on=clock.today())
    transfer_member(member=people[0], to=second, on=clock.today())
    assert len(directory(committee).rows) == 5


moves = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=8)


@settings(suppress_health_check=list(HealthCheck))
@given(moves=moves, rows=st.integers(1, 4))
def test_every_member_stands_below_one_child_of_the_root(moves, rows):
    """However people were moved: the lists of the children make up the list of the root."""
    from school.members.services.people import transfer_member

    root = make.branch(kind="committee")
    leaves = [make.branch(root) for _ in range(3)]
    people = [make.member(leaves[0], ready=False) for _ in range(6)]
    day = make.FOUNDED
    for who, where in moves:
        day += timedelta(days=1)
        transfer_member(member=people[who], to=leaves[where], on=day)
    below = sorted(number for leaf in leaves for number in walk(leaf, rows))
    assert below == walk(root, rows) == sorted(who.staff_number for who in people)


# -- the page -----------------------------------------------------------------------------------


def test_the_page_costs_the_same_statements_however_many_there_are(client, school):
    committee, first, _, _ = school
    admin = make.officer(committee, role="committee_admin")
    client.force_login(admin)
    address = reverse("members:people", args=[committee.pk])
    client.get(address)
    counts = []
    for more in (0, 20):
        for _ in range(more):
            make.member(first, ready=False)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8


def test_turning_a_page_brings_the_rows_alone(client, school):
    committee, _, _, people = school
    client.force_login(make.officer(committee, role="committee_admin"))
    address = reverse("members:people", args=[committee.pk])
    rows = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert people[0].name in rows and "<html" not in rows
    again = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get(address, headers=again).content.decode()


@pytest.mark.parametrize(
    "query",
    ["?kind=nonsense&state=%00&signed_in=2", "?after=%00&before=zzz", "?post=9e9&col=x&col=kind"]
    + ["?last=1&more=1", "?q=" + "长" * 500],
)
def test_odd_filters_are_left_aside(client, school, query):
    committee = school[0]
    client.force_login(make.officer(committee))
    assert client.get(reverse("members:people", args=[committee.pk]) + query).status_code == 200


def test_a_personal_number_finds_nobody_for_it_would_stand_in_the_address(school):
    committee, first, _, _ = school
    make.member(first, mobile="13912345678")
    for node in (committee, first):
        assert not directory(node, Wanted(text="13912345678")).rows


def test_several_are_sent_at_once_and_who_cannot_be_is_named(client, school):
    from school.members.models import Transfer

    committee, first, second, people = school
    client.force_login(make.officer(first))
    change_standing(member=people[0], kind="full", state="left", on=clock.today(), reason="died")
    body = {"act": "transfer", "member": [p.pk for p in people], "confirmed": "1"}
    address = reverse("members:people_act", args=[first.pk])
    page = client.post(address, body | {"receiver": second.code}, follow=True).content.decode()
    assert Transfer.objects.count() == 3  # not the one who left, not the stranger's
    assert people[0].name in page and "已减员" in page


def test_a_list_is_narrowed_to_a_branch_below_it(client, school):
    committee, first, second, people = school
    client.force_login(make.officer(committee, role="committee_admin"))
    address = reverse("members:people", args=[committee.pk])
    page = client.get(address, {"branch": first.code}).content.decode()
    assert people[0].name in page and people[4].name not in page
    assert "清除筛选" in page and f'value="{first.code}"' in page
    # What is not below it is no choice, and says so; the list stays whole.
    foreign = make.branch(name="外单位党支部", short_name="外支部")
    page = client.get(address, {"branch": foreign.code}).content.decode()
    assert "没有找到这个党组织" in page and people[4].name in page
    leaf = client.get(reverse("members:people", args=[first.pk])).content.decode()
    assert 'name="branch"' not in leaf


def test_the_picker_keeps_to_what_lies_below_the_list(client, school):
    committee, first, second, _people = school
    client.force_login(make.officer(committee, role="committee_admin"))

    def offered(**query) -> set[int]:
        got = client.get(reverse("members:branches"), {"for": "see", **query})
        return {each["pk"] for each in got.json()["branches"]} if got.status_code == 200 else {404}

    general = first.get_parent()
    assert offered(within=general.pk) == {first.pk, second.pk}
    assert general.pk in offered(q="支部") and general.pk not in offered(
        q="支部", within=general.pk
    )
    foreign = make.branch()
    assert offered(within=foreign.pk) == offered(within="x") == {404}


# -- the desk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["committee_admin", "school_admin", "system_admin"])
def test_the_desk_lists_what_the_role_reaches(client, school, role):
    committee, first, second, people = school
    admin = make.officer(first, role=role)
    client.force_login(admin)
    page = client.get(reverse("people:index")).content.decode()
    assert people[0].name in page and people[4].name not in page
    foreign = client.get(reverse("people:index"), {"branch": second.code}).content.decode()
    assert people[4].name not in foreign
    assert client.get(reverse("people:detail", args=[people[4].pk])).status_code == 404
    assert client.get(reverse("people:detail", args=[people[0].pk])).status_code in (200, 302)


def test_who_keeps_accounts_only_does_not_change_records(client, school):
    _, first, _, people = school
    client.force_login(make.officer(first, role="system_admin"))
    body = {"act": "standing", "member": [people[0].pk]}
    assert client.post(reverse("people:act", args=[first.pk]), body).status_code == 403


def test_the_desk_sends_several_at_once(client, school):
    from school.members.models import Transfer

    _, first, second, people = school
    client.force_login(make.officer(first, role="committee_admin"))
    body = {"act": "transfer", "member": [p.pk for p in people], "receiver": second.code}
    address = reverse("people:act", args=[first.pk])
    assert client.post(address, body).status_code == 200
    client.post(address, body | {"confirmed": "1"})
    assert Transfer.objects.count() == 4
