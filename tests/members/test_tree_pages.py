"""The tree in the admin: who sees which part, what a change asks, shows and does."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from school.core import clock
from school.core.models import AuditEntry
from school.members.models import Branch, RoleGrant
from school.members.permissions import scope_for
from school.members.permissions.tree import TreeAccess
from school.members.services.branches import dissolve_branch, move_branch
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role
QUERIES = 20


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def place():
    committee, general, first, second = make.tree()
    other = make.branch(committee, kind=Branch.Kind.GENERAL_BRANCH)
    return {
        "committee": committee,
        "general": general,
        "first": first,
        "second": second,
        "other": other,
        "admin": make.officer(committee, Role.COMMITTEE_ADMIN),
        "lower": make.officer(general, Role.COMMITTEE_ADMIN),
    }


def operate(branch, name):
    return reverse("branches:operate", args=[branch.pk, name])


def confirm(client, address, values):
    """Post for the preview, then what the preview's form would post."""
    preview = client.post(address, values | {"step": "preview"})
    change = preview.context["change"]
    assert change, preview.context["form"].errors
    return client.post(address, values | {"step": "confirm", "digest": change.digest})


# -- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_the_check_agrees_with_what_may_be_placed_for_every_role(role):
    committee, general, first, second = make.tree()
    access = TreeAccess(scope_for(make.officer(general, role)))
    placed = set(access.placeable.values_list("pk", flat=True))
    assert placed == {b.pk for b in Branch.objects.all() if access.may_place(b)}
    managing = role in (Role.COMMITTEE_ADMIN, Role.SYSTEM_ADMIN)
    assert placed == ({first.pk, second.pk} if managing else set())


def test_a_foreign_branch_does_not_exist_in_any_view_of_the_tree(place):
    client = signed_in(place["lower"])
    for branch in (place["committee"], place["other"]):
        addresses = [reverse("branches:detail", args=[branch.pk])]
        addresses += [reverse("branches:level", args=[branch.pk])]
        addresses += [operate(branch, name) for name in ("create", "edit", "move", "dissolve")]
        addresses += [f"{reverse('branches:index')}?at={branch.pk}"]
        for address in addresses:
            assert client.get(address).status_code == 404, address
    assert (
        place["other"].short_name
        not in client.get(reverse("branches:index"), {"q": place["other"].short_name})
        .context["found"]
        .__repr__()
    )


def test_who_only_looks_changes_nothing(place):
    auditor = make.officer(place["committee"], Role.AUDITOR)
    client = signed_in(auditor)
    assert client.get(reverse("branches:index")).status_code == 200
    assert client.get(reverse("branches:detail", args=[place["first"].pk])).status_code == 200
    for name in ("create", "edit", "move", "merge", "split", "dissolve"):
        assert client.get(operate(place["first"], name)).status_code == 403, name


def test_the_own_highest_branch_is_placed_by_those_above(place):
    client = signed_in(place["lower"])
    for name in ("move", "merge", "split", "dissolve"):
        assert client.get(operate(place["general"], name)).status_code == 403, name
    assert client.get(operate(place["general"], "edit")).status_code == 200


def test_nothing_is_moved_out_of_the_own_part(place):
    client = signed_in(place["lower"])
    values = {"parent": place["other"].code, "on": clock.today().isoformat(), "step": "preview"}
    page = client.post(operate(place["first"], "move"), values)
    assert page.context["change"] is None and "parent" in page.context["form"].errors


# -- looking ------------------------------------------------------------------------------------


def test_the_page_counts_people_of_a_branch_and_below(place):
    for _ in range(3):
        make.member(place["first"])
    make.member(place["second"])
    client = signed_in(place["admin"])
    page = client.get(reverse("branches:index"), {"at": place["general"].pk})
    rows = {row.branch.pk: row for row in page.context["level"].rows}
    assert (rows[place["first"].pk].own, rows[place["first"].pk].size.full) == (3, 3)
    page = client.get(reverse("branches:index"), {"at": place["committee"].pk})
    rows = {row.branch.pk: row for row in page.context["level"].rows}
    # The general branch's own administrator is at home in it.
    assert (rows[place["general"].pk].own, rows[place["general"].pk].size.people) == (1, 5)
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    past = client.get(reverse("branches:index"), {"at": place["committee"].pk, "on": yesterday})
    assert [r.size for r in past.context["level"].rows] == [r.size for r in rows.values()]


def test_a_past_day_shows_that_days_tree_and_offers_no_change(place):
    move_branch(branch=place["first"], parent=place["other"], on=clock.today())
    client = signed_in(place["admin"])
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    at = {"at": place["general"].pk, "on": yesterday}
    page = client.get(reverse("branches:index"), at)
    assert place["first"].pk in {row.branch.pk for row in page.context["level"].rows}
    assert not page.context["placed"] and "data-branch-drag" not in page.content.decode()
    page = client.get(reverse("branches:index"), {"at": place["general"].pk})
    assert place["first"].pk not in {row.branch.pk for row in page.context["level"].rows}


def test_dissolved_branches_are_shown_only_when_asked_for(place):
    dissolve_branch(branch=place["second"], on=clock.today())
    client = signed_in(place["admin"])
    at = {"at": place["general"].pk}
    for more, seen in (({}, False), ({"dissolved": "1"}, True)):
        page = client.get(reverse("branches:index"), at | more)
        assert (place["second"] in [row.branch for row in page.context["level"].rows]) == seen
        found = client.get(reverse("branches:index"), {"q": place["second"].code} | more)
        assert bool(found.context["found"]) == seen
    offered = client.get(reverse("members:branches"), {"for": "manage", "q": place["second"].code})
    assert offered.json() == {"branches": []}


def test_a_page_of_the_tree_asks_few_questions(place, django_assert_max_num_queries):
    for _ in range(30):
        make.branch(place["general"])
    client = signed_in(place["admin"])
    for query in ({}, {"at": place["general"].pk}, {"q": "支部"}):
        with django_assert_max_num_queries(QUERIES):
            client.get(reverse("branches:index"), query)
    with django_assert_max_num_queries(QUERIES):
        client.get(reverse("branches:level", args=[place["general"].pk]))
    with django_assert_max_num_queries(QUERIES):
        client.get(reverse("branches:detail", args=[place["general"].pk]))


def test_nonsense_in_the_address_is_refused_with_a_word(place):
    client = signed_in(place["admin"])
    for query in ({"on": "2026-13-45"}, {"on": "0001-01-01"}):
        assert client.get(reverse("branches:index"), query).status_code == 400
    for query in ({"at": "x"}, {"start": "-1"}, {"q": "%_'\""}, {"at": "1", "start": "99999"}):
        assert client.get(reverse("branches:index"), query).status_code in (200, 404)


# -- changing -----------------------------------------------------------------------------------


def test_nothing_is_written_before_the_confirmation(place):
    client = signed_in(place["admin"])
    values = {"parent": place["other"].code, "on": clock.today().isoformat()}
    page = client.post(operate(place["first"], "move"), values | {"step": "preview"})
    assert "由" in page.content.decode() and page.context["parts"]
    dragged = client.get(operate(place["first"], "move"), {"parent": place["other"].code})
    assert dragged.context["change"].digest == page.context["change"].digest
    assert place["first"].placements.count() == 1
    client.post(operate(place["first"], "move"), values | {"step": "back"})
    client.post(operate(place["first"], "move"), values | {"step": "confirm", "digest": "0"})
    assert place["first"].placements.count() == 1


def test_a_preview_that_has_been_overtaken_is_shown_again(place):
    client = signed_in(place["admin"])
    values = {"into": place["second"].code, "on": clock.today().isoformat()}
    shown = client.post(operate(place["first"], "merge"), values | {"step": "preview"})
    make.member(place["first"])
    values |= {"step": "confirm", "digest": shown.context["change"].digest}
    page = client.post(operate(place["first"], "merge"), values)
    assert page.status_code == 200 and "情况有变化" in page.content.decode()
    assert Branch.objects.get(pk=place["first"].pk).dissolved_on is None


def test_every_change_is_done_from_the_pages_alone(place):
    client = signed_in(place["admin"])
    today = clock.today().isoformat()
    names = {"name": "新党支部", "short_name": "新支部", "code": "N1", "kind": "branch"}
    create = operate(place["general"], "create")
    made = confirm(client, create, names | {"parent": place["general"].code, "on": today})
    branch = Branch.objects.get(code="N1")
    assert made.url == reverse("branches:detail", args=[branch.pk])
    confirm(client, operate(branch, "edit"), names | {"short_name": "改名支部"})
    confirm(
        client, operate(branch, "move"), {"parent": f"其他（{place['other'].code}）", "on": today}
    )
    person = make.member(branch, since=clock.today())
    split = names | {"code": "N2", "members": [person.pk], "on": today, "document": "批〔2026〕2号"}
    confirm(client, operate(branch, "split"), split)
    confirm(client, operate(branch, "dissolve"), {"on": today})
    second = Branch.objects.get(code="N2")
    confirm(client, operate(second, "merge"), {"into": place["second"].code, "on": today})
    assert person.memberships.get(until=None).branch == place["second"]
    done = AuditEntry.objects.filter(
        actor_id=place["admin"].pk, action__startswith="members.branch"
    )
    assert sorted(done.values_list("action", flat=True)) == [
        f"members.branch_{what}"
        for what in ("created", "dissolved", "edited", "merged", "moved", "split")
    ]
    page = client.get(reverse("branches:detail", args=[branch.pk])).content.decode()
    assert "撤销" in page and "批〔2026〕2号" in page


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(place):
    client = signed_in(place["admin"])
    values = {"parent": place["first"].code, "on": clock.today().isoformat(), "document": "批1号"}
    page = client.post(operate(place["general"], "move"), values | {"step": "preview"})
    assert "parent" in page.context["form"].errors
    assert "批1号" in page.content.decode()
    taken = {"name": "x", "short_name": "x", "code": place["first"].code, "kind": "branch"}
    page = client.post(operate(place["second"], "edit"), taken | {"step": "preview"})
    assert "code" in page.context["form"].errors


def test_the_preview_says_which_sizes_become_unusual(place):
    client = signed_in(place["admin"])
    people = [make.member(place["first"]) for _ in range(4)]
    today = clock.today().isoformat()
    names = {"name": "新党支部", "short_name": "新支部", "code": "N1", "kind": "branch"}
    values = names | {"members": [people[0].pk], "on": today, "step": "preview"}
    page = client.post(operate(place["first"], "split"), values)
    (line,) = page.context["warnings"]
    assert "新支部" in line and "正式党员 1 名" in line
    values = {"into": place["second"].code, "on": today, "step": "preview"}
    assert not client.post(operate(place["first"], "merge"), values).context["warnings"]


# -- the picker ---------------------------------------------------------------------------------


def test_the_picker_finds_and_browses_within_reach(place):
    client = signed_in(place["lower"])
    address = reverse("members:branches")

    def asked(**query):
        return [row["pk"] for row in client.get(address, query).json()["branches"]]

    assert asked(**{"for": "manage"}) == [place["general"].pk]
    below = asked(**{"for": "manage", "under": place["general"].pk})
    assert below == [place["first"].pk, place["second"].pk]
    assert asked(**{"for": "manage", "q": place["other"].code}) == []
    assert asked(**{"for": "manage", "under": place["committee"].pk}) == [place["general"].pk]
    assert asked(**{"for": "all", "q": place["other"].code}) == [place["other"].pk]


def test_the_picker_is_not_for_plain_members(place):
    plain = signed_in(make.member(place["first"]))
    for reach in ("manage", "all", "", "nonsense"):
        got = plain.get(reverse("members:branches"), {"for": reach, "q": "支部"})
        assert got.status_code == 404


def test_a_typed_code_or_unique_name_is_enough_and_an_ambiguous_one_is_explained():
    from school.members.fields import BranchField

    committee, general, first, second = make.tree()
    Branch.objects.filter(pk__in=[first.pk, second.pk]).update(name="同名党支部")
    field = BranchField(Branch.objects.all())
    for text in (general.code, f" {general.code} ", f"随便（{general.code}）", general.name):
        assert field.clean(text) == general
    for text in ("同名党支部", "没有的", ""):
        with pytest.raises(Exception) as refusal:
            field.clean(text)
        if text == "同名党支部":
            assert first.code in str(refusal.value) and second.code in str(refusal.value)
