"""A member's own password: chosen, kept in the row of those that may not come back."""

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import DomainError
from school.members.models import Member, PasswordUsed, SignInSession
from school.members.permissions import signed_in
from school.members.services.sessions import end_sessions, prove, rename
from school.members.services.throttle import Try, count_try, keyed, take_back


def choose_password(*, member: Member, password: str, request: HttpRequest | None = None) -> None:
    """Set the member's own password; every other browser is signed out.

    Args:
        request: the browser in which it was chosen; that one stays signed in.

    Raises:
        DomainError: the password does not meet the rules; the message names each.
    """
    # Several hashes, a second or two: done before anything is locked.
    try:
        validate_password(password, member)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages), field="password") from error
    member.set_password(password)
    member.must_set_password = False
    with transaction.atomic():
        member.save(update_fields=["password", "password_changed_at", "must_set_password"])
        _keep(member)
        audit.record("members.password_set", actor=member, subject=member)
        stays = _renew(request, member) if request is not None else None
        end_sessions(member=member, by=member, why=SignInSession.End.PASSWORD, but=stays)


def _renew(request: HttpRequest, member: Member) -> str:
    """The browser in which the password was chosen stays signed in, under a new key."""
    before = request.session.session_key
    update_session_auth_hash(request, member)
    prove(request)
    rename(before, request.session.session_key)
    return request.session.session_key


def _keep(member: Member) -> None:
    PasswordUsed.objects.create(member=member, password=member.password, set_at=clock.now())
    kept = PasswordUsed.objects.filter(member=member).values_list("pk", flat=True)
    last = list(kept[: settings.SIGN_IN_PASSWORDS_BARRED])
    PasswordUsed.objects.filter(member=member).exclude(pk__in=last).delete()


def change_password(*, request: HttpRequest, present: str, password: str) -> None:
    """Replace one's own password.

    Raises:
        TooMany: the present one was wrong too often.
        DomainError: the present one is wrong, or the new one does not meet the rules.
    """
    try:
        prove_password(request=request, password=present)
    except DomainError as error:
        error.field = "present"
        raise
    choose_password(member=signed_in(request), password=password, request=request)


def prove_password(*, request: HttpRequest, password: str) -> None:
    """Check the password of whoever is signed in, before the door itself is changed.

    Raises:
        TooMany: too many wrong ones; counted like those of a sign-in.
        DomainError: it is wrong.
    """
    member = signed_in(request)
    if not member.has_usable_password():
        raise DomainError(_("没有本平台的密码。请退出后重新登录，再来更改。"), field="password")
    attempt = Try(keyed("prove", str(member.pk)), audit.address_prefix(request))
    count_try(attempt)
    if not member.check_password(password):
        audit.record("members.password_not_proved", actor=member, subject=member, request=request)
        raise DomainError(_("密码不对。"), field="password")
    with transaction.atomic():
        take_back(attempt)
    prove(request)
