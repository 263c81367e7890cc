"""What a member, or who guards the sign-ins, sees about one door."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from school.core import clock
from school.members.models import Member, OneTimeCode, SignInSession
from school.members.permissions import scope_for
from school.members.rules.signin import strictest
from school.members.services import second_step
from school.members.services.sessions import open_sessions

ROWS = 10


@dataclass(frozen=True)
class Security:
    """One member's door: browsers, second steps, codes; when the password runs out."""

    member: Member
    sessions: list[SignInSession]
    ended: list[SignInSession]
    means: dict
    has_second_step: bool
    asks_second_step: bool
    codes_left: int
    codes: list[OneTimeCode]
    password_until: date | None


def security_of(member: Member) -> Security:
    """Everything about one member's door; five queries."""
    means = second_step.authenticators(member)
    spare = means["recovery_codes"]
    return Security(
        member=member,
        sessions=open_sessions(member),
        ended=list(SignInSession.objects.filter(member=member).exclude(ended_at=None)[:ROWS]),
        means=means,
        has_second_step=bool(means["totp"] or means["webauthn"]),
        asks_second_step=second_step.is_asked_of(member),
        codes_left=second_step.codes_left(spare[0]) if spare else 0,
        codes=list(OneTimeCode.objects.filter(member=member).select_related("issued_by")[:5]),
        password_until=_password_until(member),
    )


def _password_until(member: Member) -> date | None:
    days = strictest(settings.SIGN_IN_PASSWORD_DAYS, scope_for(member).role_names)
    if not days or not member.has_usable_password():
        return None
    changed = member.password_changed_at or member.date_joined
    return clock.local_day(changed + timedelta(days=days))
