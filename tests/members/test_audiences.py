"""Who is in an audience: both directions give the same answer."""

import pytest

from school.members.models import Audience, AudienceRule, Member, MemberStanding, Post
from school.members.selectors import audiences
from school.members.services.people import hold_post
from tests.factories import members as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    committee, general, first, second = make.tree()
    post = Post.objects.create(code="secretary", name="书记")
    everyone = [
        make.member(first),
        make.member(first, kind=MemberStanding.Kind.PROBATIONARY),
        make.member(second),
    ]
    hold_post(member=everyone[0], branch=first, post=post, since=make.FOUNDED)
    return first, second, post, everyone


def _rule_audience(*rules) -> Audience:
    audience = Audience.objects.create(name="对象", scope=Audience.Scope.RULES)
    for values in rules:
        AudienceRule.objects.create(audience=audience, **values)
    return audience


def _both_ways(audience) -> set[int]:
    members = set(audiences.audience_members(audience).values_list("pk", flat=True))
    asked = {p.pk for p in Member.objects.all() if audiences.in_audience(audience, p)}
    assert members == asked
    return members


def test_parts_of_a_rule_must_all_fit(people):
    first, _, post, everyone = people
    assert _both_ways(_rule_audience({"branch": first, "post": post})) == {everyone[0].pk}


def test_rules_add_up_and_exclusions_win(people):
    first, second, _, everyone = people
    audience = _rule_audience(
        {"branch": first},
        {"branch": second},
        {"kind": "probationary", "excludes": True},
    )
    assert _both_ways(audience) == {everyone[0].pk, everyone[2].pk}


def test_an_audience_without_rules_has_nobody(people):
    assert _both_ways(_rule_audience()) == set()


def test_guests_see_only_what_is_public():
    assert audiences.audience_tokens(None) == ["public"]
