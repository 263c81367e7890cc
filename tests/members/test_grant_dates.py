"""Grants that begin and end: groups and reach follow the dates by themselves."""

import contextlib
from datetime import datetime, time

import pytest
from django.db.models import F

from school.core import clock
from school.core.errors import Conflict
from school.core.models import AuditEntry
from school.members.models import RoleGrant
from school.members.permissions import Scope
from school.members.services.grants import end_grant, follow_dates, grant_role
from tests.factories import members as make
from tests.members.test_grants import DAY, Role, fresh


@pytest.fixture
def on_day():
    with contextlib.ExitStack() as stack:
        yield lambda day: stack.enter_context(
            clock.at(datetime.combine(day, time(12), clock.LOCAL))
        )


@pytest.mark.django_db
def test_groups_follow_the_dates_of_grants_by_themselves(on_day):
    from tests.factories import courses

    branch = make.branch()
    section = courses.section(branch)
    page = courses.section_page(section)
    person = make.member(branch)
    today = clock.today()
    grant = grant_role(
        member=person,
        role=Role.INSTRUCTOR,
        section=section,
        since=today + DAY,
        until=today + 3 * DAY,
    )

    def may_write() -> bool:
        return page.permissions_for_user(fresh(person)).can_add_subpage()

    assert not may_write() and follow_dates() == 0
    on_day(today + DAY)
    assert follow_dates() == 1 and may_write() and follow_dates() == 0
    on_day(today + 3 * DAY)
    assert not Scope(fresh(person)).roles
    assert follow_dates() == 1 and not may_write()
    assert not fresh(person).has_perm("wagtailadmin.access_admin")
    grant.refresh_from_db()
    assert not grant.in_force and follow_dates() == 0
    actions = set(
        AuditEntry.objects.filter(action__startswith="members.role").values_list("action")
    )
    assert {("members.role_began",), ("members.role_expired",)} <= actions


@pytest.mark.django_db
def test_a_grant_ended_before_its_first_day_never_begins(on_day):
    branch = make.branch()
    today = clock.today()
    grant = grant_role(
        member=make.member(branch), role=Role.SECRETARY, branch=branch, since=today + DAY
    )
    end_grant(grant=grant)
    on_day(today + DAY)
    assert follow_dates() == 0 and not Scope(fresh(grant.member)).roles


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("since", "until", "agreed"), [(0, 0, False), (2, 1, False), (1, 9, False), (20, 30, True)]
)
def test_dates_of_one_role_at_one_place_do_not_overlap(since, until, agreed):
    branch = make.branch()
    person = make.member(branch)
    today = clock.today()
    grant_role(member=person, role=Role.SECRETARY, branch=branch, until=today + 10 * DAY)
    try:
        grant_role(
            member=person,
            role=Role.SECRETARY,
            branch=branch,
            since=today + since * DAY,
            until=today + until * DAY,
        )
    except Conflict:
        assert not agreed
    else:
        assert agreed


@pytest.mark.django_db
def test_who_leaves_loses_roles_with_an_end_and_roles_to_come():
    from school.members.models import MemberStanding
    from school.members.services.people import change_standing

    branch = make.branch()
    person, today = make.member(branch), clock.today()
    grant_role(member=person, role=Role.SECRETARY, branch=branch, until=today + 9 * DAY)
    grant_role(member=person, role=Role.GROUP_LEADER, branch=branch, since=today + DAY)
    change_standing(
        member=person,
        kind=MemberStanding.Kind.FULL,
        state=MemberStanding.State.LEFT,
        on=today,
        reason=MemberStanding.Reason.DIED,
    )
    assert (
        not RoleGrant.objects.unfinished(today + DAY)
        .filter(member=person)
        .exclude(until=F("since"))
    )
