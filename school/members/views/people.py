"""名册: the list of a node's members, and adding one."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from school.core import clock
from school.members.forms.records import (
    EnrolForm,
    ListForm,
    PartForm,
)
from school.members.models import (
    Branch,
    MemberStanding,
    Post,
)
from school.members.permissions import OVERSEEING, Scope, board_required, scope_for
from school.members.selectors.directory import Cursor, Listing, Row, Wanted, directory
from school.members.services import people as services
from school.members.views.attempts import attempt

BOARD = "/branch/"

# Columns of the list: name → (label, text of a row). ``words`` are those of the whole list,
# translated once and not for each row.
COLUMNS = {
    "staff_number": (gettext_lazy("工号"), lambda row, words: row.staff_number),
    "kind": (gettext_lazy("类别"), lambda row, words: words["kinds"].get(row.kind, "")),
    "post": (gettext_lazy("职务"), lambda row, words: row.post),
    "branch": (gettext_lazy("党组织"), lambda row, words: row.branch),
    "joined_on": (gettext_lazy("入党日期"), lambda row, words: _day(row.joined_on)),
    "workplace": (gettext_lazy("工作单位及岗位"), lambda row, words: row.workplace),
    "last_login": (
        gettext_lazy("最近登录"),
        lambda row, words: (
            clock.local_day(row.last_login).isoformat() if row.last_login else words["never"]
        ),
    ),
}
PRESET = ("staff_number", "kind", "post", "branch", "last_login")


def _day(day) -> str:
    return day.isoformat() if day else ""


def node_or_404(scope: Scope, pk: int) -> Branch:
    """A node of the scope; one that is granted itself needs no statement."""
    for grant in scope.grants:
        if grant.branch_id == pk and grant.role in OVERSEEING:
            return grant.branch
    return scope.branch_or_404(pk)


@never_cache
@require_GET
@board_required
def people(request: HttpRequest, branch_id: int) -> HttpResponse:
    """The members of a node and all below it."""
    scope = scope_for(request.user)
    node = node_or_404(scope, branch_id)
    asked = Asked(request)
    part = _part_form(request, node)
    listing = directory((part and part.chosen) or node, asked.wanted, asked.cursor)
    context = {
        "node": node,
        "part": part,
        "asked": asked,
        "listing": listing,
        "may_write": scope.may_write(node),
        "pages": asked.pages(listing),
        "lines": lines(listing.rows, asked.columns, reverse("members:person", args=[0])),
        "crumbs": _crumbs(node, _("名册")),
    }
    # Turning a page replaces the rows alone: without the frame it costs half.
    whole = not request.htmx or request.htmx.history_restore_request
    return render(request, f"members/{'people' if whole else 'people_rows'}.html", context)


def _part_form(request: HttpRequest, node: Branch) -> PartForm | None:
    """The filter by branch; a node without any below it has none."""
    if node.is_leaf():
        return None
    return PartForm(request.GET if request.GET.get("branch") else None, node=node)


class Asked:
    """What the address of a list asks: filters, columns, and where the page begins."""

    def __init__(self, request: HttpRequest) -> None:
        get = request.GET
        self.query = get
        self.more = "more" in get
        self.form = ListForm(get)
        post = get.get("post", "")
        self.post = int(post) if post.isdecimal() and len(post) < 10 else None
        self.wanted: Wanted = self.form.wanted(self.post)
        self.cursor = Cursor(
            after=_number(get.get("after")), before=_number(get.get("before")), last="last" in get
        )
        chosen = [name for name in get.getlist("col") if name in COLUMNS]
        self.columns = chosen or list(PRESET)

    @property
    def is_filtered(self) -> bool:
        return self.wanted != Wanted() or bool(self.query.get("branch"))

    @property
    def posts(self) -> list[Post]:
        """Choices of the post filter; read only where it is shown."""
        return list(Post.objects.all()) if self.more or self.post else []

    @property
    def heads(self) -> list[str]:
        return [COLUMNS[name][0] for name in self.columns]

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """(name, label, chosen) of every column."""
        return [(name, label, name in self.columns) for name, (label, _t) in COLUMNS.items()]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What every other page of the same list keeps in its address."""
        return [
            (name, value)
            for name, values in self.query.lists()
            if name not in ("after", "before", "last")
            for value in values
            if value and "\x00" not in value
        ]

    def address(self, **place: str) -> str:
        return "?" + urlencode([*self.kept, *place.items()])

    def pages(self, listing: Listing) -> dict[str, str]:
        """Addresses of the first, previous, next and last page, where there are such."""
        found = {}
        if listing.before:
            found["first"] = self.address()
            found["previous"] = self.address(before=listing.before)
        if listing.after:
            found["next"] = self.address(after=listing.after)
            found["last"] = self.address(last="1")
        return found


def _number(text: str | None) -> str:
    return (text or "").replace("\x00", "")[:32]


def lines(rows: list[Row], columns: list[str], address: str) -> list[dict]:
    """Rows as the table shows them; ``address`` is that of member 0."""
    head, _zero, tail = address.rpartition("0")
    texts = [COLUMNS[name][1] for name in columns]
    words = {
        "kinds": {key: str(label) for key, label in MemberStanding.Kind.choices},
        "never": _("未登录"),
    }
    return [
        {
            "pk": row.pk,
            "name": row.name,
            "url": f"{head}{row.pk}{tail}",
            "state": "" if row.is_normal else row.state_label,
            "cells": [text(row, words) for text in texts],
        }
        for row in rows
    ]


def _crumbs(node: Branch, last: str, url: str = "") -> list[dict]:
    return [
        {"label": _("支部"), "url": BOARD},
        {"label": node.short_name, "url": reverse("members:people", args=[node.pk])},
        {"label": last, "url": url},
    ]


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def enrol(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Add one member to a branch."""
    scope = scope_for(request.user)
    node = scope.writable_branch_or_404(branch_id)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, member = attempt(
            form,
            lambda: services.enrol_member(branch=node, by=request.user, **form.cleaned_data),
        )
        if done:
            messages.success(request, _("已建档。首次登录请发放一次性登录码。"))
            return redirect("members:person", member.pk)
    context = {
        "title": _("添加人员"),
        "lead": node.name,
        "form": form,
        "submit": _("建档"),
        "cancel": reverse("members:people", args=[node.pk]),
        "crumbs": _crumbs(node, _("添加人员")),
    }
    return render(request, "members/person_form.html", context)
