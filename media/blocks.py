"""Stream field blocks that page types use."""

from media.viewsets import video_chooser
from media.widgets import AdminVideoChooser

VideoChooserBlock = video_chooser.get_block_class(
    name="VideoChooserBlock", module_path="media.blocks"
)

__all__ = ["AdminVideoChooser", "VideoChooserBlock"]
