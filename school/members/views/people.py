"""名册: the list of a node's members, one member's record, and what a branch enters about him."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from school.core import clock
from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.forms.records import (
    AttachForm,
    EndForm,
    EnrolForm,
    ListForm,
    PostForm,
    RecordForm,
    StandingForm,
)
from school.members.models import (
    Branch,
    Member,
    MemberRecord,
    Membership,
    MemberStanding,
    Post,
    PostHolding,
)
from school.members.permissions import OVERSEEING, Scope, board_required, scope_for
from school.members.selectors.directory import Cursor, Listing, Row, Wanted, directory
from school.members.selectors.people import (
    home_branch,
    membership_history,
    open_transfer,
    post_history,
    standing_history,
    standing_on,
)
from school.members.services import people as services
from school.members.services.records import edit_record

LEFT = MemberStanding.State.LEFT
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
    listing = directory(node, asked.wanted, asked.cursor)
    context = {
        "node": node,
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
        return self.wanted != Wanted()

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


def person_crumbs(home: Branch | None, who: Member, last: str = "") -> list[dict]:
    """From the board through the list of the home branch to the person."""
    crumbs = [{"label": _("支部"), "url": BOARD}]
    if home:
        roster = reverse("members:people", args=[home.pk])
        crumbs.append({"label": _("%(branch)s名册") % {"branch": home.short_name}, "url": roster})
    crumbs.append({"label": who.name, "url": reverse("members:person", args=[who.pk])})
    return [*crumbs, {"label": last, "url": ""}] if last else crumbs


class Person:
    """One member as the signed-in person may see and change him."""

    def __init__(self, request: HttpRequest, member_id: int) -> None:
        self.scope = scope_for(request.user)
        self.who = self.scope.member_or_404(member_id)
        self.home = home_branch(self.who)

    @property
    def may_read(self) -> bool:
        """Whether the record may be read: who acts for the branch, not who only looks on."""
        return self.home is not None and self.scope.may_write(self.home)

    @property
    def may_write(self) -> bool:
        """Whether the record may be changed: nobody changes his own."""
        own = self.who.pk == self.scope.member.pk and not self.scope.is_superuser
        return self.may_read and not own

    def writable(self) -> "Person":
        """This person, or a refusal.

        Raises:
            NotAllowed: may only be looked at, is oneself, or has no home branch.
        """
        if self.home is None:
            raise NotAllowed(_("这名党员没有组织关系，请先登记所在党组织。"))
        if not self.may_read:
            raise NotAllowed(_("只能查看该党组织，不能代为办理。"))
        if not self.may_write:
            raise NotAllowed(_("本人的信息由其他管理人员或上级办理，也可以在个人信息里申请更正。"))
        return self

    def context(self, last: str = "") -> dict:
        """What every page about a person shows."""
        return {
            "who": self.who,
            "home": self.home,
            "may_write": self.may_write,
            "may_read": self.may_read,
            "crumbs": person_crumbs(self.home, self.who, last),
        }

    def back(self) -> HttpResponse:
        return redirect("members:person", self.who.pk)


@never_cache
@require_GET
@board_required
def person(request: HttpRequest, member_id: int) -> HttpResponse:
    """One member: record (masked), standing, branches and posts through time."""
    seen = Person(request, member_id)
    record = MemberRecord.objects.filter(member=seen.who).first() if seen.may_read else None
    memberships = membership_history(seen.who)
    context = seen.context() | {
        "facts": record_facts(seen.who, record),
        "standings": standing_history(seen.who),
        "memberships": memberships,
        "posts": post_history(seen.who),
        "transfer": open_transfer(seen.who),
        "may_code": seen.may_write and seen.scope.may_vouch_for(seen.who),
    }
    return render(request, "members/person.html", context)


def record_facts(who: Member, record: MemberRecord | None) -> list[tuple[str, str]]:
    """(label, text) of what is known, personal numbers masked."""
    facts = [
        (_("身份证号"), who.masked_identity),
        (_("手机"), who.masked_mobile),
        (_("邮箱"), who.email),
    ]
    if record is not None:
        record.member = who
        facts.append((_("现居住地"), record.masked_address))
        for field in MemberRecord._meta.concrete_fields:
            if field.name not in ("member", "address_cipher"):
                facts.append((str(field.verbose_name), _shown(record, field)))
    return [(label, text) for label, text in facts if text]


def _shown(record: MemberRecord, field) -> str:
    value = getattr(record, field.name)
    if field.choices:
        return str(getattr(record, f"get_{field.name}_display")())
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value) if value else ""


def _attempt(form, work, *, rename: dict[str, str] | None = None):
    """Run a service; a refusal becomes an error of the form. Returns (done, result)."""
    try:
        return True, work()
    except DomainError as error:
        field = (rename or {}).get(error.field, error.field)
        form.add_error(field if field in form.fields else None, error.message)
        return False, None


@never_cache
@sensitive_post_parameters("identity", "mobile", "address")
@require_http_methods(["GET", "POST"])
@board_required
def edit(request: HttpRequest, member_id: int) -> HttpResponse:
    """Change the record. Unusual facts are saved and pointed out."""
    seen = Person(request, member_id).writable()
    record = MemberRecord.objects.filter(member=seen.who).first() or MemberRecord()
    record.member = seen.who
    form = RecordForm(request.POST or None, member=seen.who, record=record)
    if request.method == "POST" and form.is_valid():
        done, noticed = _attempt(
            form,
            lambda: edit_record(member=seen.who, changes=form.changes(), by=request.user),
        )
        if done:
            _tell(request, _("已保存。"), noticed)
            return seen.back()
    return render(request, "members/person_edit.html", seen.context(_("修改")) | {"form": form})


def _tell(request: HttpRequest, done: str, noticed: list[str]) -> None:
    messages.success(request, done)
    for sentence in noticed:
        messages.warning(request, sentence)


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def enrol(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Add one member to a branch."""
    scope = scope_for(request.user)
    node = scope.writable_branch_or_404(branch_id)
    form = EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, member = _attempt(
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


def _form_page(request: HttpRequest, seen: Person, form, **more) -> HttpResponse:
    context = seen.context(more["title"]) | {
        "form": form,
        "lead": f"{seen.who.name} · {seen.home.name}",
        "cancel": reverse("members:person", args=[seen.who.pk]),
        **more,
    }
    return render(request, "members/person_form.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def standing(request: HttpRequest, member_id: int) -> HttpResponse:
    """Change kind or state from a day on."""
    seen = Person(request, member_id).writable()
    now = standing_on(seen.who)
    initial = {"kind": now.kind, "state": now.state} if now else {}
    form = StandingForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        done, _row = _attempt(form, lambda: _change_standing(seen, form))
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    return _form_page(
        request,
        seen,
        form,
        title=_("变更类别或状态"),
        note=_("登记为已减员后，本人不能再登录，任职和管理权限同日结束。"),
    )


def _change_standing(seen: Person, form: StandingForm):
    given = form.cleaned_data
    if given["state"] == LEFT and not seen.scope.may_vouch_for(seen.who):
        raise NotAllowed(_("这名人员的管理权限大于本人，减员请由上级办理。"))
    return services.change_standing(member=seen.who, by=seen.scope.member, **given)


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def post(request: HttpRequest, member_id: int) -> HttpResponse:
    """Record that a post is taken: in the home branch or one above it."""
    seen = Person(request, member_id).writable()
    line = [
        seen.home.path[:n] for n in range(Branch.steplen, len(seen.home.path) + 1, Branch.steplen)
    ]
    branches = seen.scope.writable_branches.filter(path__in=line)
    form = PostForm(request.POST or None, branches=branches, initial={"branch": seen.home.pk})
    if request.method == "POST" and form.is_valid():
        done, _row = _attempt(
            form,
            lambda: services.hold_post(member=seen.who, by=request.user, **form.cleaned_data),
        )
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    return _form_page(request, seen, form, title=_("登记任职"))


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def post_end(request: HttpRequest, holding_id: int) -> HttpResponse:
    """Record that a post is given up."""
    holding = PostHolding.objects.select_related("post", "branch").filter(pk=holding_id).first()
    if holding is None:
        raise NotFound(_("没有找到这项任职，或不在管理范围内。"))
    seen = Person(request, holding.member_id).writable()
    if not seen.scope.may_write(holding.branch):
        raise NotAllowed(_("这项职务属于上级党组织，由上级办理。"))
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, _row = _attempt(
            form,
            lambda: services.end_post(holding=holding, by=request.user, **form.cleaned_data),
        )
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    what = _("%(branch)s%(post)s") % {"branch": holding.branch.short_name, "post": holding.post}
    return _form_page(request, seen, form, title=_("结束任职"), note=what)


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def attach(request: HttpRequest, member_id: int) -> HttpResponse:
    """双重组织生活: let a member take part in a further branch, which lists him as 兼."""
    seen = Person(request, member_id).writable()
    form = AttachForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, _row = _attempt(
            form,
            lambda: services.attach_member(member=seen.who, by=request.user, **form.cleaned_data),
        )
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    return _form_page(
        request,
        seen,
        form,
        title=_("登记双重组织生活"),
        note=_("组织关系不变，统计仍在本支部；对方名单里标为“兼”。"),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def attach_end(request: HttpRequest, membership_id: int) -> HttpResponse:
    """End a member's part in a further branch."""
    rows = Membership.objects.select_related("branch").filter(kind=Membership.Kind.ATTACHED)
    membership = rows.filter(pk=membership_id).first()
    if membership is None:
        raise NotFound(_("没有找到这项双重组织生活，或不在管理范围内。"))
    seen = Person(request, membership.member_id).writable()
    form = EndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done, _row = _attempt(
            form,
            lambda: services.end_attachment(
                membership=membership, by=request.user, **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    return _form_page(request, seen, form, title=_("结束双重组织生活"), note=membership.branch.name)
