"""Prints, as JSON, what to ask of a seeded school: sessions, addresses.

Run inside the world to be measured: `python -m benchmarks.plan`.
"""

import json
from urllib.parse import urlencode

import django


def session_of(member) -> str:
    """A signed-in session of a member, as the sign-in view makes one."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(member.pk)
    session[BACKEND_SESSION_KEY] = "school.members.backends.MemberBackend"
    session[HASH_SESSION_KEY] = member.get_session_auth_hash()
    session.save()
    return session.session_key


def drain(lesson) -> None:
    """Run what is queued, as the workers would; of the films only the measured lesson's."""
    from media.tasks import KIND
    from school.core import jobs
    from school.core.models import Job

    revision = lesson.video.revisions.latest("number")
    queued = Job.objects.filter(state=Job.State.QUEUED).order_by("id")
    for job in [*queued.exclude(kind=KIND), *queued.filter(kind=KIND)]:
        if job.kind != KIND or job.payload["revision"] == revision.pk:
            jobs.run(job.pk)
            job.refresh_from_db()
            if job.state != Job.State.DONE:
                raise RuntimeError(f"{job.kind}: {job.reason}")


def measured_lesson():
    """A lesson that asks for a quiz, the one whose film is shortest."""
    from courses.models import LessonPage
    from quizzes.models import LessonQuiz

    asking = LessonPage.objects.live().filter(pk__in=LessonQuiz.objects.values("page_id"))
    return min(asking, key=lambda page: page.video.revisions.latest("number").duration_ms)


def addresses(lesson, secretary) -> dict[str, str]:
    """Address of each page that is measured."""
    from django.urls import reverse

    from courses.models import ArticlePage

    words = urlencode({"q": "组织生活"})
    return {
        "courses.home": "/",
        "courses.article": ArticlePage.objects.live().order_by("pk").first().url,
        "courses.lesson": lesson.url,
        "search.page": f"{reverse('search:page')}?{words}",
        "reports.board": board_address(secretary),
    }


def board_address(secretary) -> str:
    from django.urls import reverse

    from school.members.models import RoleGrant

    grant = RoleGrant.objects.filter(member=secretary, branch__isnull=False).first()
    return reverse("reports:board", args=[grant.branch_id])


def quiz_address(member) -> str:
    """An open attempt's question page."""
    from django.urls import reverse

    from quizzes.models import Paper
    from quizzes.services.attempts import start_attempt

    attempt = start_attempt(member=member, paper=Paper.objects.order_by("id").first())
    return reverse("quizzes:question", args=[attempt.pk, 1])


def size() -> dict[str, int]:
    """How large the measured school is."""
    from school.members.models import Branch, Member
    from school.study.models import Report, StudyItem

    models = {"branches": Branch, "members": Member, "items": StudyItem, "reports": Report}
    return {name: model.objects.count() for name, model in models.items()}


def main() -> None:
    django.setup()
    from school.core import clock
    from school.members.models import Member, RoleGrant
    from school.study.models import StudyItem

    lesson = measured_lesson()
    drain(lesson)
    now = clock.now()
    Member.objects.filter(first_run_done_at=None).update(first_run_done_at=now)
    Member.objects.update(must_set_password=False)
    secretary = RoleGrant.objects.filter(role="secretary", until=None).first().member
    plain = Member.objects.filter(is_active=True, is_superuser=False).exclude(
        pk__in=RoleGrant.objects.values("member_id")
    )
    member = plain.order_by("id").first()
    found = addresses(lesson, secretary)
    found["quizzes.page"] = quiz_address(member)
    print(
        json.dumps(
            {
                "member": session_of(member),
                "secretary": session_of(secretary),
                "pages": found,
                "bare": f"/benchmark/bare/{StudyItem.objects.order_by('id').first().pk}/",
                "size": size(),
            }
        )
    )


if __name__ == "__main__":
    main()
