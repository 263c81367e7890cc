"""Viewsets of the Wagtail admin: the video pages and the chooser for page forms."""

from django.urls import path
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.chooser import (
    ChooseResultsView,
    ChooseView,
    ChosenMultipleView,
    ChosenView,
)
from wagtail.admin.viewsets.base import ViewSet

from media import admin_views
from media.models import Video
from media.permissions import policy
from media.selectors import length_text
from school.core.viewsets.choosing import ChooseOnlyViewSet


class VideoViewSet(ViewSet):
    """Menu entry and addresses of the video library."""

    icon = "media"
    menu_label = _("视频")
    menu_name = "videos"
    menu_order = 350
    add_to_admin_menu = True

    def get_menu_item(self, order=None):
        item = super().get_menu_item(order)
        item.is_shown = lambda request: policy.user_has_any_permission(
            request.user, ["add", "change", "delete"]
        )
        return item

    def get_urlpatterns(self):
        return [
            path("", admin_views.index, name="index"),
            path("states/", admin_views.states, name="states"),
            path("add/", admin_views.upload, name="add"),
            path("<int:pk>/", admin_views.detail, name="detail"),
            path("<int:pk>/replace/", admin_views.upload, name="replace"),
            path("<int:pk>/retry/", admin_views.retry, name="retry"),
            path("<int:pk>/delete/", admin_views.delete, name="delete"),
            path("<int:pk>/captions/", admin_views.add_captions, name="captions"),
            path(
                "<int:pk>/captions/<int:caption_id>/remove/",
                admin_views.remove_captions,
                name="remove_captions",
            ),
        ]


class _Choosable:
    """Only videos the person may choose, newest first."""

    ordering = "-id"

    def get_object_list(self):
        return policy.instances_user_has_any_permission_for(
            self.request.user, ["choose", "change"]
        ).select_related("current")

    @property
    def columns(self):
        return [
            *super().columns,
            Column("state", label=_("状态"), accessor=_state),
            Column("length", label=_("时长"), accessor=_length),
        ]


def _state(video: Video) -> str:
    return _("可播放") if video.is_ready else _("转码中或失败")


def _length(video: Video) -> str:
    return length_text(video.duration_ms) if video.is_ready else ""


class VideoChooseView(_Choosable, ChooseView):
    """The chooser's window."""


class VideoChooseResultsView(_Choosable, ChooseResultsView):
    """The list inside the chooser's window."""


class _ChosenAllowed:
    """A video that may not be chosen does not exist here."""

    def get_queryset(self):
        return policy.instances_user_has_any_permission_for(self.request.user, ["choose", "change"])

    def get_object(self, pk):
        return self.get_queryset().get(pk=pk)

    def get_objects(self, pks):
        return self.get_queryset().filter(pk__in=pks)


class VideoChosenView(_ChosenAllowed, ChosenView):
    """Answer to the choice of one video."""


class VideoChosenMultipleView(_ChosenAllowed, ChosenMultipleView):
    """Answer to the choice of several videos."""


class VideoChooserViewSet(ChooseOnlyViewSet):
    """The chooser of page forms and stream fields."""

    model = Video
    icon = "media"
    choose_one_text = _("选择视频")
    choose_another_text = _("换一个视频")
    edit_item_text = _("查看视频")
    choose_view_class = VideoChooseView
    choose_results_view_class = VideoChooseResultsView
    chosen_view_class = VideoChosenView
    chosen_multiple_view_class = VideoChosenMultipleView


video_viewset = VideoViewSet("videos")
video_chooser = VideoChooserViewSet("video_chooser", url_prefix="video-chooser")
