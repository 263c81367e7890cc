"""What stands on every page: the policy, frames, types; personal numbers on none of them."""

import pytest
from django.test import Client
from django.urls import reverse

from school.core.models import AuditEntry
from school.members.models import RoleGrant
from tests.factories import members as make
from tests.security import test_permissions as table

pytestmark = pytest.mark.django_db
world = table.world
MOBILE = "13812345678"


def _pages(people, things, who):
    client = Client()
    client.force_login(people[who])
    for name, method in table.TABLE:
        if method == "get":
            yield name, client.get(reverse(name, kwargs=table._arguments(name, things)))


def test_every_page_of_ours_has_the_strict_policy_and_nothing_inline(world):
    people, things = world
    seen = 0
    for name, response in _pages(people, things, table.OWN):
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "default-src 'self'" in policy and "object-src 'none'" in policy, name
        assert response.headers["X-Content-Type-Options"] == "nosniff", name
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN", name
        if response.headers["Content-Type"].startswith("text/html"):
            seen += 1
            text = response.content.decode()
            assert ' style="' not in text and "javascript:" not in text, name
            assert " onclick=" not in text and "<style" not in text, name
            for tag in text.split("<script")[1:]:
                head = tag.split(">", 1)[0]
                assert "src=" in head or 'type="application/json"' in head, name
    assert seen > 20


def test_only_the_admin_may_use_inline_code_and_runs_nothing_from_elsewhere(client):
    instructor = make.officer(make.branch(), RoleGrant.Role.INSTRUCTOR)
    client.force_login(instructor)
    policy = client.get("/admin/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "http:" not in policy and "https:" not in policy and "*" not in policy


def test_no_page_shows_a_mobile_number_in_full(world):
    people, things = world
    from school.members.models import Member

    for person in (people[table.OWN], Member.objects.get(pk=things["member_id"])):
        person.set_mobile(f"1381234{person.pk % 10000:04d}")
        person.save()
    for name, response in _pages(people, things, table.OWN):
        if not response.streaming:
            assert b"1381234" not in response.content, name


def test_the_trail_calls_people_by_masked_names():
    person = make.member(make.branch(), name="欧阳明月", mobile=MOBILE)
    for entry in AuditEntry.objects.all():
        said = f"{entry.subject_label} {entry.actor_label} {entry.fields}"
        assert person.name not in said and MOBILE not in said
    assert AuditEntry.objects.filter(subject_label__contains="欧***").exists()


def test_a_name_or_title_is_never_markup(client):
    home = make.branch(short_name="<b>支部")
    nasty = "<img src=x onerror=alert(1)>"
    secretary = make.officer(home, name=nasty)
    client.force_login(secretary)
    for address in ("/", "/me/", "/me/profile/", "/branch/", f"/branch/{home.pk}/", "/search/"):
        text = client.get(address, {"q": nasty}).content.decode()
        assert "<img src=x" not in text and "<b>支部" not in text, address
    member = reverse("reports:member", args=[home.pk, secretary.pk])
    assert "<img src=x" not in client.get(member).content.decode()
