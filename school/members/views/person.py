"""One member: the record, and what a branch enters about him."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from school.core.errors import NotAllowed, NotFound
from school.members.forms.records import (
    AttachForm,
    EndForm,
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
    PostHolding,
)
from school.members.permissions import board_required, scope_for
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
from school.members.views.attempts import attempt

LEFT = MemberStanding.State.LEFT
BOARD = "/branch/"


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
        done, noticed = attempt(
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
        done, _row = attempt(form, lambda: _change_standing(seen, form))
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
        done, _row = attempt(
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
        done, _row = attempt(
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
        done, _row = attempt(
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
        done, _row = attempt(
            form,
            lambda: services.end_attachment(
                membership=membership, by=request.user, **form.cleaned_data
            ),
        )
        if done:
            messages.success(request, _("已登记。"))
            return seen.back()
    return _form_page(request, seen, form, title=_("结束双重组织生活"), note=membership.branch.name)
