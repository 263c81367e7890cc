"""The demo's settings, with two rungs of small pictures so that the template is encoded sooner."""

from school.settings.development import *  # noqa: F403

VIDEO_RUNGS = (360, 240)
