"""Sections: a page of the tree and the branch that answers for it."""

from django.db import transaction

from courses.models import HomePage, SectionPage
from courses.services import access
from school.core import audit
from school.members.models import Branch, Member, Section


@transaction.atomic
def create_section(
    *, home: HomePage, title: str, slug: str, summary: str, branch: Branch, by: Member | None = None
) -> Section:
    """A published section page and its row; grants on the branch reach it at once."""
    page = SectionPage(title=title, slug=slug, summary=summary, show_in_menus=True)
    home.add_child(instance=page)
    page.save_revision(user=by).publish()
    section = Section.objects.create(page_id=page.pk, title=title, branch=branch)
    access.sync_branch(branch)
    audit.record("courses.section_created", actor=by, subject=section)
    return section
