"""The demo's settings; two rungs of small pictures, so that the template is encoded sooner, and
reports of study every few seconds, because what is studied here is a few seconds long."""

from school.settings.development import *  # noqa: F403

VIDEO_RUNGS = (360, 240)
STUDY_REPORT_SECONDS = 4
