"""Each change of the tree: what it does, what it leaves alone, and what it refuses."""

from datetime import timedelta

import pytest

from school.core import clock
from school.core.errors import Conflict
from school.core.models import AuditEntry
from school.members.models import (
    Branch,
    BranchPlacement,
    Membership,
    Post,
    PostHolding,
    RoleGrant,
    Section,
    Transfer,
)
from school.members.permissions import scope_for
from school.members.selectors import people, tree
from school.members.selectors.tree_changes import plan_merge, plan_move
from school.members.services.branches import (
    create_branch,
    dissolve_branch,
    edit_branch,
    merge_branch,
    move_branch,
    split_branch,
)
from school.members.services.people import attach_member, enrol_member, hold_post
from school.members.services.transfers import send_transfer
from school.notices.models import Delivery
from tests.factories import members as make

pytestmark = pytest.mark.django_db
Role = RoleGrant.Role
LATER = make.FOUNDED + timedelta(days=90)
NEW = {"code": "NEW", "name": "新设党支部委员会", "short_name": "新设支部", "kind": "branch"}


def one_entry(action: str) -> AuditEntry:
    (entry,) = AuditEntry.objects.filter(action=action)
    return entry


# -- found and edit -----------------------------------------------------------------------------


def test_a_taken_code_is_refused_at_its_field():
    committee, _, first, _ = make.tree()
    with pytest.raises(Conflict) as refusal:
        create_branch(parent=committee, founded_on=LATER, **(NEW | {"code": first.code}))
    assert refusal.value.field == "code"
    with pytest.raises(Conflict):
        edit_branch(branch=committee, code=first.code)


def test_nothing_is_founded_in_the_future_or_before_its_parent():
    committee, *_ = make.tree()
    for day in (clock.today() + timedelta(days=1), make.FOUNDED - timedelta(days=1)):
        with pytest.raises(Conflict) as refusal:
            create_branch(parent=committee, founded_on=day, **NEW)
        assert refusal.value.field == "on"


def test_an_edit_keeps_what_was_before_in_the_trail():
    _, _, first, _ = make.tree()
    old = first.short_name
    edit_branch(branch=first, short_name="机关支部", document="党组发〔2026〕3号")
    first.refresh_from_db()
    assert first.short_name == "机关支部"
    entry = one_entry("members.branch_edited")
    assert entry.fields == {"short_name": [old, "机关支部"], "document": "党组发〔2026〕3号"}


def test_an_edit_without_a_change_is_refused():
    _, _, first, _ = make.tree()
    with pytest.raises(Conflict):
        edit_branch(branch=first, name=first.name)


# -- move ---------------------------------------------------------------------------------------


def test_a_move_dated_back_changes_the_tree_from_that_day():
    committee, general, first, _ = make.tree()
    move_branch(branch=first, parent=committee, on=LATER)
    assert tree.ancestors_on(first.pk, LATER) == [first.pk, committee.pk]
    before = tree.ancestors_on(first.pk, LATER - timedelta(days=1))
    assert before == [first.pk, general.pk, committee.pk]


def test_a_move_is_refused_into_the_future_and_before_the_last_one():
    committee, general, first, _ = make.tree()
    with pytest.raises(Conflict):
        move_branch(branch=first, parent=committee, on=clock.today() + timedelta(days=1))
    move_branch(branch=first, parent=committee, on=LATER)
    with pytest.raises(Conflict) as refusal:
        move_branch(branch=first, parent=general, on=LATER - timedelta(days=1))
    assert str(LATER) in refusal.value.message


def test_a_move_dated_back_to_when_the_new_parent_stood_below_is_refused():
    committee, general, first, _ = make.tree()
    inner = make.branch(first)
    today = clock.today()
    move_branch(branch=inner, parent=committee, on=today)
    with pytest.raises(Conflict) as refusal:
        move_branch(branch=first, parent=inner, on=LATER)
    assert refusal.value.field == "on"
    move_branch(branch=first, parent=inner, on=today)
    assert tree.ancestors_on(first.pk, today) == [first.pk, inner.pk, committee.pk]


def test_the_preview_of_a_move_names_who_begins_and_who_ceases_to_reach_it():
    committee, general, first, _ = make.tree()
    other = make.branch(committee, kind=Branch.Kind.GENERAL_BRANCH)
    losing = make.officer(general, Role.COMMITTEE_ADMIN)
    gaining = make.officer(other, Role.COMMITTEE_ADMIN)
    make.officer(committee, Role.COMMITTEE_ADMIN)
    make.officer(first)
    change = plan_move(branch=first, parent=other, on=clock.today())
    assert [row.member for row in change.loses] == [losing]
    assert [row.member for row in change.gains] == [gaining]
    move_branch(branch=first, parent=other, on=clock.today())
    first.refresh_from_db()
    assert scope_for(gaining).may_see(first) and not scope_for(losing).may_see(first)


def test_a_move_leaves_one_entry_with_the_approval():
    committee, general, first, _ = make.tree()
    move_branch(branch=first, parent=committee, on=LATER, document="批〔2026〕1号")
    entry = one_entry("members.branch_moved")
    assert entry.fields["from"] == general.code and entry.fields["to"] == committee.code
    assert entry.fields["document"] == "批〔2026〕1号"


# -- merge --------------------------------------------------------------------------------------


def test_a_merge_takes_people_and_children_along_and_keeps_the_past():
    committee, general, first, second = make.tree()
    group = make.branch(first, kind=Branch.Kind.GROUP)
    person, leader = make.member(first), make.member(group)
    today = clock.today()
    merge_branch(branch=first, into=second, on=today)
    first.refresh_from_db()
    assert (first.dissolved_on, first.successor) == (today, second)
    assert people.home_branch_id(person.pk, today) == second.pk
    assert people.home_branch_id(person.pk, today - timedelta(days=1)) == first.pk
    assert people.home_branch_id(leader.pk, today) == group.pk
    assert tree.ancestors_on(group.pk, today)[1] == second.pk
    assert tree.ancestors_on(group.pk, today - timedelta(days=1))[1] == first.pk
    assert first.pk not in tree.descendant_ids_on(committee.pk, today)
    assert first.pk in tree.descendant_ids_on(committee.pk, today - timedelta(days=1))
    entry = one_entry("members.branch_merged")
    assert entry.fields["members"] == 1 and entry.fields["children"] == [group.code]


def test_a_merge_ends_posts_and_roles_and_passes_sections_and_transfers_on():
    committee, _, first, second = make.tree()
    secretary = make.officer(first)
    post = Post.objects.create(code="test-secretary", name="书记")
    hold_post(member=secretary, branch=first, post=post, since=LATER)
    section = Section.objects.create(page_id=990001, title="栏目", branch=first)
    traveller = make.member(first)
    sent = Transfer.objects.create(
        member=traveller, sender=first, receiver=committee, sent_at=clock.now(), sent_by=None
    )
    coming = make.member(second)
    circle = Transfer.objects.create(
        member=coming, sender=second, receiver=first, sent_at=clock.now(), sent_by=None
    )
    today = clock.today()
    merge_branch(branch=first, into=second, on=today)
    assert PostHolding.objects.get(member=secretary).until == today
    assert RoleGrant.objects.get(member=secretary).until == today
    for row in (section, sent, circle):
        row.refresh_from_db()
    assert section.branch == second
    assert (sent.sender, sent.state) == (second, Transfer.State.SENT)
    assert circle.state == Transfer.State.WITHDRAWN


def test_a_transfer_that_a_merge_leaves_without_a_way_is_settled_like_any_other():
    """With its moment, its entry in the trail and word to the member."""
    _, general, first, second = make.tree()
    by = make.officer(general, RoleGrant.Role.COMMITTEE_ADMIN)
    who = make.member(second)
    transfer = send_transfer(member=who, to=first, by=None)
    merge_branch(branch=first, into=second, on=clock.today(), by=by)
    transfer.refresh_from_db()
    assert transfer.settled_at and transfer.settled_by == by and "已合并" in transfer.answer
    entry = one_entry("members.transfer_withdrawn")
    assert (entry.subject_id, entry.actor_id) == (str(who.pk), by.pk)
    assert Delivery.objects.filter(member=who, message__title__contains="撤回").exists()


def test_who_takes_part_in_a_merged_branch_goes_on_in_the_other_but_nobody_twice():
    _, general, first, second = make.tree()
    guest, own = make.member(general), make.member(second)
    both, mine = make.member(general), make.member(first)
    for person, branch in ((guest, first), (own, first), (both, first), (both, second)):
        attach_member(member=person, branch=branch, since=LATER)
    attach_member(member=mine, branch=second, since=LATER)
    merge_branch(branch=first, into=second, on=clock.today())
    held = Membership.objects.open().filter(kind="attached")
    assert sorted(held.values_list("member", "branch")) == sorted(
        [(guest.pk, second.pk), (both.pk, second.pk)]
    )


def test_a_merge_into_what_lies_below_or_is_dissolved_is_refused():
    committee, general, first, second = make.tree()
    for branch, into in ((general, first), (general, general), (committee, general)):
        with pytest.raises(Conflict):
            merge_branch(branch=branch, into=into, on=clock.today())
    dissolve_branch(branch=second, on=clock.today())
    with pytest.raises(Conflict):
        merge_branch(branch=first, into=second, on=clock.today())


def test_a_merge_dated_before_somebody_came_is_refused():
    _, _, first, second = make.tree()
    make.member(first, since=LATER)
    with pytest.raises(Conflict) as refusal:
        merge_branch(branch=first, into=second, on=LATER - timedelta(days=1))
    assert str(LATER) in refusal.value.message
    merge_branch(branch=first, into=second, on=LATER)


def test_what_is_previewed_is_what_happens():
    _, _, first, second = make.tree()
    staying = [make.member(first).pk for _ in range(3)]
    change = plan_merge(branch=first, into=second, on=clock.today())
    again = plan_merge(branch=first, into=second, on=clock.today())
    assert change.digest == again.digest
    merge_branch(branch=first, into=second, on=clock.today())
    moved = Membership.objects.open().filter(branch=second).values_list("member", flat=True)
    assert set(moved) == {row.member_id for row in change.homes} == set(staying)


def test_a_preview_that_no_longer_holds_has_another_digest():
    _, _, first, second = make.tree()
    change = plan_merge(branch=first, into=second, on=clock.today())
    make.member(first)
    assert plan_merge(branch=first, into=second, on=clock.today()).digest != change.digest


# -- split --------------------------------------------------------------------------------------


def test_a_split_takes_the_chosen_and_leaves_the_others():
    _, general, first, _ = make.tree()
    group, other = (make.branch(first, kind=Branch.Kind.GROUP) for _ in range(2))
    going, staying = make.officer(first), make.member(first)
    new = split_branch(branch=first, on=LATER, members=[going], children=[group], **NEW)
    assert tree.ancestors_on(new.pk, LATER)[1] == general.pk
    assert people.home_branch_id(going.pk, LATER) == new.pk
    assert people.home_branch_id(staying.pk, LATER) == first.pk
    assert tree.ancestors_on(group.pk, LATER)[1] == new.pk
    assert tree.ancestors_on(other.pk, LATER)[1] == first.pk
    assert not RoleGrant.objects.on(clock.today()).filter(member=going).exists()


def test_a_split_of_nobody_or_of_strangers_is_refused():
    _, _, first, second = make.tree()
    with pytest.raises(Conflict):
        split_branch(branch=first, on=LATER, **NEW)
    with pytest.raises(Conflict):
        split_branch(branch=first, on=LATER, members=[make.member(second)], **NEW)
    assert not Branch.objects.filter(code="NEW").exists()


# -- dissolve -----------------------------------------------------------------------------------


def test_what_still_holds_somebody_is_not_dissolved():
    committee, general, first, second = make.tree()
    make.member(first)
    Section.objects.create(page_id=990002, title="栏目", branch=second)
    for branch in (committee, general, first, second):
        with pytest.raises(Conflict):
            dissolve_branch(branch=branch, on=clock.today())
    assert not Branch.objects.exclude(dissolved_on=None).exists()


def test_a_dissolved_branch_takes_nobody_in_and_changes_no_more():
    committee, _, first, second = make.tree()
    person = make.member(second)
    dissolve_branch(branch=first, on=clock.today())
    first.refresh_from_db()
    with pytest.raises(Conflict):
        enrol_member(staff_number="Z1", name="李明", branch=first, since=clock.today())
    with pytest.raises(Conflict):
        attach_member(member=person, branch=first, since=clock.today())
    for act in (
        lambda: move_branch(branch=first, parent=committee, on=clock.today()),
        lambda: edit_branch(branch=first, name="别名"),
        lambda: dissolve_branch(branch=first, on=clock.today()),
        lambda: move_branch(branch=second, parent=first, on=clock.today()),
        lambda: create_branch(parent=first, founded_on=clock.today(), **NEW),
    ):
        with pytest.raises(Conflict):
            act()


def test_a_dissolved_branch_is_in_the_past_but_not_in_todays_tree():
    committee, general, first, _ = make.tree()
    today = clock.today()
    dissolve_branch(branch=first, on=today)
    assert first not in tree.children_on(general, today)
    assert first in tree.children_on(general, today - timedelta(days=1))
    assert not BranchPlacement.objects.open().filter(branch=first).exists()
    admin = make.officer(committee, Role.COMMITTEE_ADMIN)
    assert scope_for(admin).branch_or_404(first.pk) == first


def test_a_dissolve_dated_before_the_last_member_left_is_refused():
    from school.members.services.people import transfer_member

    _, _, first, second = make.tree()
    person = make.member(first)
    transfer_member(member=person, to=second, on=LATER)
    with pytest.raises(Conflict):
        dissolve_branch(branch=first, on=LATER - timedelta(days=1))
    dissolve_branch(branch=first, on=LATER)
    assert first.dissolved_on == LATER or Branch.objects.get(pk=first.pk).dissolved_on == LATER
