"""What the audit trail calls things done to videos."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "media.transcode_retried": _("重新转码"),
            "media.captions_set": _("设置字幕"),
            "media.captions_removed": _("移除字幕"),
            "media.video_uploaded": _("上传视频"),
            "media.video_renamed": _("修改视频名称"),
            "media.video_deleted": _("删除视频"),
        }
    )
    names.name_fields(
        {
            "cues": _("字幕条数"),
            "revision": _("版本"),
        }
    )
    names.name_subjects({"media.video": None})
