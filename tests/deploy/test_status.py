"""What the launcher tells: when the school opens, and what became of its background jobs."""

import sys

import pytest
from django.db import connections

from deploy import status
from media.models import Video
from school.core import clock
from school.core.models import Job
from tests.factories import courses, media
from tests.factories import members as make

pytestmark = pytest.mark.django_db
State = Job.State


@pytest.fixture(autouse=True)
def one_connection(monkeypatch):
    """The launcher closes its connection between two looks; that would end a test's transaction."""
    monkeypatch.setattr(connections["default"], "close", lambda: None)


def job(state: str, *, queue: str = "video", title: str = "视频转码：开工五分钟", **more) -> Job:
    return Job.objects.create(
        kind="media.transcode",
        queue=queue,
        title=title,
        state=state,
        created_at=clock.now(),
        **more,
    )


@pytest.fixture
def lesson(settings, tmp_path):
    """A published lesson whose film has not been encoded."""
    settings.VIDEO_ROOT = tmp_path
    video = Video.objects.create(
        title="开工五分钟",
        uploaded_by=media.MemberFactory(),
        collection=media.Collection.get_first_root_node(),
        created_at=clock.now(),
    )
    return courses.lesson(courses.section(make.branch()), video)


def test_a_school_without_lessons_is_open_at_once():
    assert status.open_to_visitors()


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_it_opens_when_the_first_lesson_plays(lesson, state):
    job(state)
    assert not status.open_to_visitors()


def test_it_opens_when_no_encoding_is_left_to_wait_for(lesson):
    job(State.FAILED, reason="磁盘空间不足")
    job(State.QUEUED, queue="default")
    assert status.open_to_visitors()


def test_it_waits_for_the_encodings_that_have_not_failed(lesson):
    job(State.FAILED)
    job(State.QUEUED)
    assert not status.open_to_visitors()


def told(capsys) -> str:
    status.Reporter().tell()
    return capsys.readouterr().out


def test_failed_jobs_are_told_with_the_first_reason(capsys):
    job(State.FAILED, reason="磁盘空间不足，还需 2 GB\n第二行")
    job(State.FAILED, reason="别的原因")
    said = told(capsys)
    assert "失败 2" in said and "视频转码：开工五分钟：磁盘空间不足，还需 2 GB（" in said
    assert "全部完成" not in said and "别的" not in said and "第二行" not in said


def test_failures_are_told_beside_what_still_runs(capsys):
    job(State.FAILED, reason="磁盘空间不足")
    job(State.RUNNING, progress=420)
    job(State.QUEUED)
    assert "视频转码：开工五分钟 42%，排队 1，失败 1" in told(capsys)


def test_all_done_is_told_when_all_is_done(capsys):
    job(State.DONE)
    assert told(capsys) == "后台任务全部完成。\n"


def test_what_has_not_changed_is_not_told_again(capsys, monkeypatch):
    monkeypatch.setattr(status, "REPORT_EVERY", 0)
    reporter = status.Reporter()
    reporter.tell()
    reporter.tell()
    assert capsys.readouterr().out.count("后台任务") == 1


def test_on_a_terminal_the_last_line_is_ended(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    job(State.FAILED, reason="磁盘空间不足")
    assert told(capsys).endswith("\n")
