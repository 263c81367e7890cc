"""What upper apps may listen to.

``video_ready``: sent with ``revision`` (VideoRevision) once it can be played, after commit.
``captions_changed``: sent with ``revision`` and ``captions`` (list of its Caption rows), after
commit, when captions were added, replaced or removed.
"""

from django.dispatch import Signal

video_ready = Signal()
captions_changed = Signal()
