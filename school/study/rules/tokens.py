"""The signed token a page studies with: it says who, what, how and until when.

It cannot be made up, so neither the member, nor the length, nor the rules of the visit can be
changed by the page that carries it.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "school.study.session"
_BROWSER_SALT = "school.study.browser"
_BROWSER_LENGTH = 24
MAX_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token proves.

    ``expires``: Unix seconds until which study can be claimed. ``max_rate``, ``seek_free``,
    ``check_low``, ``check_high``, ``questions``: see ``policy.Policy``. ``review_ms``: study time
    that watching again may earn. ``browser``: ``browser_of`` the sign-in it was opened under.
    """

    sid: UUID
    member_id: int
    revision_id: int
    length: int
    expires: int
    max_rate: int
    cycle: int = 0
    seek_free: bool = False
    check_low: int = 0
    check_high: int = 0
    questions: bool = True
    review_ms: int = 0
    browser: str = ""

    def opened_in(self, session_key: str | None) -> bool:
        """Whether this is the browser, and the sign-in, that the visit was opened under."""
        return bool(self.browser and session_key) and constant_time_compare(
            self.browser, browser_of(session_key)
        )


def browser_of(session_key: str | None) -> str:
    """A keyed hash of a sign-in's session key; the key cannot be had back. Empty for none."""
    if not session_key:
        return ""
    hashed = salted_hmac(_BROWSER_SALT, session_key, algorithm="sha256")
    return hashed.hexdigest()[:_BROWSER_LENGTH]


@cache
def _signer(key: str) -> signing.Signer:
    return signing.Signer(key=key, salt=_SALT, sep="~")


def seal(claim: Claim) -> str:
    """Token of a claim: the fields and an HMAC over them."""
    sid, *rest, browser = (getattr(claim, each.name) for each in fields(claim))
    written = ".".join([sid.hex, *(str(int(number)) for number in rest), browser])
    return _signer(settings.SECRET_KEY).sign(written)


def read(token: object) -> Claim | None:
    """Claim of a token, or None when it was not made here."""
    if not isinstance(token, str) or len(token) > MAX_CHARACTERS:
        return None
    try:
        sid, *numbers, browser = _signer(settings.SECRET_KEY).unsign(token).split(".")
        written: list[Any] = [int(number) for number in numbers]
        claim = Claim(UUID(hex=sid), *written, browser=browser)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return claim
