"""The home page: what is due, the year, news, notices, lessons, topics."""

from django.http import HttpRequest
from django.urls import reverse

from courses import permissions, registry
from courses.models import HomePage, NewsIndexPage, NewsPage, TopicPage
from courses.selectors.cards import cards
from courses.selectors.catalogue import studyable
from school.core import clock
from school.members.models import Member
from school.plans.selectors.tasks import DONE, todo
from school.plans.selectors.year import year_progress
from school.study.models import StudyItem
from school.study.selectors import hours_of_year

NEWS, LESSONS, TOPICS, TODOS = 5, 4, 3, 4


def screen(page: HomePage, request: HttpRequest) -> dict:
    """Context of the home page for a member or a guest."""
    member = request.user if request.user.is_authenticated else None
    context = {
        "news": _news(NewsPage.Kind.NEWS, request),
        "notices": _news(NewsPage.Kind.NOTICE, request),
        "news_url": _news_urls(request),
    }
    return context | (_for_member(member, request) if member else {})


def _news_urls(request: HttpRequest) -> dict[str, str]:
    index = NewsIndexPage.objects.live().first()
    if index is None:
        return {}
    return {kind: f"{index.get_url(request)}?kind={kind}" for kind in NewsPage.Kind.values}


def _news(kind: str, request: HttpRequest) -> list[dict]:
    pages = permissions.readable(NewsPage.objects.live().filter(kind=kind), request.user)
    return [
        {
            "title": p.title,
            "url": p.get_url(request),
            "date": p.date,
            "source": p.source,
            "top": p.on_top,
        }
        for p in pages.order_by("-on_top", "-date", "-pk")[:NEWS]
    ]


def _for_member(member: Member, request: HttpRequest) -> dict:
    items = studyable(member)
    lessons = items.filter(kind=StudyItem.Kind.LESSON)[:LESSONS]
    todos = [each for each in todo(member) if each.state != DONE]
    year = clock.today().year
    topics = permissions.readable(TopicPage.objects.live(), member).order_by("-pk")[:TOPICS]
    return {
        "lead": todos[0] if todos else None,
        "todos": todos[1:TODOS],
        "todo_count": len(todos),
        "year": year,
        "target": (target := year_progress(member.pk, year)),
        "hours": None if target else hours_of_year(member.pk, year),
        # Own progress stands in the catalogue; here it would cost three more queries.
        "lessons": cards(lessons, None),
        "topics": [
            {"title": t.title, "url": t.get_url(request), "summary": t.summary} for t in topics
        ],
        "panels": registry.home_panels(member),
        "catalogue_url": reverse("courses:catalogue"),
    }
