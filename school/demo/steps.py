"""The steps of seeding in order. Each is one transaction and knows whether it has been done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from courses.models import ArticlePage, CoursePage, LessonPage, NewsPage, SectionPage
from media.models import Video
from quizzes.models import Paper
from school.core import clock
from school.demo import activity, examining, library, people, texts
from school.demo.accounts import ACCOUNTS, NEWCOMER
from school.gatherings.models import Gathering
from school.members.models import Audience, Branch, Member, OneTimeCode, PostHolding
from school.plans.models import StudyPlan, TargetSet
from school.reports.models import Filing
from school.study.models import StudySession

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Profile:
    """How large and how busy: the default is the demo school, tests take a small one."""

    members: int = 200
    days: int = 760
    self_study: float = 1.6
    brief: bool = False


SMALL = Profile(members=40, days=60, self_study=0.3, brief=True)


@dataclass(frozen=True)
class Step:
    """One step: what it is called, whether it is done, what it does (returns a count or None)."""

    title: str
    done: Callable[[], bool]
    work: Callable[[Profile, Tell], object]


def _plan_studied() -> bool:
    return StudySession.objects.filter(member__staff_number="D0001").exists()


def _self_studied() -> bool:
    return StudySession.objects.filter(opened_at__lt=activity.at(activity.plan_start(), 0)).exists()


def steps() -> list[Step]:
    """All steps of the demo profile."""
    content = texts.pages()
    since = clock.today() - timedelta(days=730)
    return [
        Step("党组织", Branch.objects.filter(code="D").exists,
             lambda p, t: len(people.seed_tree())),
        Step("党员", Member.objects.filter(staff_number=NEWCOMER.staff_number).exists,
             lambda p, t: people.seed_members(p.members, since)),
        Step("栏目与首页", SectionPage.objects.filter(slug=content["sections"][0]["slug"]).exists,
             lambda p, t: library.seed_sections()),
        Step("角色与账号", OneTimeCode.objects.filter(
            member__staff_number=NEWCOMER.staff_number).exists,
             lambda p, t: people.seed_accounts(library.sections())),
        Step("任职", PostHolding.objects.filter(post__code="organisation").exists,
             lambda p, t: people.seed_posts(since)),
        Step("受众", Audience.objects.filter(name="第二总支全体").exists,
             lambda p, t: people.seed_audiences()),
        Step("文章", ArticlePage.objects.filter(slug=texts.articles()[0].head["slug"]).exists,
             lambda p, t: library.seed_articles(brief=p.brief)),
        Step("微课视频", lambda: Video.objects.count() >= len(texts.lessons()),
             lambda p, t: library.seed_films(t, brief=p.brief)),
        Step("微课", LessonPage.objects.filter(slug=texts.lessons()[0].head["slug"]).exists,
             lambda p, t: library.seed_lessons(brief=p.brief)),
        Step("课程与专题", CoursePage.objects.filter(slug=content["courses"][0]["slug"]).exists,
             lambda p, t: library.seed_courses()),
        Step("要闻与通知", NewsPage.objects.filter(slug="demo-news-1").exists,
             lambda p, t: library.seed_news()),
        Step("题库与测验", Paper.objects.filter(title=texts.quizzes()[0]["title"]).exists,
             lambda p, t: examining.seed_quizzes()),
        Step("稿件", ArticlePage.objects.filter(slug="pre-shift-meeting").exists,
             lambda p, t: library.seed_drafts()),
        Step("年度学时要求", TargetSet.objects.exists,
             lambda p, t: activity.seed_targets()),
        Step("自学记录", _self_studied,
             lambda p, t: activity.seed_self_study(t, p.self_study)),
        Step("集体学习", Gathering.objects.exists,
             lambda p, t: activity.seed_gatherings(p.days)),
        Step("计划内学习与测验", _plan_studied,
             lambda p, t: activity.seed_plan_study(t)),
        Step("学习计划", StudyPlan.objects.filter(title=activity.PLAN).exists,
             lambda p, t: activity.seed_plan()),
        Step("封账与上报", Filing.objects.exists,
             lambda p, t: activity.seed_closing()),
    ]  # fmt: skip


def run(profile: Profile, tell: Tell) -> int:
    """Run what is not done yet; returns how many steps did something.

    Making films is slow and writes files, so that step is not one transaction.
    """
    worked = 0
    for step in steps():
        if step.done():
            continue
        if step.title == "微课视频":
            step.work(profile, tell)
        else:
            with transaction.atomic():
                step.work(profile, tell)
        worked += 1
        _learn_sizes()
        tell(f"{step.title} 完成")
    return worked


def _learn_sizes() -> None:
    """Tell PostgreSQL how large its tables have become: autovacuum comes too late for a seeding
    that fills them in seconds, and plans made for empty tables read whole ones."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def people_ready() -> bool:
    """Whether all demo accounts exist."""
    wanted = [account.staff_number for account in (*ACCOUNTS, NEWCOMER)]
    return Member.objects.filter(staff_number__in=wanted).count() == len(wanted)
