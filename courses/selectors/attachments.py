"""Who may fetch an attachment: readers of a published page that offers it, and its keepers."""

import re

from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Page, ReferenceIndex
from wagtail.permissions import policy_registry

from courses import permissions
from courses.models.base import AudiencePage, BodyMixin
from media.models import Attachment
from school.members.models import Member

_LINK = re.compile(r"<a\b[^>]*>")
_LINKED = re.compile(r'\bid="(\d+)"')


def may_fetch(attachment: Attachment, reader: Member | AnonymousUser) -> bool:
    """Whether a reader may have the file.

    Rights on the collection (or on the own upload) are enough. Everybody else needs a published
    page that offers the attachment and whose audience the reader is in: a guest a public one.
    """
    policy = policy_registry.get_by_type(Attachment)
    if reader.is_authenticated and policy.user_has_any_permission_for_instance(
        reader, ["change", "delete", "choose"], attachment
    ):
        return True
    return any(
        permissions.may_read(page, reader) and attachment.pk in offered(page)
        for page in _pages_with(attachment)
    )


def _pages_with(attachment: Attachment) -> list[AudiencePage]:
    """Published pages that mention it, in what is published or in a later draft."""
    rows = ReferenceIndex.get_references_to(attachment).filter(
        base_content_type=ContentType.objects.get_for_model(Page)
    )
    ids = {int(pk) for pk in rows.values_list("object_id", flat=True)}
    pages = Page.objects.live().filter(pk__in=ids).specific()
    return [page for page in pages if isinstance(page, AudiencePage)]


def offered(page: AudiencePage) -> set[int]:
    """Attachments that the published body of a page offers: as blocks, and linked in the text."""
    found: set[int] = set()
    if not isinstance(page, BodyMixin):
        return found
    for block in page.body:
        if block.block_type == "attachment" and block.value:
            found.add(block.value.pk)
        elif block.block_type == "paragraph":
            for tag in _LINK.findall(block.value.source):
                if 'linktype="document"' in tag and (linked := _LINKED.search(tag)):
                    found.add(int(linked[1]))
    return found
