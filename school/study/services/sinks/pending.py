"""What has been reported and not been posted yet."""

import logging

from django.conf import settings
from redis.exceptions import RedisError

from school.study.services.sinks.drain import drain_member

logger = logging.getLogger(__name__)


def post_pending(member_id: int) -> None:
    """Post what waits for a member, where anything can wait at all.

    For what shows or decides something that rests on the latest evidence. Call it outside of any
    transaction: what is taken out of Redis must have been committed. Where Redis does not answer,
    the numbers are some seconds old; nothing else depends on it.
    """
    if settings.STUDY_SINK != "buffered":
        return
    try:
        drain_member(member_id)
    except RedisError:
        logger.exception("evidence of member %s could not be posted now", member_id)
