"""Writes of the video library."""

from media.services.captions import remove_captions, set_captions, upload_captions
from media.services.transcoding import retry, transcode
from media.services.uploads import (
    begin_upload,
    cancel_upload,
    receive,
    sweep,
)
from media.services.videos import delete_video, ingest, rename, replace_file

__all__ = [
    "begin_upload",
    "cancel_upload",
    "delete_video",
    "ingest",
    "receive",
    "remove_captions",
    "rename",
    "replace_file",
    "retry",
    "set_captions",
    "sweep",
    "transcode",
    "upload_captions",
]
