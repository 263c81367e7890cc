"""Who may read, and who reviews. Each question has a check and a queryset filter that agree."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from wagtail.models import Page

from school.core import clock
from school.members.models import Member, RoleGrant, Section
from school.members.selectors import audiences


def may_read(page, reader: Member | AnonymousUser) -> bool:
    """Whether a reader is in the page's audience."""
    return audiences.in_audience(page.audience, reader)


def readable(pages: QuerySet, reader: Member | AnonymousUser) -> QuerySet:
    """Pages (of one type with an audience) that a reader may read."""
    return pages.filter(audiences.visible_q(reader))


def review_paths(member: Member) -> list[str]:
    """Tree paths of the sections a member reviews today; kept on the object for the request."""
    known = getattr(member, "_review_paths", None)
    if known is None:
        known = _section_paths(member, RoleGrant.Role.REVIEWER)
        member._review_paths = known
    return known


def _section_paths(member: Member, role: str) -> list[str]:
    grants = RoleGrant.objects.on(clock.today()).filter(member=member, role=role)
    reached = Q(pk__in=())
    for section_id, path in grants.values_list("section_id", "branch__path"):
        reached |= Q(pk=section_id) if section_id else Q(branch__path__startswith=path)
    page_ids = Section.objects.filter(reached).values("page_id")
    return list(Page.objects.filter(pk__in=page_ids).values_list("path", flat=True))


def may_review(page: Page, member: Member) -> bool:
    """Whether a member may decide on what is submitted for this page."""
    if not member.is_active:
        return False
    return member.is_superuser or any(page.path.startswith(p) for p in review_paths(member))


def review_pages(member: Member) -> QuerySet[Page]:
    """The filter that agrees with ``may_review``."""
    if member.is_superuser:
        return Page.objects.all()
    reached = Q(pk__in=())
    for path in review_paths(member):
        reached |= Q(path__startswith=path)
    return Page.objects.filter(reached)


def reviewers_of(page: Page) -> list[Member]:
    """Who may decide on a page today, by name: reviewers of its section or of a branch above."""
    paths = [page.path[: end + 4] for end in range(0, len(page.path), 4)]
    section_pages = Page.objects.filter(path__in=paths).values("pk")
    sections = list(Section.objects.filter(page_id__in=section_pages).select_related("branch"))
    reached = Q(pk__in=())
    for section in sections:
        path = section.branch.path
        above = [path[: end + 4] for end in range(0, len(path), 4)]
        reached |= Q(section=section) | Q(branch__path__in=above)
    grants = (
        RoleGrant.objects.on(clock.today())
        .filter(reached, role=RoleGrant.Role.REVIEWER, member__is_active=True)
        .select_related("member")
    )
    return sorted({grant.member for grant in grants}, key=lambda member: member.name)
