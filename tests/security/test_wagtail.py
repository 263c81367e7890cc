"""Wagtail's own views: one generic rule instead of a table.

Every address of Wagtail's admin is filled with things of a foreign section. Who has no part in the
admin is led away or refused; who has one changes nothing there, whatever is posted, and opens none
of the forms that would.
"""

import re

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver
from wagtail.models import Collection, Locale, Page, Site, Task, Workflow

from courses.services.access import collection_of
from media.models import Attachment, Picture
from school.members.models import Member, RoleGrant
from tests.factories import courses as pages
from tests.security.test_permissions import (
    AUDITOR,
    EVERYBODY,
    GUEST,
    INSTRUCTOR,
    MEMBER,
    OTHER,
    OWN,
    _patterns,
    world,  # noqa: F401
)

pytestmark = pytest.mark.django_db

OUTSIDERS = (GUEST, MEMBER, OWN, OTHER)
INSIDERS = tuple(who for who in EVERYBODY if who not in OUTSIDERS)

# Of no use to anybody and of no harm: the sign-in redirect, strings, icons, an error page.
OPEN = {"", "wagtailadmin_sprite", "wagtailadmin_javascript_catalog", "wagtailadmin_error_test"}
OPEN |= {"wagtailadmin_login", "wagtailadmin_logout"}
# One's own account in the admin.
OWN_ACCOUNT = {"wagtailadmin_account", "wagtailadmin_dismissibles"}

# Forms that change a page, a file, a collection, a workflow, a site: closed for what is foreign.
FORMS = {
    "wagtailadmin_pages": {"edit", "delete", "unpublish", "move", "copy", "add_subpage", "add"}
    | {"set_privacy", "lock", "unlock", "revisions_revert", "revisions_view", "view_draft"}
    | {"workflow_history", "preview_on_edit", "convert_alias", "history", "usage"},
    "wagtailimages": {"edit", "delete", "edit_multiple", "delete_multiple", "url_generator"},
    "wagtaildocs": {"edit", "delete", "edit_multiple", "delete_multiple"},
    "wagtailadmin_collections": {"index", "add", "edit", "delete", "set_privacy"},
    "wagtailadmin_workflows": {"index", "add", "edit", "disable", "enable", "edit_task", "remove"}
    | {"task_index", "disable_task", "enable_task", "add_task", "select_task_type"},
    "wagtailsites": {"index", "add", "edit", "delete"},
    "wagtailredirects": {"index", "add", "edit", "delete", "start_import"},
}


def _things(first) -> dict[str, object]:
    """What fills the arguments of an address, by the argument's name or the address's area."""
    section = pages.section(first)
    article = pages.article(section)
    folder = collection_of(section)
    picture = Picture.objects.create(
        title="照片", width=1, height=1, collection=folder, file=ContentFile(PIXEL, name="a.gif")
    )
    attachment = Attachment.objects.create(
        title="附件", collection=folder, file=ContentFile(b"x", name="a.txt")
    )
    page_names = ("page_id", "parent_page_id", "page_to_move_id", "page_pk", "destination_id")
    return {
        **dict.fromkeys(page_names, article.pk),
        "revision_id": article.latest_revision_id,
        "image_id": picture.pk,
        "document_id": attachment.pk,
        "doc_id": attachment.pk,
        "collection_id": folder.pk,
        "task_id": Task.objects.first().pk,
        "workflow_pk": Workflow.objects.first().pk,
        "content_type_app_name": "courses",
        "content_type_model_name": "articlepage",
        "app_label": "courses",
        "model_name": "articlepage",
        "app_name": "core",
        "action": "delete",
        "action_name": "approve",
        "object_id": article.pk,
        "filter_spec": "width-1",
        "wagtailadmin_collections": folder.pk,
        "wagtailadmin_workflows": Workflow.objects.first().pk,
        "wagtailsites": Site.objects.first().pk,
        "wagtailimages_chooser": picture.pk,
        "wagtaildocs_chooser": attachment.pk,
        "wagtailadmin_api": article.pk,
    }


PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")


def _addresses(things: dict):
    """(name, address) of every view of Wagtail's in the admin, arguments filled in."""
    for route, name, _view in _patterns(get_resolver()):
        if not route.startswith("admin/") or not name.startswith("wagtail"):
            continue
        if name.startswith("wagtailusers") or "password" in name:
            continue  # unrouted: a test of its own
        area = name.split(":")[0]

        def value(match, area=area) -> str:
            return str(things.get(match[1], things.get(area, 1)))

        address = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", value, route)
        address = re.sub(r"<(?:\w+:)?(\w+)>", value, address)
        yield name, "/" + re.sub(r"[\^$\\]", "", address)


def _state() -> list:
    """Everything that nobody may have changed."""
    return [
        list(
            Page.objects.order_by("pk").values_list(
                "pk", "path", "title", "draft_title", "live", "locked", "slug", "latest_revision_id"
            )
        ),
        list(Picture.objects.order_by("pk").values_list("pk", "title", "collection_id")),
        list(Attachment.objects.order_by("pk").values_list("pk", "title", "collection_id")),
        list(Collection.objects.order_by("pk").values_list("pk", "path", "name")),
        list(Workflow.objects.order_by("pk").values_list("pk", "name", "active")),
        list(Task.objects.order_by("pk").values_list("pk", "name", "active")),
        list(Site.objects.order_by("pk").values_list("pk", "hostname", "root_page_id")),
        list(Locale.objects.values_list("pk", "language_code")),
        list(Member.objects.order_by("pk").values_list("pk", "is_superuser", "is_active")),
        list(Member.groups.through.objects.order_by("pk").values_list("member_id", "group_id")),
        list(RoleGrant.objects.order_by("pk").values_list("pk", "until")),
    ]


def _body(things: dict) -> dict:
    """A form that would change whatever reads it."""
    return {
        "title": "越权",
        "name": "越权",
        "slug": "yuequan",
        "hostname": "x.example",
        "port": 80,
        "action-publish": "1",
        "action-submit": "1",
        "collection": things["collection_id"],
        "new_title": "越权",
        "new_slug": "yuequan",
        "new_parent_page": 1,
        "locked": "true",
        "root_page": 1,
        "old_path": "/x",
        "redirect_link": "/y",
        "restriction_type": "login",
        "body-count": 0,
        "id": things["page_id"],
    }


@pytest.fixture
def foreign(world):  # noqa: F811
    """People, and things of a section in which none of the insiders has a part."""
    people, _ = world
    return people, _things(people[OWN].memberships.get().branch)


@pytest.mark.parametrize("who", OUTSIDERS)
def test_who_has_no_part_in_the_admin_reaches_nothing_of_wagtails(foreign, who):
    people, things = foreign
    client = Client()
    if people[who]:
        client.force_login(people[who])
    before, wrong, seen = _state(), [], 0
    for name, address in _addresses(things):
        if name in OPEN:
            continue
        seen += 1
        for send, more in ((client.get, {}), (client.post, _body(things))):
            status = send(address, more).status_code
            if status not in (301, 302, 403, 404, 405):
                wrong.append((name, address, status))
    assert not wrong and seen > 150
    assert _state() == before


@pytest.mark.parametrize("who", INSIDERS)
def test_nobody_changes_what_lies_in_a_foreign_section(foreign, who):
    people, things = foreign
    client = Client(raise_request_exception=False)
    client.force_login(people[who])
    before, opened, broken = _state(), [], []
    for name, address in _addresses(things):
        if name in OPEN | OWN_ACCOUNT:
            continue
        area, _colon, action = name.partition(":")
        if action in FORMS.get(area, ()):
            status = client.get(address).status_code
            if status not in (301, 302, 403, 404, 405):
                opened.append((name, address, status))
        client.post(address, _body(things))
        if (now := _state()) != before:
            broken.append(name)
            before = now
    assert not broken
    assert not opened


def test_the_rule_notices_who_may(foreign):
    """The same walk by who keeps the section does change it: the rule can fail."""
    people, things = foreign
    from school.members.services.grants import grant_role

    keeper = people[AUDITOR]
    section_branch = people[OWN].memberships.get().branch
    grant_role(member=keeper, role=RoleGrant.Role.SCHOOL_ADMIN, branch=section_branch)
    client = Client(raise_request_exception=False)
    client.force_login(Member.objects.get(pk=keeper.pk))
    assert client.get(f"/admin/pages/{things['page_id']}/edit/").status_code == 200
    assert client.get(f"/admin/documents/edit/{things['document_id']}/").status_code == 200
    before = _state()
    client.post(f"/admin/documents/delete/{things['document_id']}/")
    client.post(f"/admin/images/{things['image_id']}/delete/")
    assert not Attachment.objects.exists() and not Picture.objects.exists()
    assert _state() != before


def test_the_walk_finds_the_views_that_matter(foreign):
    people, things = foreign
    found = {name for name, _address in _addresses(things)}
    wanted = {f"{area}:{action}" for area, actions in FORMS.items() for action in actions}
    assert wanted <= found
    assert INSTRUCTOR in INSIDERS
