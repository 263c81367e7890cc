"""Nobody publishes alone: an instructor submits, a reviewer approves or sends back."""

import pytest
from wagtail.models import TaskState

from courses import permissions
from courses.models import ArticlePage
from courses.selectors import desk
from school.members.models import RoleGrant
from school.members.services.grants import end_grant, grant_role
from tests.factories import courses as make
from tests.factories import members as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    committee, _general, first, second = people.tree()
    section = make.section(committee)
    instructor, reviewer = people.member(first), people.member(second)
    grant_role(member=instructor, role=RoleGrant.Role.INSTRUCTOR, section=section)
    grant_role(member=reviewer, role=RoleGrant.Role.REVIEWER, branch=committee)
    return section, instructor, reviewer


def _rights(page, member):
    return page.permissions_for_user(type(member).objects.get(pk=member.pk))


def test_an_instructor_writes_in_the_section_and_does_not_publish(house):
    section, instructor, _reviewer = house
    rights = _rights(make.section_page(section), instructor)
    assert rights.can_add_subpage()
    assert not rights.can_publish_subpage()
    page = make.article(section, owner=instructor, publish=False)
    own = _rights(page, instructor)
    assert own.can_edit()
    assert own.can_submit_for_moderation()
    assert not own.can_publish()


def test_a_grant_reaches_only_its_section_and_ends(house):
    section, instructor, _reviewer = house
    other = make.section(people.branch())
    assert not _rights(make.section_page(other), instructor).can_add_subpage()
    end_grant(grant=instructor.grants.get())
    assert not _rights(make.section_page(section), instructor).can_add_subpage()


def test_a_reviewer_approves_what_another_submitted(house):
    section, instructor, reviewer = house
    page = make.article(section, owner=instructor, publish=False)
    state = page.get_workflow().start(page, instructor)
    assert permissions.reviewers_of(page) == [reviewer]
    assert list(TaskState.objects.reviewable_by(reviewer)) == [state.current_task_state]
    assert not list(TaskState.objects.reviewable_by(instructor))
    state.current_task_state.approve(user=reviewer)
    assert ArticlePage.objects.get(pk=page.pk).live


def test_sending_back_gives_the_reason_to_the_author(house):
    section, instructor, reviewer = house
    page = make.article(section, owner=instructor, publish=False)
    state = page.get_workflow().start(page, instructor)
    assert [m.state for m in desk.manuscripts(instructor)] == ["review"]
    state.current_task_state.reject(user=reviewer, comment="请补充来源")
    found = desk.manuscripts(instructor)[0]
    assert (found.state, found.reason) == ("returned", "请补充来源")
    assert not ArticlePage.objects.get(pk=page.pk).live


def test_nobody_decides_on_his_own_submission(house):
    section, _instructor, reviewer = house
    page = make.article(section, owner=reviewer, publish=False)
    state = page.get_workflow().start(page, reviewer)
    assert state.current_task_state.task.specific.get_actions(page, reviewer) == []
    assert not list(TaskState.objects.reviewable_by(reviewer))
