"""The home page: what is due, the year, news, notices, lessons, topics."""

from django.http import HttpRequest

from courses import permissions, registry
from courses.models import HomePage, NewsIndexPage, NewsPage, TopicPage
from courses.selectors.cards import cards
from courses.selectors.catalogue import studyable
from school.core import clock
from school.members.models import Member
from school.study.models import StudyItem

NEWS, LESSONS, ARTICLES, TOPICS, TODOS = 5, 4, 4, 3, 4


def screen(page: HomePage, request: HttpRequest) -> dict:
    """Context of the home page for a member or a guest."""
    member = request.user if request.user.is_authenticated else None
    context = {
        "news": _news(NewsPage.Kind.NEWS, request.user),
        "notices": _news(NewsPage.Kind.NOTICE, request.user),
        "news_index": NewsIndexPage.objects.live().first(),
    }
    return context | (_for_member(member) if member else {})


def _news(kind: str, reader) -> list[dict]:
    pages = permissions.readable(NewsPage.objects.live().filter(kind=kind), reader)
    return [
        {"title": p.title, "url": p.url, "date": p.date, "source": p.source, "top": p.on_top}
        for p in pages.order_by("-on_top", "-date", "-pk")[:NEWS]
    ]


def _for_member(member: Member) -> dict:
    from school.plans import selectors as plans

    items = studyable(member)
    lessons = items.filter(kind=StudyItem.Kind.LESSON)[:LESSONS]
    articles = items.filter(kind=StudyItem.Kind.ARTICLE)[:ARTICLES]
    made = cards([*lessons, *articles], member)
    todos = plans.todo(member)
    year = clock.today().year
    topics = permissions.readable(TopicPage.objects.live(), member).order_by("-pk")[:TOPICS]
    return {
        "lead": todos[0] if todos else None,
        "todos": todos[1:TODOS],
        "todo_count": len(todos),
        "year": year,
        "targets": plans.year_progress(member, year),
        "lessons": [card for card in made if card.kind == StudyItem.Kind.LESSON],
        "articles": [card for card in made if card.kind == StudyItem.Kind.ARTICLE],
        "topics": topics,
        "panels": registry.home_panels(member),
    }
