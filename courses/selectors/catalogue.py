"""The catalogue: everything a member may study, filtered."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page as ResultPage
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from courses.models import SectionPage
from courses.selectors.cards import Card, cards
from school.members.models import Member
from school.members.selectors import audiences
from school.study.models import Completion, StudyItem

PER_PAGE = 24

KINDS = {"lesson": _("微课"), "article": _("文章"), "course": _("课程")}
# Upper bounds of study time in milliseconds, exclusive at the lower end.
LENGTHS = {
    "5": (_("5 分钟以内"), 0, 5 * 60_000),
    "15": (_("5–15 分钟"), 5 * 60_000, 15 * 60_000),
    "long": (_("15 分钟以上"), 15 * 60_000, None),
}


@dataclass(frozen=True)
class Wanted:
    """The filters of one request; unknown values are dropped, not refused."""

    kind: str = ""
    section: int | None = None
    year: int | None = None
    length: str = ""
    unfinished: bool = False

    @classmethod
    def read(cls, data: Mapping[str, str]) -> "Wanted":
        kind, length = data.get("kind", ""), data.get("length", "")
        section, year = data.get("section", ""), data.get("year", "")
        return cls(
            kind=kind if kind in KINDS else "",
            section=int(section) if section.isdecimal() and len(section) < 10 else None,
            year=int(year) if year.isdecimal() and len(year) == 4 else None,
            length=length if length in LENGTHS else "",
            unfinished=data.get("unfinished") == "1",
        )

    def query(self, **changes) -> str:
        """The address that differs from this one in the named filters."""
        values = {
            "kind": self.kind,
            "section": self.section,
            "year": self.year,
            "length": self.length,
            "unfinished": "1" if self.unfinished else "",
        }
        values.update(changes)
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}"


@dataclass(frozen=True)
class Catalogue:
    """One page of the catalogue."""

    listing: ResultPage
    cards: list[Card]
    filters: list[dict]
    wanted: Wanted

    @property
    def is_filtered(self) -> bool:
        return self.wanted != Wanted()

    @property
    def chosen(self) -> list[str]:
        """Labels of the filters in force; the first chip of a group is 全部."""
        return [
            chip["label"]
            for group in self.filters
            for chip in group["chips"][1:]
            if chip["current"]
        ]


def studyable(member: Member) -> QuerySet[StudyItem]:
    """Published pages a member may study, newest first."""
    return (
        StudyItem.objects.filter(source_type="courses.page", withdrawn_at=None)
        .exclude(current=None)
        .filter(audiences.visible_q(member))
        .select_related("current")
        .order_by("-source_id")
    )


def catalogue(member: Member, data: Mapping[str, str]) -> Catalogue:
    """What the catalogue page shows for a query string."""
    wanted = Wanted.read(data)
    sections = list(SectionPage.objects.live().only("pk", "title", "path").order_by("path"))
    items = studyable(member).filter(_condition(wanted, sections, member))
    listing = Paginator(items, PER_PAGE).get_page(data.get("page"))
    return Catalogue(
        listing=listing,
        cards=cards(listing.object_list, member),
        filters=_filters(wanted, sections, member),
        wanted=wanted,
    )


def _condition(wanted: Wanted, sections: list[SectionPage], member: Member) -> Q:
    condition = Q()
    if wanted.kind:
        condition &= Q(kind=wanted.kind)
    if wanted.length:
        _label, above, upto = LENGTHS[wanted.length]
        condition &= Q(current__study_ms__gt=above)
        if upto:
            condition &= Q(current__study_ms__lte=upto)
    pages = Q()
    if wanted.section:
        path = next((s.path for s in sections if s.pk == wanted.section), None)
        pages &= Q(path__startswith=path) if path else Q(pk__in=())
    if wanted.year:
        pages &= Q(first_published_at__year=wanted.year)
    if pages:
        condition &= Q(source_id__in=Page.objects.filter(pages).values("pk"))
    if wanted.unfinished:
        done = Completion.objects.filter(member=member, reverses=None, reversed_by=None).values(
            "item_id"
        )
        condition &= ~Q(pk__in=done)
    return condition


def _filters(wanted: Wanted, sections: list[SectionPage], member: Member) -> list[dict]:
    years = sorted(
        {
            moment.year
            for moment in Page.objects.live()
            .filter(pk__in=studyable(member).order_by().values("source_id"))
            .exclude(first_published_at=None)
            .datetimes("first_published_at", "year")
        },
        reverse=True,
    )
    return [
        _chips(wanted, _("类型"), "kind", KINDS.items(), wanted.kind),
        _chips(wanted, _("栏目"), "section", [(s.pk, s.title) for s in sections], wanted.section),
        _chips(wanted, _("年份"), "year", [(year, str(year)) for year in years], wanted.year),
        _chips(wanted, _("时长"), "length", [(k, v[0]) for k, v in LENGTHS.items()], wanted.length),
        {
            "label": _("进度"),
            "chips": [
                {
                    "label": _("全部"),
                    "url": wanted.query(unfinished=""),
                    "current": not wanted.unfinished,
                },
                {
                    "label": _("我未学"),
                    "url": wanted.query(unfinished="1"),
                    "current": wanted.unfinished,
                },
            ],
        },
    ]


def _chips(wanted: Wanted, label, name: str, choices, chosen) -> dict:
    chips = [{"label": _("全部"), "url": wanted.query(**{name: ""}), "current": not chosen}]
    for value, text in choices:
        chips.append(
            {"label": text, "url": wanted.query(**{name: value}), "current": value == chosen}
        )
    return {"label": label, "chips": chips}
