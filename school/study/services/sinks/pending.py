"""What has been reported and not been posted yet."""

from django.conf import settings

from school.study.services.sinks.drain import drain_member


def post_pending(member_id: int) -> None:
    """Post what waits for a member, where anything can wait at all.

    For what shows or decides something that rests on the latest evidence.
    """
    if settings.STUDY_SINK == "buffered":
        drain_member(member_id)
