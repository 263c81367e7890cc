"""Roles are lent by those who may, hold from day to day, and three of them never meet."""

import ast
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from school.core import clock
from school.core.errors import Conflict, DomainError, NotAllowed, NotFound
from school.core.models import AuditEntry
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import Appointing, Scope
from school.members.role_words import OPENS
from school.members.rules.roles import ADMINISTRATORS, APPOINTS, Held, kept_apart_from, overlap
from school.members.services.appointments import appoint, dismiss
from school.members.services.grants import end_grant, grant_role
from tests.architecture.layers import ROOT
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories.parallel import together

Role = RoleGrant.Role
DAY = timedelta(days=1)


def fresh(member: Member) -> Member:
    return Member.objects.get(pk=member.pk)


# -- rules --------------------------------------------------------------------------------------

days = st.dates(min_value=make.FOUNDED, max_value=make.FOUNDED + 30 * DAY)


@st.composite
def held(draw):
    since = draw(days)
    until = draw(st.none() | days.filter(lambda d: d >= since))
    return Held(draw(st.sampled_from(list(Role))), since, until)


@pytest.mark.pure
@given(held(), held())
def test_two_roles_overlap_when_there_is_a_day_on_which_both_hold(one, other):
    both = [
        d
        for n in range(40)
        if (d := make.FOUNDED + n * DAY)
        and all(h.since <= d and (h.until is None or d < h.until) for h in (one, other))
    ]
    assert overlap(one, other) is overlap(other, one) is bool(both)


@pytest.mark.pure
@given(held(), st.lists(held(), max_size=4))
def test_only_two_different_administrators_on_one_day_are_kept_apart(wanted, others):
    forbidden = {
        o.role
        for o in others
        if {wanted.role, o.role} <= ADMINISTRATORS and o.role != wanted.role and overlap(wanted, o)
    }
    said = kept_apart_from(wanted, others)
    assert said in forbidden if forbidden else said is None


@pytest.mark.pure
def test_every_role_has_words_and_neither_system_administrator_nor_auditor_lends_any():
    assert set(OPENS) == set(Role)
    assert set(APPOINTS) == {Role.SECURITY_ADMIN, Role.COMMITTEE_ADMIN}
    assert APPOINTS[Role.COMMITTEE_ADMIN].isdisjoint(ADMINISTRATORS | {Role.COMMITTEE_ADMIN})


# -- who may lend what --------------------------------------------------------------------------

EXPECTED = {
    Role.SECURITY_ADMIN: set(Role),
    Role.COMMITTEE_ADMIN: {Role.GROUP_LEADER, Role.SECRETARY, Role.INSTRUCTOR},
}


@pytest.mark.django_db
@pytest.mark.parametrize("granter", Role.values)
def test_each_role_lends_exactly_what_it_may_within_its_subtree(granter):
    committee, general, first, second = make.tree()
    by = make.officer(general, granter)
    person, stranger = make.member(first), make.member(committee)
    for role in Role.values:
        if role in EXPECTED.get(granter, ()):
            end_grant(grant=appoint(by=fresh(by), member=person, role=role, branch=second))
            with pytest.raises(NotFound):
                appoint(by=fresh(by), member=person, role=role, branch=committee)
            with pytest.raises(NotFound):
                appoint(by=fresh(by), member=stranger, role=role, branch=second)
        else:
            with pytest.raises(NotAllowed):
                appoint(by=fresh(by), member=person, role=role, branch=second)


@pytest.mark.django_db
@pytest.mark.parametrize("granter", [Role.SECURITY_ADMIN, Role.COMMITTEE_ADMIN])
@pytest.mark.parametrize("role", Role.values)
def test_nobody_gives_a_role_to_himself_whatever_the_door(granter, role):
    _, general, first, _ = make.tree()
    by = make.officer(general, granter)
    with pytest.raises(NotAllowed):
        appoint(by=by, member=fresh(by), role=role, branch=first)
    with pytest.raises(NotAllowed):
        grant_role(by=by, member=fresh(by), role=role, branch=first)


@pytest.mark.django_db
def test_a_superuser_reads_grants_and_lends_none():
    branch = make.branch()
    root, person = make.member(branch, ready=False), make.member(branch)
    Member.objects.filter(pk=root.pk).update(is_superuser=True)
    with pytest.raises(NotAllowed):
        appoint(by=fresh(root), member=person, role=Role.SECRETARY, branch=branch)
    assert Appointing(Scope(fresh(root))).may_look


@pytest.mark.django_db
@pytest.mark.parametrize("one", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("other", sorted(ADMINISTRATORS))
def test_nobody_holds_two_of_the_three_administrators(one, other):
    branch = make.branch()
    person = make.officer(branch, one)
    elsewhere = make.branch(branch)
    if one == other:
        grant_role(member=person, role=other, branch=elsewhere)
        return
    with pytest.raises(Conflict):
        grant_role(member=person, role=other, branch=elsewhere)
    end_grant(grant=person.grants.get())
    grant_role(member=person, role=other, branch=elsewhere)


@pytest.mark.django_db
def test_a_role_of_tomorrow_is_kept_apart_from_one_that_has_no_end():
    branch = make.branch()
    person = make.member(branch)
    start = clock.today() + 5 * DAY
    grant_role(member=person, role=Role.AUDITOR, branch=branch, since=start)
    with pytest.raises(Conflict):
        grant_role(member=person, role=Role.SYSTEM_ADMIN, branch=branch)
    grant_role(member=person, role=Role.SYSTEM_ADMIN, branch=branch, until=start)


@pytest.mark.django_db
def test_a_secretary_cannot_be_named_on_a_section_and_nobody_on_a_dissolved_branch():
    from tests.factories import courses

    branch = make.branch()
    person = make.member(branch)
    with pytest.raises(Conflict):
        grant_role(member=person, role=Role.SECRETARY, section=courses.section(branch))
    Branch.objects.filter(pk=branch.pk).update(dissolved_on=clock.today())
    branch.refresh_from_db()
    with pytest.raises(Conflict):
        grant_role(member=person, role=Role.SECRETARY, branch=branch)


@pytest.mark.django_db
def test_a_post_does_not_lend_a_role():
    from school.members.models import Post
    from school.members.services.people import hold_post

    branch = make.branch()
    person = make.member(branch)
    post, _ = Post.objects.get_or_create(code="secretary", defaults={"name": "书记"})
    hold_post(member=person, branch=branch, post=post, since=clock.today())
    assert not person.grants.exists() and not Scope(fresh(person)).has_board


# -- ending -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_grant_is_ended_with_a_reason_by_who_may_lend_it_and_only_once():
    _, general, first, second = make.tree()
    admin, other = make.officer(general, Role.COMMITTEE_ADMIN), make.officer(second)
    grant = appoint(by=admin, member=make.member(first), role=Role.SECRETARY, branch=first)
    with pytest.raises(NotAllowed):
        dismiss(by=other, grant=grant, reason="x")
    with pytest.raises(Conflict):
        dismiss(by=admin, grant=grant, reason="  ")
    dismiss(by=admin, grant=grant, reason="任期届满")
    grant.refresh_from_db()
    assert (grant.ended_by, grant.end_reason, grant.until) == (admin, "任期届满", clock.today())
    with pytest.raises(Conflict):
        dismiss(by=admin, grant=grant, reason="再次")
    entry = AuditEntry.objects.filter(action="members.role_ended").get()
    assert entry.fields["reason"] == "任期届满" and entry.actor_id == admin.pk


@pytest.mark.django_db
def test_a_security_administrator_does_not_end_own_grant():
    branch = make.branch()
    by = make.officer(branch, Role.SECURITY_ADMIN)
    with pytest.raises(NotAllowed):
        dismiss(by=by, grant=by.grants.get(), reason="x")


# -- the tree moves, the reach of editors follows -------------------------------------------------


@pytest.mark.django_db
def test_a_moved_branch_takes_its_sections_out_of_the_reach_of_the_old_parent():
    from school.members.services.branches import move_branch
    from tests.factories import courses

    root = make.branch(kind=Branch.Kind.COMMITTEE)
    left, right = make.branch(root), make.branch(root)
    moving = make.branch(left)
    page = courses.section_page(courses.section(moving))
    old, new = make.officer(left, Role.REVIEWER), make.officer(right, Role.REVIEWER)

    def may_publish(who) -> bool:
        return page.permissions_for_user(fresh(who)).can_publish()

    assert may_publish(old) and not may_publish(new)
    move_branch(branch=Branch.objects.get(pk=moving.pk), parent=right, on=clock.today())
    assert may_publish(new) and not may_publish(old)


@pytest.mark.django_db
def test_a_school_administrator_of_a_part_publishes_in_that_part_only():
    from tests.factories import courses

    root = make.branch(kind=Branch.Kind.COMMITTEE)
    part, other = make.branch(root), make.branch(root)
    inside, outside = (courses.section_page(courses.section(b)) for b in (part, other))
    local, whole = make.officer(part, Role.SCHOOL_ADMIN), make.officer(root, Role.SCHOOL_ADMIN)
    for who, expected in ((local, [True, False]), (whole, [True, True])):
        got = [p.permissions_for_user(fresh(who)).can_publish() for p in (inside, outside)]
        assert got == expected


# -- one writer -----------------------------------------------------------------------------------

WRITERS = {"school/members/services/grants.py", "courses/services/access.py"}
WRITES = re.compile(
    r"GroupPagePermission|GroupCollectionPermission|GroupApprovalTask|\.user_set\b|\.groups\."
    r"(add|remove|set|clear)|\.permissions\.(add|remove|set|clear)|user_permissions"
)


@pytest.mark.pure
def test_nobody_but_the_grant_service_and_its_effect_writes_groups_and_permissions():
    writers = set()
    for folder in ("school", "courses", "quizzes", "search", "media", "deploy"):
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text()
            imported = {
                name.name
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.ImportFrom) and node.module == "django.contrib.auth.models"
                for name in node.names
            }
            if "Group" in imported or WRITES.search(text):
                writers.add(path.relative_to(ROOT).as_posix())
    assert writers == WRITERS


# -- the console ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_console_names_the_first_security_administrator_of_an_empty_school(capsys):
    options = {"branch": "ROOT", "branch_name": "某公司党委", "name": "张三"}
    with pytest.raises(CommandError):
        call_command("appoint", "90001", "security_admin")
    call_command("appoint", "90001", "security_admin", **options)
    said = capsys.readouterr().out
    person = Member.objects.get(staff_number="90001")
    assert Scope(person).roles == {"security_admin"} and "一次性登录码" in said
    assert (
        AuditEntry.objects.get(action="members.role_granted").fields["reason"].startswith("控制台")
    )
    with pytest.raises(CommandError, match="须由不同的人担任"):
        call_command("appoint", "90001", "auditor")
    call_command("appoint", "90002", "system_admin", name="李四")
    assert Scope(Member.objects.get(staff_number="90002")).roles == {"system_admin"}


@pytest.mark.django_db
def test_the_console_names_administrators_only():
    branch = make.branch()
    person = make.member(branch)
    with pytest.raises(CommandError):
        call_command("appoint", person.staff_number, "secretary")
    assert not person.grants.exists()


# -- at the same time -----------------------------------------------------------------------------


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A member other connections see, taken away by hand: a flush would take Wagtail's rows."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        branch = make.branch()
        person = make.member(branch)
        try:
            yield person, branch
        finally:
            for rows in (person.grants, person.memberships, person.standings, branch.placements):
                rows.all().delete()
            trail.forget_after(last)
            Member.objects.get(pk=person.pk).delete()
            Branch.objects.get(pk=branch.pk).delete()


def test_two_administrators_roles_at_once_leave_one(committed):
    person, branch = committed
    done = []

    def lend(role):
        try:
            grant_role(member=person, role=role, branch=branch)
        except DomainError:
            done.append(False)
        else:
            done.append(True)

    together(*(lambda r=r: lend(r) for r in (Role.AUDITOR, Role.SYSTEM_ADMIN)))
    assert sorted(done) == [False, True]
    assert person.grants.count() == 1


# -- the desk ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_list_of_grants_asks_few_questions(client, django_assert_max_num_queries):
    committee, _general, first, second = make.tree()
    client.force_login(make.officer(committee, Role.SECURITY_ADMIN))
    address = reverse("roles:index")
    client.get(address)  # what is kept for the process is read once
    for _ in range(10):
        make.officer(first, Role.SECRETARY)
        make.officer(second, Role.GROUP_LEADER)
    with django_assert_max_num_queries(20) as few:
        page = client.get(address).content.decode()
    assert page.count("roles__state--") >= 21
    for _ in range(20):
        make.officer(second, Role.SECRETARY)
    with django_assert_max_num_queries(len(few)):
        client.get(address)
