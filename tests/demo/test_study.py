"""A whole demo school: what every screen shows is there, and it is the same every time."""

from datetime import datetime

import pytest
from django.db import transaction
from PIL import Image

from courses.models import ArticlePage, CoursePage, LessonPage
from quizzes.models import Attempt, Paper
from school.core import clock
from school.demo import activity, drawing, films, people, steps
from school.gatherings.models import Gathering
from school.plans.models import StudyPlan
from school.reports.models import Filing
from school.study.models import Completion, Coverage, HourEntry, StudyDay, YearClose
from tests.factories.media import clip

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 18, 10, tzinfo=clock.LOCAL)
# The accounts and one more for each branch: enough for every shape, few enough for a test.
SMALL = steps.Profile(members=20, days=60, self_study=0.5, brief=True)


@pytest.fixture
def content(settings, tmp_path, monkeypatch):
    """People and things to study, with one plain film for all lessons; nobody has studied yet."""
    settings.VIDEO_ROOT, settings.MEDIA_ROOT = tmp_path / "videos", tmp_path / "uploads"
    settings.STUDY_CHECK_IN_MINUTES = settings.STUDY_TEXT_CHECK_IN_MINUTES = (0.5, 1)
    film = films.Film(clip(seconds=12), [(0, 900, "先看风险")], spoken=False)
    monkeypatch.setattr(films, "make", lambda lesson: film)
    for name in ("cover", "slide"):
        monkeypatch.setattr(drawing, name, lambda *_, **__: Image.new("RGB", (64, 36)))
    # Three of the plan's five things show all there is to show in half of the time.
    monkeypatch.setattr(activity, "REQUIRED", activity.REQUIRED[:3])
    with clock.at(NOW):
        for step in _before_study():
            step.work(SMALL, lambda text: None)
        yield


def _titles() -> list[str]:
    return [step.title for step in steps.steps()]


def _before_study() -> list[steps.Step]:
    return steps.steps()[: _titles().index("自学记录")]


def _study() -> None:
    for step in steps.steps()[_titles().index("自学记录") :]:
        step.work(SMALL, lambda text: None)


def _told() -> dict[str, list]:
    """Everything that was studied and booked, in words that name no key of a row."""
    who, what = "member__staff_number", "revision__item__title"
    return {
        "coverage": sorted(Coverage.objects.values_list(who, what, "spans")),
        "days": sorted(StudyDay.objects.values_list(who, what, "day", "studied_ms")),
        "completions": sorted(
            Completion.objects.values_list(who, what, "effective_on", "evidence")
        ),
        "hours": sorted(
            HourEntry.objects.values_list(who, "source", "studied_on", "seconds", "credit")
        ),
        "attempts": sorted(Attempt.objects.values_list(who, "paper__title", "state", "score")),
        "filings": sorted(Filing.objects.values_list("branch__code", "state", "starts_on")),
    }


def test_seeding_twice_gives_the_same_study_and_every_screen_has_something(content):
    with transaction.atomic():
        _study()
        first = _told()
        transaction.set_rollback(True)
    _study()
    assert _told() == first
    assert all(first.values())

    assert (CoursePage.objects.live().count(), LessonPage.objects.live().count()) == (4, 6)
    assert ArticlePage.objects.live().count() >= 12
    assert Paper.objects.count() == 3
    plan = StudyPlan.objects.get()
    assert plan.starts_on <= clock.today() <= plan.ends_on
    done = {row[0] for row in first["completions"]}
    assert 0 < len(done) < SMALL.members
    assert YearClose.objects.get().year == clock.today().year - 1
    assert {row[2] for row in first["filings"]} == {activity.plan_start()}
    assert len(first["filings"]) == len(people.BRANCHES)
    groups = Gathering.objects.filter(kind=Gathering.Kind.GROUP, state=Gathering.State.CLOSED)
    assert groups.count() == len(people.BRANCHES)
