"""What is entered twice at the same instant is there once, and nobody meets an error page."""

import pytest

from school.core import clock
from school.core.errors import Conflict
from school.members.models import Member, OneTimeCode, Post
from school.members.services.codes import issue_code
from school.members.services.people import attach_member, enrol_member, hold_post
from tests.factories import audit as trail
from tests.factories import members as make
from tests.factories.parallel import together

AT_ONCE = 4


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """A branch, another and a member other connections see, taken away by hand."""
    with django_db_blocker.unblock():
        last = trail.last_entry()
        home, other = make.branch(), make.branch()
        who = make.member(home)
        post = Post.objects.create(code="at-once", name="组织委员")
        try:
            yield who, other, post
        finally:
            OneTimeCode.objects.filter(member=who).delete()
            for person in Member.objects.filter(memberships__branch__in=(home, other)).distinct():
                for rows in (person.posts, person.memberships, person.standings):
                    rows.all().delete()
                Member.objects.get(pk=person.pk).delete()
            post.delete()
            for branch in (home, other):
                branch.placements.all().delete()
                type(branch).objects.get(pk=branch.pk).delete()
            trail.forget_after(last)


def test_who_is_attached_twice_at_once_is_attached_once(committed):
    who, other, _post = committed
    day = clock.today()
    together(*[lambda: attach_member(member=who, branch=other, since=day)] * AT_ONCE)
    assert who.memberships.filter(kind="attached", until=None).count() == 1


def test_who_takes_a_post_twice_at_once_holds_it_once(committed):
    who, other, post = committed
    day = clock.today()
    together(*[lambda: hold_post(member=who, branch=other, post=post, since=day)] * AT_ONCE)
    assert who.posts.filter(until=None).count() == 1


def test_of_codes_issued_at_once_one_opens(committed):
    who, _other, _post = committed
    together(*[lambda: issue_code(member=who, by=None)] * AT_ONCE)
    codes = OneTimeCode.objects.filter(member=who)
    assert (codes.count(), codes.filter(revoked_at=None).count()) == (AT_ONCE, 1)


def test_of_two_who_enrol_one_staff_number_at_once_one_is_told(committed):
    _who, other, _post = committed
    outcomes = []

    def enrol():
        try:
            enrol_member(staff_number="ONCE1", name="新来的", branch=other, since=clock.today())
            outcomes.append("done")
        except Conflict:
            outcomes.append("told")

    together(*[enrol] * AT_ONCE)
    assert sorted(outcomes) == ["done"] + ["told"] * (AT_ONCE - 1)
