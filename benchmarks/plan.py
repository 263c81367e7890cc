"""Prints, as JSON, what to ask of a seeded school: sessions, addresses, reports of study.

Run inside the world to be measured: `python -m benchmarks.plan`.
"""

import contextlib
import json
from datetime import timedelta

import django

REPORTERS = 40
BATCHES = 12
SEGMENT_MS = 1_000


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


def drain() -> None:
    """Run every queued job here, as the workers would."""
    from school.core import jobs
    from school.core.models import Job

    while job := Job.objects.filter(state=Job.State.QUEUED).order_by("id").first():
        jobs.run(job.pk)


def addresses(member, secretary) -> dict[str, str]:
    """Address of each page that is measured; a page that does not exist is left out."""
    from django.urls import NoReverseMatch, reverse

    from courses.models import ArticlePage, LessonPage

    found = {"courses.home": "/", "search.page": reverse("search:page") + "?q=组织生活"}
    article = ArticlePage.objects.live().public().first()
    lesson = LessonPage.objects.live().public().first()
    if article:
        found["courses.article"] = article.url
    if lesson:
        found["courses.lesson"] = lesson.url
    with contextlib.suppress(NoReverseMatch):
        found["reports.board"] = board_address(secretary)
    return found


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


def reports(members) -> list[dict]:
    """Honest reports to come: members who opened a lesson a while ago and watched on."""
    from school.core import clock
    from school.study.models import ItemRevision, StudyItem
    from school.study.services.sessions import open_session

    item = (
        StudyItem.objects.filter(current__axis=ItemRevision.Axis.MEDIA, withdrawn_at=None)
        .order_by("-current__axis_length")
        .select_related("current", "audience")
        .first()
    )
    opened = clock.now() - timedelta(minutes=30)
    planned = []
    for member in members:
        with clock.at(opened):
            token = open_session(member=member, item=item).token
        key = session_of(member)
        for seq in range(1, BATCHES + 1):
            begin = (seq - 1) * SEGMENT_MS
            if begin + SEGMENT_MS > item.current.axis_length:
                break
            span = [begin, begin + SEGMENT_MS, begin, begin + SEGMENT_MS, 100, 1]
            body = {"token": token, "seq": seq, "segments": [span]}
            planned.append({"session": key, "body": body})
    # Each member's batches stay in order, members take turns.
    planned.sort(key=lambda entry: entry["body"]["seq"])
    return planned


def main() -> None:
    django.setup()
    from school.core import clock
    from school.members.models import Member, RoleGrant
    from school.study.models import StudyItem

    drain()
    now = clock.now()
    Member.objects.filter(first_run_done_at=None).update(first_run_done_at=now)
    Member.objects.update(must_set_password=False)
    secretary_grant = RoleGrant.objects.filter(role="secretary", until=None).first()
    granted = RoleGrant.objects.values("member_id")
    plain = list(
        Member.objects.filter(is_active=True, is_superuser=False)
        .exclude(pk__in=granted)
        .order_by("id")[: REPORTERS + 1]
    )
    member, reporters = plain[0], plain[1:]
    secretary = secretary_grant.member if secretary_grant else member
    found = addresses(member, secretary)
    found["quizzes.page"] = quiz_address(member)
    print(
        json.dumps(
            {
                "member": session_of(member),
                "secretary": session_of(secretary),
                "pages": found,
                "reports": reports(reporters),
                "bare": f"/benchmark/bare/{StudyItem.objects.order_by('id').first().pk}/",
                "members": Member.objects.count(),
            }
        )
    )


if __name__ == "__main__":
    main()
