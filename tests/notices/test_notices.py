"""Reminders reach a person once in three days on one matter; the inbox is one's own."""

from datetime import timedelta

import pytest

from school.core import clock
from school.notices.models import Delivery
from school.notices.services import remind, tell
from tests.factories import members as make

pytestmark = pytest.mark.django_db


def _remind(people, by=None, topic="plan:1"):
    return remind(
        member_ids=[p.pk for p in people],
        title="请学习",
        body="还有 3 天",
        path="/tasks/",
        topic=topic,
        by=by,
    )


def test_one_matter_is_called_to_mind_once_in_three_days_whoever_sends():
    home = make.branch()
    people, other = [make.member(home), make.member(home)], make.member(home)
    assert _remind(people[:1]).delivered == 1
    second = _remind(people, by=other)
    assert (second.delivered, second.spared) == (1, 1)
    assert _remind(people[:1], topic="plan:2").delivered == 1
    with clock.at(clock.now() + timedelta(days=3, seconds=1)):
        assert _remind(people).delivered == 2


def test_nobody_left_sends_no_message():
    person = make.member(make.branch())
    _remind([person])
    assert _remind([person]).message is None


def test_the_inbox_shows_only_ones_own_messages(client):
    home = make.branch()
    mine, other = make.member(home), make.member(home)
    tell(member_ids=[mine.pk], title="给我的")
    tell(member_ids=[other.pk], title="给别人的")
    client.force_login(mine)
    page = client.get("/me/inbox/").content.decode()
    assert "给我的" in page and "给别人的" not in page
    client.post("/me/inbox/read/")
    assert Delivery.objects.filter(member=mine, read_at=None).count() == 0
    assert Delivery.objects.filter(member=other, read_at=None).count() == 1
