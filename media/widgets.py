"""Form widgets for videos."""

from media.viewsets import video_chooser

AdminVideoChooser = video_chooser.widget_class
