"""Registration with the Wagtail admin; nothing else."""

from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.admin_url_finder import ModelAdminURLFinder, register_admin_url_finder
from wagtail.admin.forms.collections import collection_member_permission_formset_factory

from media.models import Video
from media.viewsets import video_chooser, video_viewset


@hooks.register("register_admin_viewset")
def register_videos():
    return [video_viewset, video_chooser]


@hooks.register("register_group_permission_panel")
def register_video_permissions_panel():
    return collection_member_permission_formset_factory(
        Video,
        [
            ("add_video", _("添加"), _("上传视频，修改自己的视频")),
            ("change_video", _("修改"), _("修改所有视频")),
            ("delete_video", _("删除"), _("删除所有视频")),
            ("choose_video", _("选用"), _("在页面里选用视频")),
        ],
        "media/admin/permissions_formset.html",
    )


@hooks.register("register_permissions")
def register_permissions():
    codenames = ["add_video", "change_video", "delete_video", "choose_video"]
    return Permission.objects.filter(content_type__app_label="media", codename__in=codenames)


@hooks.register("describe_collection_contents")
def describe_videos(collection):
    count = Video.objects.filter(collection=collection).count()
    if not count:
        return None
    return {"count": count, "count_text": f"{count} 个视频", "url": reverse("videos:index")}


class VideoURLFinder(ModelAdminURLFinder):
    """Where a reference to a video leads in the admin."""

    edit_url_name = "videos:detail"


register_admin_url_finder(Video, VideoURLFinder)
