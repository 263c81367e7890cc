"""The background programs of a running school: killed, and taken up again."""

import psutil

from tests.browser.school import Running
from tests.factories.media import clip

LEASE_AND_RESEND_SECONDS = 180


def workers(school: Running, queue: str) -> list[psutil.Process]:
    """The worker of a queue and its children."""
    everything = psutil.Process(school.process.pid).children(recursive=True)
    return [p for p in everything if f"{queue}@%h" in " ".join(p.cmdline())]


# Looks all the time from inside the school: an encoding may be over before a program has started.
WATCH = """
import io, time
from school.core.models import Job

def job_once(state, seconds):
    jobs = Job.objects.filter(queue="video").order_by("-id")
    until = time.monotonic() + seconds
    while True:
        job = jobs.values("state", "attempts", "reason", "subject_id").first()
        if job["state"] == state or time.monotonic() > until:
            return job
        time.sleep(0.1)
"""


def test_a_killed_video_worker_delays_an_encoding_and_it_finishes_once(plain_school):
    school = plain_school
    # Long enough to be met while it is encoded, also on a fast machine.
    film = clip(seconds=120, size="1280x720")
    job = school.facts(f"""{WATCH}
from django.core.management import call_command
call_command("ingest_video", {str(film)!r}, "--title", "中断后继续", stdout=io.StringIO())
found = job_once("running", 30)
""")
    assert job["state"] == "running", job
    killed = workers(school, "video")
    assert killed
    for process in killed:
        process.kill()
    job = school.facts(f'{WATCH}\nfound = job_once("done", {LEASE_AND_RESEND_SECONDS})')
    assert (job["state"], job["attempts"]) == ("done", 2), job
    revisions = school.python(
        "from media.models import Video; v = Video.objects.get(title='中断后继续');"
        "print(v.revisions.count(), v.current is not None, v.current.renditions.count() > 0)"
    )
    assert revisions.splitlines()[-1] == "1 True True"


def test_a_stopped_school_starts_again_and_has_lost_nothing(plain_school):
    count = (
        "from school.members.models import Member; from school.study.models import HourEntry;"
        "print(Member.objects.count(), HourEntry.objects.count())"
    )
    before = plain_school.python(count)
    assert int(before.split()[0]) > 0
    plain_school.restart()
    assert plain_school.python(count) == before
