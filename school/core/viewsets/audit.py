"""The audit trail in the admin: filtered, read in words, taken along as a file."""

import csv
import itertools
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from school.core import clock
from school.core.audit import names, record, trail
from school.core.models import AuditEntry
from school.core.viewsets.policies import audit_policy

AT_ONCE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _allow(request: HttpRequest) -> None:
    if not audit_policy.user_has_permission(request.user, "view"):
        raise PermissionDenied


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The trail, newest first, page by page."""
    _allow(request)
    wanted = trail.TrailFilter.read(request.GET)
    shown = trail.page(
        wanted,
        before=trail.read_key(request.GET.get("before", "")),
        after=trail.read_key(request.GET.get("after", "")),
    )
    context = {
        "header_title": _("审计记录"),
        "breadcrumbs_items": [{"url": "", "label": _("审计记录")}],
        "header_icon": "history",
        "wanted": wanted,
        "query": urlencode(wanted.query()),
        "fields": wanted.query(),
        "page": shown,
        "newer": trail.written_key(shown.newer),
        "older": trail.written_key(shown.older),
        "about": _about(wanted, shown),
        "actions": names.actions(),
        "subjects": names.subjects(),
        "limit": settings.AUDIT_EXPORT_ROWS,
    }
    return render(request, "core/admin/audit.html", context)


def _about(wanted: trail.TrailFilter, shown: trail.TrailPage) -> str:
    """Whose trail this is, when it was opened from a person or a branch."""
    if not wanted.subject_id or wanted.subject or not shown.lines:
        return ""
    first = shown.lines[0]
    return f"{first.subject_type} {first.entry.subject_label}"


@never_cache
@require_GET
def inspect(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry, field by field."""
    _allow(request)
    entry = get_object_or_404(AuditEntry, pk=pk)
    context = {
        "header_title": _("审计记录 %(number)d") % {"number": entry.pk},
        "breadcrumbs_items": [
            {"url": reverse("audit:index"), "label": _("审计记录")},
            {"url": "", "label": _("审计记录 %(number)d") % {"number": entry.pk}},
        ],
        "header_icon": "history",
        "line": trail.in_words([entry])[0],
        "trail_of_subject": trail.address_of(entry.subject_type, entry.subject_id),
        "trail_of_actor": f"{reverse('audit:index')}?actor={entry.actor_id}",
    }
    return render(request, "core/admin/audit_entry.html", context)


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered trail as CSV, newest first, up to the limit; that it was taken is an entry."""
    _allow(request)
    wanted = trail.TrailFilter.read(request.POST)
    last = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = trail.newest_first(wanted.entries().filter(pk__lte=last))[: settings.AUDIT_EXPORT_ROWS]
    record(
        "core.audit_exported",
        actor=request.user,
        fields={"filter": wanted.query(), "rows": rows.count()},
    )
    now = clock.now().astimezone(clock.LOCAL)
    by = getattr(request.user, "masked_label", "")
    mark = _("导出人 %(by)s，导出时间 %(at)s") % {"by": by, "at": f"{now:%Y-%m-%d %H:%M}"}
    response = StreamingHttpResponse(_csv(rows, mark), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{now:%Y%m%d-%H%M}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class _Echo:
    """A file that hands each line back."""

    def write(self, text: str) -> str:
        return text


def _csv(rows, mark: str) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([mark])
    yield writer.writerow(
        [
            _("编号"),
            _("时间"),
            _("操作人"),
            _("操作"),
            _("对象类型"),
            _("对象"),
            _("内容"),
            _("地址段"),
        ]
    )
    for entries in batched(rows.iterator(chunk_size=AT_ONCE), AT_ONCE):
        for line in trail.in_words(list(entries)):
            yield writer.writerow([_plain(cell) for cell in _cells(line)])


def batched(rows: Iterable, size: int) -> Iterator[list]:
    """Rows in lists of at most ``size``."""
    left = iter(rows)
    while batch := list(itertools.islice(left, size)):
        yield batch


def _cells(line: trail.Line) -> list[str]:
    entry = line.entry
    said = [
        f"{c.label}：{c.after}" if c.before is None else f"{c.label}：{c.before} → {c.after}"
        for c in line.changes
    ]
    return [
        str(entry.pk),
        f"{entry.at.astimezone(clock.LOCAL):%Y-%m-%d %H:%M:%S}",
        entry.actor_label,
        line.action,
        line.subject_type,
        entry.subject_label,
        "；".join(said),
        line.where,
    ]


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(FORMULA) else cell


class AuditMenuItem(MenuItem):
    """Seen by those who may read the trail."""

    def is_shown(self, request: HttpRequest) -> bool:
        return audit_policy.user_has_permission(request.user, "view")


class AuditViewSet(ViewSet):
    """The audit trail, to be read."""

    name = "audit"
    icon = "history"
    menu_label = gettext_lazy("审计记录")
    menu_order = 910
    add_to_admin_menu = True
    menu_item_class = AuditMenuItem

    def get_urlpatterns(self):
        return [
            path("", index, name="index"),
            path("export/", export, name="export"),
            path("inspect/<int:pk>/", inspect, name="inspect"),
        ]
