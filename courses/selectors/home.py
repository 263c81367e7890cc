"""The home page: what is due, the year, news, notices, lessons, topics."""

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.urls import reverse

from courses import permissions
from courses.models import HomePage, NewsIndexPage, NewsPage, TopicPage
from courses.selectors.addresses import address
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
    latest = _latest(request)
    context = {
        "news": [_line(p, request) for p in latest if p.kind == NewsPage.Kind.NEWS],
        "notices": [_line(p, request) for p in latest if p.kind == NewsPage.Kind.NOTICE],
        "news_url": _news_urls(latest, request),
    }
    return context | (_for_member(member, request) if member else {})


def _latest(request: HttpRequest) -> list[NewsPage]:
    """The newest of each kind that the reader may read, in one query."""
    order = ("-on_top", "-date", "-pk")
    place = Window(RowNumber(), partition_by="kind", order_by=order)
    pages = permissions.readable(NewsPage.objects.live(), request.user)
    pages = pages.annotate(place=place).filter(place__lte=NEWS).order_by(*order)
    return list(pages.only("title", "slug", "url_path", "kind", "date", "source", "on_top"))


def _news_urls(latest: list[NewsPage], request: HttpRequest) -> dict[str, str]:
    """The list of each kind: it lies one step above every piece of news."""
    if latest:
        above = address(latest[0], request).removesuffix(f"{latest[0].slug}/")
    elif index := NewsIndexPage.objects.live().first():
        above = address(index, request)
    else:
        return {}
    return {kind: f"{above}?kind={kind}" for kind in NewsPage.Kind.values}


def _line(page: NewsPage, request: HttpRequest) -> dict:
    return {
        "title": page.title,
        "url": address(page, request),
        "date": page.date,
        "source": page.source,
        "top": page.on_top,
    }


def _for_member(member: Member, request: HttpRequest) -> dict:
    items = studyable(member)
    lessons = items.filter(kind=StudyItem.Kind.LESSON)[:LESSONS]
    todos = [each for each in todo(member) if each.state != DONE]
    year = clock.today().year
    topics = permissions.readable(TopicPage.objects.live(), member).order_by("-pk")
    topics = topics.only("title", "url_path", "summary")[:TOPICS]
    return {
        "lead": todos[0] if todos else None,
        "todos": todos[1:TODOS],
        "todo_count": len(todos),
        "year": year,
        "target": (target := year_progress(member.pk, year)),
        "hours": None if target else hours_of_year(member.pk, year),
        # Own progress stands in the catalogue; here it would cost another query.
        "lessons": cards(lessons, member, with_progress=False),
        "topics": [
            {"title": t.title, "url": address(t, request), "summary": t.summary} for t in topics
        ],
        "catalogue_url": reverse("courses:catalogue"),
    }
