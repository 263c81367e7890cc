"""提醒所选: only unfinished members of one's own branch, and each once in three days."""

from datetime import timedelta

import pytest
from django.urls import reverse

from school.core import clock
from school.notices.models import Delivery
from tests.reports.test_boards import school, sign_in  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def reminded(client, school, *people):  # noqa: F811
    address = reverse("reports:remind", args=[school["leaf"].pk]) + "?filter=open"
    return client.post(address, {"member": [who.pk for who in people]}, follow=True)


def test_the_chosen_are_reminded_and_who_has_finished_is_not(client, school):  # noqa: F811
    finished, begun, untouched, left_out, *_rest = school["people"]
    sign_in(client, school["secretary"])
    answer = reminded(client, school, finished, begun, untouched, school["stranger"])
    assert "已提醒 2 人。" in answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith("filter=open")
    assert set(Delivery.objects.values_list("member_id", flat=True)) == {begun.pk, untouched.pk}
    assert school["plan"].title in Delivery.objects.first().message.title
    client.force_login(begun, backend="school.members.backends.MemberBackend")
    assert school["plan"].title in client.get(reverse("notices:inbox")).content.decode()
    assert left_out.pk not in Delivery.objects.values_list("member_id", flat=True)


def test_within_three_days_nobody_is_reminded_again(client, school):  # noqa: F811
    begun, untouched = school["people"][1:3]
    sign_in(client, school["secretary"])
    reminded(client, school, begun)
    again = reminded(client, school, begun, untouched).content.decode()
    assert "已提醒 1 人，1 人 3 天内已提醒过，不再重复。" in again
    with clock.at(clock.now() + timedelta(days=3, minutes=1)):
        assert "已提醒 1 人。" in reminded(client, school, begun).content.decode()


def test_nobody_chosen_is_refused_with_a_word(client, school):  # noqa: F811
    sign_in(client, school["secretary"])
    answer = reminded(client, school)
    assert answer.status_code == 400
    assert "请先选择" in answer.content.decode()


def test_the_boxes_stand_only_before_the_unfinished(client, school):  # noqa: F811
    sign_in(client, school["secretary"])
    address = reverse("reports:board", args=[school["leaf"].pk])
    text = client.get(address).content.decode()
    assert f'name="member" value="{school["people"][1].pk}"' in text
    assert f'name="member" value="{school["people"][0].pk}"' not in text
    assert 'name="member"' not in client.get(address, {"on": "2026-04-01"}).content.decode()
