"""Cards of study items: what a list shows of each, in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from courses.models import ArticlePage, CoursePage, LessonPage, StudyPage
from courses.rules import text
from media import selectors as media
from media.models import Picture, PictureRendition
from school.core import wording
from school.members.models import Member
from school.study.models import ItemPart, StudyItem
from school.study.selectors import progress_of
from school.study.selectors.pay import NONE, Pay, pays_of

MODELS = {
    StudyItem.Kind.LESSON: LessonPage,
    StudyItem.Kind.ARTICLE: ArticlePage,
    StudyItem.Kind.COURSE: CoursePage,
}
READ = ("cover", "instructor_name")
COVER = "fill-640x360|format-webp"


@dataclass(frozen=True)
class Card:
    """One study item in a list, ready for ``components/card.html``."""

    item_id: int
    page_id: int
    kind: str
    title: str
    url: str
    cover: str
    meta: str
    length: str
    percent: int
    completed_on: date | None

    @property
    def tag(self) -> str:
        """What the member has to do with it, in a word; empty: nothing yet."""
        if self.completed_on:
            return _("已学完")
        return _("学习中") if self.percent else ""

    @property
    def tag_tone(self) -> str:
        return "done" if self.completed_on else "info"

    @property
    def total(self) -> int:
        """A bar only stands under what has been begun."""
        return 100 if self.percent and not self.completed_on else 0

    @property
    def progress_text(self) -> str:
        return f"{self.percent}%"


def cards(
    items: Iterable[StudyItem],
    member: Member | None,
    *,
    with_progress: bool = True,
    with_pay: bool = True,
) -> list[Card]:
    """Cards in the order given. Items come with ``current`` joined.

    What a page has no room to ask for is left out, never guessed: own progress (one query), what
    studying pays the reader (three).

    At most eight queries however many items: pages with their covers by type, progress, what they
    pay.
    """
    items = list(items)
    pages = _pages(items)
    pictures = _pictures(pages.values())
    posters = _posters(pages.values())
    known = bool(member and member.is_authenticated)
    progress = progress_of(member.pk, items) if known and with_progress else {}
    pays = pays_of(member.pk if known else None, items) if with_pay else {}
    made = []
    for item in items:
        page = pages.get(item.source_id)
        if page is None:
            continue
        mine = progress.get(item.pk)
        made.append(
            Card(
                item_id=item.pk,
                page_id=page.pk,
                kind=item.kind,
                title=item.title,
                url=item.path,
                cover=pictures.get(page.cover_id) or posters.get(page.pk, ""),
                meta=meta_line(page, pays.get(item.pk, NONE)),
                length=length_label(item),
                percent=mine.percent if mine else 0,
                completed_on=mine.completed_on if mine else None,
            )
        )
    return made


def meta_line(page, pay: Pay) -> str:
    """Kind · instructor · 学时 that studying pays, or has paid this year; what is unknown or pays
    nothing (more) is left out."""
    parts = [str(page.card_label), page.instructor_name]
    if pay.state == "paid":
        parts.append(_("本年度已计 %(hours)s 学时") % {"hours": wording.hours(pay.credit)})
    elif pay.state == "pays":
        parts.append(_("%(hours)s 学时") % {"hours": wording.hours(pay.credit)})
    elif pay.state == "by_time":
        parts.append(_("按学习时长计学时"))
    return " · ".join(part for part in parts if part)


def length_label(item: StudyItem) -> str:
    """What stands on the cover: minutes:seconds of a lesson, reading minutes of an article."""
    revision = item.current
    if revision is None or not revision.study_ms:
        return ""
    if item.kind == StudyItem.Kind.LESSON:
        return wording.timecode(revision.study_ms // 1000)
    return _("约 %(minutes)d 分钟") % {"minutes": text.minutes(revision.study_ms)}


def _pictures(pages) -> dict[int, str]:
    """Addresses of the covers, read with their pages; what has not been drawn yet is drawn now.

    The rows are asked directly: Wagtail's own way writes each into the cache at every view.
    """
    storage = PictureRendition._meta.get_field("file").storage
    covered = [page for page in pages if page.cover_id]
    found = {page.cover_id: storage.url(page.cover_file) for page in covered if page.cover_file}
    lacking = {page.cover_id for page in covered} - set(found)
    for picture in Picture.objects.filter(pk__in=lacking) if lacking else ():
        found[picture.pk] = picture.get_rendition(COVER).url
    return found


def _pages(items: list[StudyItem]) -> dict[int, StudyPage]:
    """What cards read of the pages: one query a kind."""
    found: dict[int, StudyPage] = {}
    drawn = PictureRendition.objects.filter(image=OuterRef("cover"), filter_spec=COVER)
    for kind, model in MODELS.items():
        wanted = [item.source_id for item in items if item.kind == kind]
        if not wanted:
            continue
        pages = model.objects.filter(pk__in=wanted).annotate(
            cover_file=Subquery(drawn.values("file")[:1])
        )
        if model is LessonPage:
            pages = pages.select_related("video__current").only(*READ, "video__current")
        else:
            pages = pages.only(*READ)
        found.update({page.pk: page for page in pages})
    return found


def _posters(pages) -> dict[int, str]:
    return {
        page.pk: media.poster_url(page.video.current)
        for page in pages
        if isinstance(page, LessonPage) and not page.cover_id and page.video_id
    }


def course_items(course: CoursePage) -> list[tuple[StudyItem, bool]]:
    """The registered parts of a course in order: (item, required)."""
    rows = (
        ItemPart.objects.filter(whole__source_type="courses.page", whole__source_id=course.pk)
        .filter(part__withdrawn_at=None)
        .select_related("part__current")
        .order_by("order")
    )
    return [(row.part, row.required) for row in rows]
