"""Rows of the ledger as the member reads them: where each came from, why a part was not counted."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core.wording import hours
from school.study.models import HourEntry
from school.study.rules import origins
from school.study.selectors.year import month_counted

ALL, ONLINE, OFFLINE, NONE = "all", "online", "offline", "none"
SHOWS = {
    ALL: gettext_lazy("全部"),
    ONLINE: gettext_lazy("网上"),
    OFFLINE: gettext_lazy("线下"),
    NONE: gettext_lazy("未计或少计"),
}


@dataclass(frozen=True)
class EntryLine:
    """One row. ``lost``: hundredths of 学时 that were not counted; ``came`` from what, in words."""

    entry: HourEntry
    came: str
    lost: int = 0

    @property
    def why(self) -> str:
        """Why a part was not counted, or what a correction says."""
        if self.lost and self.entry.credit:
            given = {"lost": hours(self.lost), "note": self.entry.note}
            return _("少计 %(lost)s 学时：%(note)s") % given if self.entry.note else ""
        return self.entry.note


def shown(rows: QuerySet[HourEntry], show: str, month: int | None) -> QuerySet[HourEntry]:
    """Rows of one side, or those not counted in full, of one month of the year or of all."""
    if month:
        rows = rows.alias(month=month_counted()).filter(month=month)
    return rows.filter(_of(show))


def _of(show: str) -> Q:
    offline = Q(source__in=HourEntry.OFFLINE)
    less = Q(reverses=None) & ~Q(note="") & Q(reversed_by=None)
    return {ALL: Q(), ONLINE: ~offline, OFFLINE: offline, NONE: less}[show]


def show_counts(rows: QuerySet[HourEntry]) -> dict[str, int]:
    """How many rows stand under each way of showing them. One query."""
    return rows.order_by().aggregate(**{show: Count("pk", filter=_of(show)) for show in SHOWS})


def lines_of(entries: Iterable[HourEntry]) -> list[EntryLine]:
    """Rows with words on where they came from. No query."""
    return [EntryLine(entry, came_from(entry), _lost(entry)) for entry in entries]


def _lost(entry: HourEntry) -> int:
    award = getattr(entry, "award", None)
    return max(0, award - entry.credit) if award and not entry.reverses_id else 0


def came_from(entry: HourEntry) -> str:
    """Where a row came from, in words."""
    kind = origins.kind_of(entry.origin)
    if entry.reverses_id:
        return _("冲销 %(day)s 的一条记录") % {"day": entry.reverses.studied_on}
    if kind == origins.COMPLETION:
        quiz = entry.source == HourEntry.Source.QUIZ
        return _("测验通过后计入") if quiz else _("学完后计入")
    words = {
        origins.STUDY: _("按学习时间计入"),
        origins.LATE: _("逾期上传，经核实计入"),
        origins.FIX: _("更正后计入"),
        origins.IMPORT: _("由教务导入"),
        origins.DISPUTE: _("学时申诉裁定后计入"),
        "attendance": _("按到会登记计入"),
    }
    return words.get(kind, _("由管理人员登记"))
