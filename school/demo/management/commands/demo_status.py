"""``manage.py demo_status``: one line of JSON for programs that start the demo."""

import json

from django.core.management.base import BaseCommand

from courses.models import LessonPage
from media.models import VideoRevision
from school.core.models import Job
from school.demo import accounts, steps


class Command(BaseCommand):
    help = "以 JSON 报告示范学校的状态：微课转码进度与账号"

    def handle(self, *args, **options) -> None:
        pages = LessonPage.objects.live()
        waiting = VideoRevision.objects.filter(state=VideoRevision.State.WAITING).count()
        first = pages.exclude(video__current=None).order_by("pk").first()
        status = {
            "seeded": steps.people_ready(),
            "lessons": {
                "ready": pages.exclude(video__current=None).count(),
                "total": pages.count(),
                "waiting": waiting,
                "failed": VideoRevision.objects.filter(state=VideoRevision.State.FAILED).count(),
            },
            "first_lesson": first.title if first else "",
            "jobs_open": Job.objects.filter(
                state__in=[Job.State.QUEUED, Job.State.RUNNING]
            ).count(),
            "accounts": accounts.listing() if steps.people_ready() else [],
        }
        self.stdout.write(json.dumps(status, ensure_ascii=False))
