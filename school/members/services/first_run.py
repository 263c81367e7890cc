"""The first run: notice, new password, own data, letter size. Resumable: each step is a fact."""

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import clock
from school.core.errors import Conflict, DomainError
from school.core.host import notice_in_force
from school.core.models import HostSettings
from school.members.models import Consent, Member
from school.members.services.corrections import ask_correction

NOTICE, PASSWORD, PROFILE, LETTERS = "notice", "password", "profile", "letters"
STEPS = (NOTICE, PASSWORD, PROFILE, LETTERS)


def notice_text(host: HostSettings) -> str:
    """The notice on personal information the host shows."""
    return notice_in_force(host).text


def next_step(member: Member, host: HostSettings) -> str | None:
    """The first step a member has still to take, or None."""
    if member.consent_version != host.privacy_version:
        return NOTICE
    if member.must_set_password:
        return PASSWORD
    if member.profile_confirmed_at is None:
        return PROFILE
    if member.first_run_done_at is None:
        return LETTERS
    return None


@transaction.atomic
def agree(*, member: Member, host: HostSettings) -> None:
    """Keep a member's agreement to the notice in force; its text stays under its version."""
    notice = notice_in_force(host)
    Consent.objects.get_or_create(
        member=member,
        version=notice.version,
        defaults={"text_digest": notice.digest, "at": clock.now()},
    )
    member.consent_version = notice.version
    _finish_if_done(member, host)
    member.save(update_fields=["consent_version", "first_run_done_at"])


@transaction.atomic
def confirm_profile(*, member: Member, correction: str = "") -> None:
    """Confirm name and branch, or ask the branch to correct them; study can go on either way."""
    if correction.strip():
        try:
            ask_correction(member=member, text=correction)
        except DomainError as error:
            raise Conflict(error.message, field="correction") from error
    member.profile_confirmed_at = clock.now()
    member.save(update_fields=["profile_confirmed_at"])


@transaction.atomic
def choose_letters(*, member: Member, size: str) -> None:
    """Choose the size of type and finish the first run."""
    if size not in Member.TextSize.values:
        raise DomainError(_("请选择一种字号。"), field="size")
    member.text_size = size
    member.first_run_done_at = clock.now()
    member.save(update_fields=["text_size", "first_run_done_at"])


def _finish_if_done(member: Member, host: HostSettings) -> None:
    """After a new version of the notice nothing but the agreement is asked again."""
    if member.profile_confirmed_at and not member.must_set_password:
        member.first_run_done_at = member.first_run_done_at or clock.now()
