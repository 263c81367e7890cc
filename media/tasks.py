"""Background work: the transcoding job and the sweep of unfinished uploads."""

from celery import shared_task
from django.utils.translation import gettext_noop

from media import services
from media.models import VideoRevision
from media.services.transcoding import KIND
from school.core.jobs import Lease, job_kind


@job_kind(KIND, queue="video", max_attempts=3, title=gettext_noop("视频转码"))
def transcode(lease: Lease) -> dict:
    """Encode the revision named in the payload; nothing to do if it was deleted meanwhile."""
    revision = (
        VideoRevision.objects.select_related("video").filter(pk=lease.payload["revision"]).first()
    )
    if revision is None:
        return {}
    done = services.transcode(revision=revision, tell=lease.progress)
    return {"package": done.package, "duration_ms": done.duration_ms}


@shared_task
def sweep_uploads() -> int:
    return services.sweep()
