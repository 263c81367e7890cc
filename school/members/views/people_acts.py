"""What is done with several chosen members of a list at once: transfer, standing, attach."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from school.core.errors import DomainError, NotAllowed
from school.members.forms.records import AttachForm, StandingForm, TransferForm
from school.members.models import Branch, Member, Membership, MemberStanding
from school.members.permissions import Scope, board_required, scope_for
from school.members.selectors.directory import subtree_q
from school.members.services import people as services
from school.members.services.transfers import send_transfer

MOST = 500
SHOWN_REFUSALS = 5


@dataclass(frozen=True)
class Act:
    """A thing that is done with each of several members: its form, and the work for one."""

    title: str
    submit: str
    form: type[forms.Form]
    work: Callable[[Scope, Member, dict], object]
    note: str = ""


def _transfer(scope: Scope, who: Member, given: dict) -> None:
    send_transfer(
        member=who,
        to=given["receiver"],
        reason=given["reason"],
        letter_number=given["letter_number"],
        by=scope.member,
    )


def _standing(scope: Scope, who: Member, given: dict) -> None:
    if given["state"] == MemberStanding.State.LEFT and not scope.may_vouch_for(who):
        raise NotAllowed(_("管理权限大于本人，减员请由上级办理。"))
    services.change_standing(member=who, by=scope.member, **given)


def _attach(scope: Scope, who: Member, given: dict) -> None:
    services.attach_member(member=who, by=scope.member, **given)


ACTS = {
    "transfer": Act(
        gettext_lazy("转出组织关系"),
        gettext_lazy("转出"),
        TransferForm,
        _transfer,
        gettext_lazy("对方接收前，本人仍在原支部学习、统计。"),
    ),
    "standing": Act(gettext_lazy("变更类别或状态"), gettext_lazy("保存"), StandingForm, _standing),
    "attach": Act(gettext_lazy("登记双重组织生活"), gettext_lazy("保存"), AttachForm, _attach),
}


@never_cache
@require_POST
@board_required
def people_act(request: HttpRequest, branch_id: int) -> HttpResponse:
    """First the form for the chosen, then the work; who cannot be done is named with the reason."""
    scope = scope_for(request.user)
    node = scope.writable_branch_or_404(branch_id)
    name = request.POST.get("act", "")
    if name not in ACTS:
        raise DomainError(_("请先选择要办理的事项。"))
    act, chosen = ACTS[name], chosen_members(request, scope, node)
    sent = "confirmed" in request.POST
    form = act.form(request.POST if sent else None)
    if sent and form.is_valid():
        tell(request, *do(act, scope, chosen, form.cleaned_data))
        return redirect("members:people", node.pk)
    context = {
        "node": node,
        "act": name,
        "title": act.title,
        "submit": act.submit,
        "note": act.note,
        "chosen": chosen,
        "form": form,
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": node.short_name, "url": f"/branch/{node.pk}/people/"},
            {"label": act.title, "url": ""},
        ],
    }
    return render(request, "members/people_act.html", context)


def chosen_members(request: HttpRequest, scope: Scope, node: Branch) -> list[Member]:
    """The ticked members who belong to the node, without oneself.

    Raises:
        DomainError: nobody is left, or too many at once.
    """
    ticked = {int(pk) for pk in request.POST.getlist("member") if pk.isdecimal() and len(pk) < 19}
    if len(ticked) > MOST:
        raise DomainError(_("一次最多办理 %(most)d 人，请分几次。") % {"most": MOST})
    if not scope.is_superuser:
        ticked.discard(scope.member.pk)
    homes = Membership.objects.open().filter(
        subtree_q(node), kind=Membership.Kind.HOME, member__in=ticked
    )
    found = Member.objects.filter(pk__in=homes.values("member_id")).order_by("staff_number")
    if not (chosen := list(found)):
        raise DomainError(_("请先在名册里勾选人员（不含本人）。"))
    return chosen


def do(act: Act, scope: Scope, chosen: list[Member], given: dict) -> tuple[int, list[str]]:
    """Each on its own: how many were done, and a sentence for each who was not."""
    done, refused = 0, []
    for who in chosen:
        try:
            act.work(scope, who, given)
            done += 1
        except DomainError as error:
            refused.append(_("%(name)s：%(why)s") % {"name": who.name, "why": error.message})
    return done, refused


def tell(request: HttpRequest, done: int, refused: list[str]) -> None:
    """Say how many were done, and name those who were not."""
    if done:
        messages.success(request, _("已办理 %(count)d 人。") % {"count": done})
    for sentence in refused[:SHOWN_REFUSALS]:
        messages.warning(request, sentence)
    if len(refused) > SHOWN_REFUSALS:
        rest = len(refused) - SHOWN_REFUSALS
        messages.warning(request, _("另有 %(count)d 人未办理，请逐人查看。") % {"count": rest})
