"""Page types and the step of review."""

from courses.models.base import EditKind, StudyPage
from courses.models.home import HomePage, SectionPage, TopicLink, TopicPage
from courses.models.news import NewsIndexPage, NewsPage
from courses.models.review import ReviewTask
from courses.models.study import ArticlePage, CoursePage, CoursePart, LessonPage

__all__ = [
    "ArticlePage",
    "CoursePage",
    "CoursePart",
    "EditKind",
    "HomePage",
    "LessonPage",
    "NewsIndexPage",
    "NewsPage",
    "ReviewTask",
    "SectionPage",
    "StudyPage",
    "TopicLink",
    "TopicPage",
]
