"""An attachment goes where a published page that offers it goes, and to who keeps it."""

import pytest
from django.core.files.base import ContentFile

from courses.services.access import collection_of
from media.models import Attachment
from school.members.models import Audience, RoleGrant
from school.members.services.grants import end_grant, grant_role
from tests.factories import courses as make
from tests.factories import members as people

pytestmark = pytest.mark.django_db
SECRET = b"for the branch only"


@pytest.fixture
def attachment():
    return Attachment.objects.create(title="附件", file=ContentFile(SECRET, name="form.txt"))


def _got(client, attachment, who=None) -> int:
    client.logout()
    if who:
        client.force_login(who)
    response = client.get(attachment.url)
    if response.status_code == 302:
        assert response.url.startswith("/sign-in/?next=/documents/")
    if response.status_code == 200:
        assert b"".join(response.streaming_content) == SECRET
    return response.status_code


def _as_block(attachment):
    return ("attachment", attachment)


def _as_link(attachment):
    return ("paragraph", f'<p><a linktype="document" id="{attachment.pk}">表格</a></p>')


@pytest.mark.parametrize("shape", [_as_block, _as_link])
def test_it_is_served_to_the_audience_of_the_page_that_offers_it(client, attachment, shape):
    root = people.branch()
    here, there = people.branch(root), people.branch(root)
    audience = make.audience_of(here)
    make.article(make.section(root), body=[shape(attachment)], audience=audience)
    assert _got(client, attachment, people.member(here)) == 200
    assert _got(client, attachment, people.member(there)) == 404
    assert _got(client, attachment) == 302


def test_a_page_for_all_members_offers_it_to_members_and_a_public_one_to_guests(client, attachment):
    branch = people.branch()
    page = make.article(make.section(branch), body=[_as_block(attachment)])
    assert _got(client, attachment, people.member(branch)) == 200
    assert _got(client, attachment) == 302
    public = Audience.objects.filter(scope=Audience.Scope.PUBLIC).first()
    page.audience = public or Audience.objects.create(name="公开", scope=Audience.Scope.PUBLIC)
    page.save_revision().publish()
    assert _got(client, attachment) == 200


def test_what_no_published_page_offers_is_nobodys_but_its_keepers(client, attachment):
    branch = people.branch()
    section = make.section(branch)
    draft = make.article(section, body=[_as_block(attachment)], publish=False)
    member = people.member(branch)
    assert _got(client, attachment, member) == 404
    keeper = people.officer(branch, RoleGrant.Role.SCHOOL_ADMIN)
    assert _got(client, attachment, keeper) == 200
    draft.get_latest_revision().publish()
    assert _got(client, attachment, member) == 200
    draft.refresh_from_db()
    draft.unpublish()
    assert _got(client, attachment, member) == 404


def test_a_draft_of_a_published_page_offers_nothing_yet(client, attachment):
    branch = people.branch()
    page = make.article(make.section(branch))
    page.body = [_as_block(attachment)]
    page.save_revision()
    assert _got(client, attachment, people.member(branch)) == 404


def test_an_instructor_has_files_of_own_sections_and_not_of_others(client, attachment):
    root = people.branch()
    mine, other = make.section(root), make.section(root)
    instructor = people.member(root)
    grant = grant_role(member=instructor, role=RoleGrant.Role.INSTRUCTOR, section=mine)
    attachment.collection = collection_of(other)
    attachment.save()
    assert _got(client, attachment, instructor) == 404
    attachment.collection = collection_of(mine)
    attachment.save()
    assert _got(client, attachment, instructor) == 200
    end_grant(grant=grant)
    assert _got(client, attachment, instructor) == 404


@pytest.mark.parametrize("model", ["image", "document", "video"])
def test_files_are_added_to_own_sections_and_changed_by_their_keepers_only(model):
    from wagtail.documents import get_document_model
    from wagtail.images import get_image_model
    from wagtail.permissions import policy_registry

    from media.models import Video

    models = {"image": get_image_model(), "document": get_document_model(), "video": Video}
    policy = policy_registry.get_by_type(models[model])
    root = people.branch()
    mine, other = make.section(root), make.section(root)
    instructor = people.member(root)
    grant_role(member=instructor, role=RoleGrant.Role.INSTRUCTOR, section=mine)
    whole = people.officer(root, RoleGrant.Role.SCHOOL_ADMIN)
    may_add = policy.collections_user_has_permission_for(instructor, "add")
    assert list(may_add) == [collection_of(mine)]
    assert collection_of(other) in policy.collections_user_has_permission_for(whole, "change")
    # What Wagtail calls a right to change or delete here is one to the own uploads.
    for verb in ("add", "change", "delete", "choose"):
        assert collection_of(other) not in policy.collections_user_has_permission_for(
            instructor, verb
        )
