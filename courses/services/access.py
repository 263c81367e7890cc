"""Role grants as Wagtail permissions: one group for each (role, place), kept in step.

An effect of the grant service (``school.members.registry``); nothing else writes page or
collection permissions.

Each section has a collection of its own for the files of its pages. Pictures and attachments that
everybody may choose lie in one shared collection; the root collection is for those who run the
whole school.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from courses.models import HomePage
from school.core import clock
from school.members.models import Branch, RoleGrant, Section

Role = RoleGrant.Role
SHARED = "公共素材"

# ``add`` lets an instructor write and edit own pages and submit them; it does not publish.
PAGE_PERMISSIONS = {
    Role.INSTRUCTOR: ("add_page",),
    Role.REVIEWER: ("change_page", "publish_page"),
    Role.SCHOOL_ADMIN: ("add_page", "change_page", "publish_page", "lock_page", "unlock_page"),
}
FILE_PERMISSIONS = {
    Role.INSTRUCTOR: ("add", "choose"),
    Role.REVIEWER: ("choose",),
    Role.SCHOOL_ADMIN: ("add", "change", "delete", "choose"),
}
# Wagtail asks for the permissions of its own models, whatever the host's models are called.
FILE_MODELS = (("wagtailimages", "image"), ("wagtaildocs", "document"), ("media", "video"))


@transaction.atomic
def sync_grant(grant: RoleGrant, active: bool) -> None:
    """Let a grant's group hold exactly its members and permissions. Other roles are ignored.

    Args:
        grant: the grant that began or ended.
        active: not needed: what holds today is read from the grants themselves.
    """
    if grant.role not in PAGE_PERMISSIONS:
        return
    group, _made = Group.objects.get_or_create(name=group_name(grant))
    holders = RoleGrant.objects.on(clock.today()).filter(
        role=grant.role, section=grant.section, branch=grant.branch
    )
    group.user_set.set(holders.values_list("member_id", flat=True))
    _set_pages(group, grant)
    _set_collections(group, grant)


def group_name(grant: RoleGrant) -> str:
    """A unique name that outlives renaming: role and number of the place."""
    letter = "s" if grant.section_id else "b"
    return f"{Role(grant.role).label} ({letter}{grant.section_id or grant.branch_id})"


def sections_of(grant: RoleGrant) -> list[Section]:
    """Sections a grant reaches: its own, or all whose branch lies in its subtree."""
    if grant.section_id:
        return [grant.section]
    return list(Section.objects.filter(branch__path__startswith=grant.branch.path))


def collection_of(section: Section) -> Collection:
    """The collection for the files of a section's pages; made on first use."""
    known = Collection.objects.filter(pk=section.collection_id).first()
    if known is None:
        known = Collection.get_first_root_node().add_child(name=section.title)
        section.collection_id = known.pk
        section.save(update_fields=["collection_id"])
    return known


def shared_collection() -> Collection:
    """Files that all who write may choose; made on first use."""
    root = Collection.get_first_root_node()
    return root.get_children().filter(name=SHARED).first() or root.add_child(name=SHARED)


def _runs_everything(grant: RoleGrant) -> bool:
    return grant.role == Role.SCHOOL_ADMIN and bool(grant.branch) and grant.branch.is_root()


def _set_pages(group: Group, grant: RoleGrant) -> None:
    if _runs_everything(grant):
        pages = list(HomePage.objects.all())
    else:
        pages = list(Page.objects.filter(pk__in=[s.page_id for s in sections_of(grant)]))
    wanted = {
        (page.pk, permission.pk)
        for page in pages
        for permission in _permissions("wagtailcore", PAGE_PERMISSIONS[grant.role])
    }
    rows = GroupPagePermission.objects.filter(group=group)
    present = {(row.page_id, row.permission_id): row for row in rows}
    for key, row in present.items():
        if key not in wanted:
            row.delete()
    for page_id, permission_id in sorted(wanted - set(present)):
        GroupPagePermission.objects.create(
            group=group, page_id=page_id, permission_id=permission_id
        )


def _set_collections(group: Group, grant: RoleGrant) -> None:
    wanted = _collection_permissions(grant)
    rows = GroupCollectionPermission.objects.filter(group=group)
    present = {(row.collection_id, row.permission_id): row for row in rows}
    for key, row in present.items():
        if key not in wanted:
            row.delete()
    for collection_id, permission_id in sorted(wanted - set(present)):
        GroupCollectionPermission.objects.create(
            group=group, collection_id=collection_id, permission_id=permission_id
        )


def _collection_permissions(grant: RoleGrant) -> set[tuple[int, int]]:
    """(collection, permission) pairs of a grant."""
    own = _file_permissions(FILE_PERMISSIONS[grant.role])
    if _runs_everything(grant):
        return {(Collection.get_first_root_node().pk, permission.pk) for permission in own}
    pairs = {(collection_of(s).pk, p.pk) for s in sections_of(grant) for p in own}
    return pairs | {(shared_collection().pk, p.pk) for p in _file_permissions(("choose",))}


def _file_permissions(verbs: tuple[str, ...]) -> list[Permission]:
    return [
        permission
        for app_label, model in FILE_MODELS
        for permission in _permissions(app_label, tuple(f"{verb}_{model}" for verb in verbs))
    ]


def _permissions(app_label: str, codenames: tuple[str, ...]) -> list[Permission]:
    return list(
        Permission.objects.filter(content_type__app_label=app_label, codename__in=codenames)
    )


@transaction.atomic
def sync_branch(branch: Branch) -> None:
    """A section was added to a branch: grants on the branch and above it reach the section."""
    above = [branch.path[: end + 4] for end in range(0, len(branch.path), 4)]
    grants = RoleGrant.objects.on(clock.today()).filter(
        branch__path__in=above, role__in=PAGE_PERMISSIONS
    )
    for grant in grants.select_related("branch", "section"):
        sync_grant(grant, True)


@transaction.atomic
def sync_below(branch: Branch) -> None:
    """A branch has a new place in the tree: whoever reached its sections may no longer, or may now.

    Nothing to do without sections below it, which is the rule.
    """
    if not Section.objects.filter(branch__path__startswith=branch.path).exists():
        return
    grants = RoleGrant.objects.on(clock.today()).filter(role__in=PAGE_PERMISSIONS, section=None)
    for grant in grants.select_related("branch"):
        sync_grant(grant, True)
