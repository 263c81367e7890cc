"""Pictures, attachments, videos and what belongs to them."""

from media.models.captions import Caption
from media.models.files import Attachment, Picture, PictureRendition
from media.models.uploads import Upload
from media.models.videos import Rendition, Video, VideoRevision

__all__ = [
    "Attachment",
    "Caption",
    "Picture",
    "PictureRendition",
    "Rendition",
    "Upload",
    "Video",
    "VideoRevision",
]
