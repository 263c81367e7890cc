"""组织关系转接: a branch's list, one transfer, and the four things that may be done with it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from school.core.errors import DomainError, NotAllowed, NotFound
from school.members.forms.records import ReceiveForm, TransferForm
from school.members.models import Branch, Transfer
from school.members.permissions import Scope, board_required, scope_for
from school.members.selectors.directory import subtree_q
from school.members.selectors.letters import Letter, letter_of, validity
from school.members.selectors.people import open_transfer, standing_on, transfers_of
from school.members.services import transfers as services
from school.members.views.people import node_or_404
from school.members.views.person import Person

LIST_ROWS = 30


@never_cache
@require_GET
@board_required
def transfers(request: HttpRequest, branch_id: int) -> HttpResponse:
    """Transfers out of and into a node, those in transit first."""
    scope = scope_for(request.user)
    node = node_or_404(scope, branch_id)
    rows = transfers_of(Branch.objects.filter(subtree_q(node, "path")))
    page = Paginator(rows, LIST_ROWS).get_page(request.GET.get("page"))
    context = {
        "node": node,
        "page": page,
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": node.short_name, "url": reverse("members:people", args=[node.pk])},
            {"label": _("组织关系转接"), "url": ""},
        ],
    }
    return render(request, "members/transfers.html", context)


def _transfer_or_404(scope: Scope, pk: int) -> Transfer:
    rows = Transfer.objects.select_related("member", "sender", "receiver", "sent_by", "settled_by")
    transfer = rows.filter(pk=pk).first()
    if transfer is None or not (scope.may_see(transfer.sender) or scope.may_see(transfer.receiver)):
        raise NotFound(_("没有找到这次转接，或不在管理范围内。"))
    return transfer


def _rights(scope: Scope, transfer: Transfer) -> dict[str, bool]:
    """Who may settle it: the receiving side takes in or sends back, the sending side withdraws.

    Nobody settles his own.
    """
    own = transfer.member_id == scope.member.pk and not scope.is_superuser
    open_now = transfer.state == Transfer.State.SENT and not own
    return {
        "may_receive": open_now and scope.may_write(transfer.receiver),
        "may_withdraw": open_now and scope.may_write(transfer.sender),
        "may_print": open_now and scope.may_write(transfer.sender),
    }


@never_cache
@require_GET
@board_required
def transfer(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """One transfer with what may be done about it."""
    scope = scope_for(request.user)
    found = _transfer_or_404(scope, transfer_id)
    return _shown(request, scope, found, ReceiveForm())


def _shown(
    request: HttpRequest, scope: Scope, found: Transfer, form: ReceiveForm, status: int = 200
) -> HttpResponse:
    node = found.receiver if scope.may_see(found.receiver) else found.sender
    context = {
        "transfer": found,
        "standing": standing_on(found.member),
        "letter": validity(found) if found.state == Transfer.State.SENT else None,
        "person_url": _person_url(scope, found),
        "form": form,
        **_rights(scope, found),
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": _("组织关系转接"), "url": reverse("members:transfers", args=[node.pk])},
            {"label": found.member.name, "url": ""},
        ],
    }
    return render(request, "members/transfer.html", context, status=status)


def _person_url(scope: Scope, found: Transfer) -> str:
    at = found.receiver if found.state == Transfer.State.RECEIVED else found.sender
    return reverse("members:person", args=[found.member_id]) if scope.may_see(at) else ""


@never_cache
@require_GET
@board_required
def letter(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """The letter of introduction with its stub and its receipt, to be printed and sealed."""
    scope = scope_for(request.user)
    found = _settleable(scope, transfer_id, receiving=False)
    found_letter = letter_of(found)
    context = {
        "letter": found_letter,
        "facts": _facts(found_letter),
        "parts": [
            {"name": "stub", "title": _("介绍信存根（第一联）")},
            {"name": "letter", "title": _("党员组织关系介绍信（第二联）")},
            {"name": "receipt", "title": _("介绍信回执（第三联）")},
        ],
        "crumbs": [
            {"label": _("支部"), "url": "/branch/"},
            {"label": _("组织关系转接"), "url": reverse("members:transfer", args=[found.pk])},
            {"label": _("介绍信"), "url": ""},
        ],
    }
    return render(request, "members/letter.html", context)


def _facts(found: Letter) -> str:
    """What the letter says of the member in brackets: sex, ethnicity, year of birth."""
    record = found.record
    if record is None:
        return ""
    born = _("%(year)d 年生") % {"year": record.born_on.year} if record.born_on else ""
    sex = record.get_sex_display() if record.sex else ""
    return "，".join(str(part) for part in (sex, record.ethnicity, born) if part)


@never_cache
@require_http_methods(["GET", "POST"])
@board_required
def send(request: HttpRequest, member_id: int) -> HttpResponse:
    """Send a member to another branch."""
    seen = Person(request, member_id).writable()
    if found := open_transfer(seen.who):
        return redirect("members:transfer", found.pk)
    form = TransferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            found = services.send_transfer(
                member=seen.who,
                to=given["receiver"],
                reason=given["reason"],
                letter_number=given["letter_number"],
                by=request.user,
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, _("已转出，待对方接收。接收前仍在本支部统计。"))
            return redirect("members:transfer", found.pk)
    context = seen.context(_("转出")) | {
        "title": _("转出组织关系"),
        "lead": f"{seen.who.name} · {seen.home.name}",
        "note": _("对方接收前，本人仍在本支部学习、统计，由本支部负责。"),
        "form": form,
        "submit": _("转出"),
        "cancel": reverse("members:person", args=[seen.who.pk]),
    }
    return render(request, "members/person_form.html", context)


@never_cache
@require_POST
@board_required
def receive(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Take the member in from a day on."""
    scope = scope_for(request.user)
    found = _settleable(scope, transfer_id, receiving=True)
    form = ReceiveForm(request.POST)
    if form.is_valid():
        try:
            services.receive_transfer(
                transfer=found, on=form.cleaned_data["effective_on"], by=request.user
            )
        except DomainError as error:
            if error.field not in form.fields:
                raise
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _("已接收。"))
            return redirect("members:person", found.member_id)
    return _shown(request, scope, found, form, status=400)


def _settleable(scope: Scope, pk: int, *, receiving: bool) -> Transfer:
    found = _transfer_or_404(scope, pk)
    side = found.receiver if receiving else found.sender
    if not scope.may_write(side):
        raise NotAllowed(
            _("接收和退回由转入党组织或其上级办理。")
            if receiving
            else _("撤回和打印介绍信由转出党组织或其上级办理。")
        )
    if found.member_id == scope.member.pk and not scope.is_superuser:
        raise NotAllowed(_("本人的转接由其他管理人员或上级办理。"))
    return found


@never_cache
@require_POST
@board_required
def send_back(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """退回, with a reason."""
    found = _settleable(scope_for(request.user), transfer_id, receiving=True)
    services.return_transfer(transfer=found, by=request.user, answer=request.POST.get("answer", ""))
    messages.success(request, _("已退回转出方。"))
    return redirect("members:transfer", found.pk)


@never_cache
@require_POST
@board_required
def withdraw(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """撤回."""
    found = _settleable(scope_for(request.user), transfer_id, receiving=False)
    services.withdraw_transfer(transfer=found, by=request.user)
    messages.success(request, _("已撤回，组织关系不变。"))
    return redirect("members:transfer", found.pk)
