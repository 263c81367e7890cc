"""What the library holds about a person, for export."""

from django.utils.translation import gettext_lazy as _

from media.models import Upload
from school.members.models import Member
from school.members.personal_data import rows_part


def _forget_uploads(member: Member) -> int:
    """Names of unfinished files; the sweep takes the files themselves away."""
    return Upload.objects.filter(owner=member).delete()[0]


def register() -> None:
    """Say what is held about a member."""
    rows_part("media.video.uploaded_by", _("上传的视频"))
    rows_part("media.picture.uploaded_by_user", _("上传的图片"))
    rows_part("media.attachment.uploaded_by_user", _("上传的文件"))
    rows_part("media.upload.owner", _("未完成的上传"), erase=_forget_uploads)
