"""Who may do what with videos: Wagtail's collection policy, check and filter in one object."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Collection
from wagtail.permission_policies.collections import CollectionOwnershipPermissionPolicy

from media.models import Video
from school.core.errors import NotAllowed, NotFound

policy = CollectionOwnershipPermissionPolicy(Video, owner_field_name="uploaded_by")

Person = Model | AnonymousUser


def visible(person: Person) -> QuerySet[Video]:
    """Videos a person sees in the admin: own ones and those of collections entrusted to them."""
    return policy.instances_user_has_any_permission_for(person, ["change", "delete", "choose"])


def collections_for_upload(person: Person) -> QuerySet[Collection]:
    """Collections a person may upload into."""
    return policy.collections_user_has_permission_for(person, "add")


def require_upload(person: Person, collection: Collection) -> None:
    """Raises NotAllowed unless the person may upload into the collection."""
    if not collections_for_upload(person).filter(pk=collection.pk).exists():
        raise NotAllowed(_("没有在该集合上传视频的权限，请联系教务管理员。"))


def changeable(person: Person) -> QuerySet[Video]:
    """Videos a person may edit."""
    return policy.instances_user_has_permission_for(person, "change")


def can_change(person: Person, video: Video) -> bool:
    """Whether the person may edit the video, its captions and its file."""
    return policy.user_has_permission_for_instance(person, "change", video)


def require_change(person: Person, video_id: int) -> Video:
    """The video, if the person may edit it.

    Raises:
        NotFound: it does not exist, or lies in a collection the person has no part in.
        NotAllowed: the person may see it, but not edit it.
    """
    video = visible(person).select_related("current", "collection").filter(pk=video_id).first()
    if video is None:
        raise NotFound(_("没有这个视频，可能已被删除。"))
    if not can_change(person, video):
        raise NotAllowed(_("只能修改自己上传的视频。"))
    return video
