"""One-time codes: for one member, for a whole branch as printed slips, and those to look at."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.models import Member
from school.members.permissions import Vouching, member_required, scope_for, vouching_for
from school.members.selectors import codes as reads
from school.members.selectors.people import home_branch
from school.members.services.codes import issue_code, issue_slips

ROWS = 50


def _member_or_404(request: HttpRequest, vouching: Vouching, pk: int) -> Member:
    """Somebody who may be given a code here, or who may at least be looked at."""
    member = vouching.members.filter(pk=pk).first()
    return member or scope_for(request.user).member_or_404(pk)


@never_cache
@member_required
@require_GET
def code_form(request: HttpRequest, member_id: int) -> HttpResponse:
    """Before a code is issued: whom it is for, and what will happen."""
    vouching = vouching_for(request.user)
    member = _member_or_404(request, vouching, member_id)
    context = {
        "who": member,
        "branch": home_branch(member),
        "may_issue": _may(vouching, member),
    }
    return render(request, "members/code.html", context)


@never_cache
@member_required
@require_POST
def code_issue(request: HttpRequest, member_id: int) -> HttpResponse:
    """Issue a one-time code and show it once."""
    vouching = vouching_for(request.user)
    member = _member_or_404(request, vouching, member_id)
    if not _may(vouching, member):
        raise NotAllowed(_("不能给本人、权限更大或已停用的人员发放登录码，请联系上级管理员。"))
    context = {
        "who": member,
        "branch": home_branch(member),
        "code": issue_code(member=member, by=request.user),
        "hours": settings.SIGN_IN_ONE_TIME_CODE_HOURS,
    }
    return render(request, "members/code.html", context)


def _may(vouching: Vouching, member: Member) -> bool:
    reached = vouching.members.filter(pk=member.pk).exists()
    return reached and bool(vouching.vouchable([member]))


@never_cache
@member_required
@require_http_methods(["GET", "POST"])
def branch_codes(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Choose who gets a slip (those who have never signed in are chosen), then print them."""
    vouching = vouching_for(request.user)
    branch = vouching.branch_or_404(branch_id)
    error = ""
    if request.method == "POST":
        ids = _ids(request.POST.getlist("member"))
        members = reads.chosen(branch, vouching, ids)
        try:
            slips = issue_slips(branch=branch, members=members, by=request.user)
        except DomainError as refusal:
            error = refusal.message
        else:
            context = {
                "branch": branch,
                "slips": slips,
                "left_out": len(ids) - len(slips),
                "days": settings.SIGN_IN_SLIP_DAYS,
                "address": request.build_absolute_uri("/"),
            }
            return render(request, "members/slips.html", context)
    rows, more = reads.candidates(branch, vouching, settings.SIGN_IN_SLIPS_AT_ONCE)
    context = {
        "branch": branch,
        "rows": rows,
        "more": more,
        "days": settings.SIGN_IN_SLIP_DAYS,
        "most": settings.SIGN_IN_SLIPS_AT_ONCE,
        "error": error,
    }
    return render(request, "members/branch_codes.html", context, status=400 if error else 200)


def _ids(sent: list[str]) -> list[int]:
    numbers = (int(text) for text in sent[:5000] if text.isdecimal() and len(text) < 19)
    return sorted(set(numbers))


@never_cache
@member_required
@require_GET
def codes_to_look_at(request: HttpRequest) -> HttpResponse:
    """Codes used on a device that is known as the issuer's own."""
    vouching = vouching_for(request.user)
    if not vouching.may_watch:
        raise NotFound(_("没有找到这个页面。"))
    rows = reads.codes_to_look_at(vouching)
    context = {"page": Paginator(rows, ROWS).get_page(request.GET.get("page"))}
    return render(request, "members/codes_to_look_at.html", context)
