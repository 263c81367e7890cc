"""The background programs of a running school: killed, and taken up again."""

import json

import psutil

from tests.browser.school import Running
from tests.factories.media import clip

LEASE_AND_RESEND_SECONDS = 180


def workers(school: Running, queue: str) -> list[psutil.Process]:
    """The worker of a queue and its children."""
    everything = psutil.Process(school.process.pid).children(recursive=True)
    return [p for p in everything if f"{queue}@%h" in " ".join(p.cmdline())]


def wait_for_state(school: Running, state: str, seconds: float) -> dict:
    """The newest job of the video queue once it has a state; one program looks all the time."""
    printed = school.python(
        f"""
import json, time
from school.core.models import Job
jobs = Job.objects.filter(queue="video").order_by("-id")
until = time.monotonic() + {seconds}
while True:
    job = jobs.values("state", "attempts", "reason", "subject_id").first()
    if job["state"] == {state!r} or time.monotonic() > until:
        break
    time.sleep(0.1)
print(json.dumps(job))
"""
    )
    job = json.loads(printed.splitlines()[-1])
    assert job["state"] == state, job
    return job


def test_a_killed_video_worker_delays_an_encoding_and_it_finishes_once(plain_school):
    school = plain_school
    # Long enough to be met while it is encoded, also on a fast machine.
    film = clip(seconds=120, size="1280x720")
    school.manage("ingest_video", str(film), "--title", "中断后继续")
    wait_for_state(school, "running", 30)
    killed = workers(school, "video")
    assert killed
    for process in killed:
        process.kill()
    job = wait_for_state(school, "done", LEASE_AND_RESEND_SECONDS)
    assert job["attempts"] == 2
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
