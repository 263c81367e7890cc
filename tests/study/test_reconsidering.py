"""What asks for less than before completes for who has all that is left: a job looks again."""

import pytest

from school.core import jobs
from school.core.models import Job
from school.study.models import Completion, HourEntry
from school.study.services.items import set_parts, withdraw_item
from tests.factories.study import Page, make_course, make_lesson, make_member, moment

pytestmark = pytest.mark.django_db

EVENING = moment("2026-03-02 20:00")


def waiting() -> list[Job]:
    return list(Job.objects.filter(kind="study.reconsider", state=Job.State.QUEUED))


def run_all() -> list[dict]:
    for job in waiting():
        jobs.run(job.pk)
    done = Job.objects.filter(kind="study.reconsider").order_by("pk")
    assert {job.state for job in done} <= {Job.State.DONE}
    return [job.result for job in done]


@pytest.fixture
def parts():
    return make_lesson(1), make_lesson(1)


@pytest.fixture
def half_way(parts):
    """A member who has done the first of two required parts, and the course."""
    first, second = parts
    course = make_course((first.item, True), (second.item, True))
    member = make_member()
    Page(member, first, EVENING).watch(0, 60)
    return member, course


def completed(member, revision) -> bool:
    return Completion.objects.in_force().filter(member=member, revision=revision).exists()


def test_a_part_taken_out_completes_the_course_for_who_has_the_rest(parts, half_way):
    member, course = half_way
    set_parts(whole=course.item, parts=[(parts[0].item, True)])
    assert not completed(member, course)
    assert run_all() == [{"posted": 1}]
    assert completed(member, course)
    assert Completion.objects.get(revision=course).evidence == "parts"
    assert not HourEntry.objects.filter(item=course.item).exists()


def test_a_required_part_made_optional_counts_the_same(parts, half_way):
    member, course = half_way
    set_parts(whole=course.item, parts=[(parts[0].item, True), (parts[1].item, False)])
    run_all()
    assert completed(member, course)


def test_a_part_withdrawn_from_the_site_counts_the_same(parts, half_way):
    member, course = half_way
    item = parts[1].item
    withdraw_item(source_type=item.source_type, source_id=item.source_id)
    run_all()
    assert completed(member, course)


def test_who_lacks_what_is_left_is_not_done(parts, half_way):
    member, course = half_way
    set_parts(whole=course.item, parts=[(parts[1].item, True)])
    run_all()
    assert not completed(member, course)


def test_a_course_made_of_what_is_known_is_done_at_once(parts):
    member = make_member()
    Page(member, parts[0], EVENING).watch(0, 60)
    course = make_course((parts[0].item, True))
    run_all()
    assert completed(member, course)


def test_a_further_part_leaves_what_was_completed(parts, half_way):
    member, course = half_way
    set_parts(whole=course.item, parts=[(parts[0].item, True)])
    run_all()
    set_parts(whole=course.item, parts=[(parts[0].item, True), (parts[1].item, True)])
    run_all()
    assert completed(member, course)
    assert Completion.objects.filter(revision=course).count() == 1


def test_the_same_parts_again_and_a_course_nobody_began_send_no_job(parts):
    course = make_course((parts[0].item, True))
    set_parts(whole=course.item, parts=[(parts[0].item, True)])
    set_parts(whole=course.item, parts=[(parts[1].item, True)])
    assert not waiting()


def test_a_job_run_twice_posts_once(parts, half_way):
    member, course = half_way
    set_parts(whole=course.item, parts=[(parts[0].item, True)])
    (job,) = waiting()
    jobs.run(job.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"posted": 0}
    assert Completion.objects.filter(member=member, revision=course).count() == 1
