"""The signed token a page studies with: it says who, what and until when, and cannot be made up."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

_SALT = "school.study.session"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token proves. ``expires``: Unix seconds until which study can be claimed."""

    sid: UUID
    member_id: int
    revision_id: int
    length: int
    expires: int
    max_rate: int


def seal(claim: Claim) -> str:
    """Token of a claim: the fields and an HMAC over them."""
    fields = (
        claim.sid.hex,
        claim.member_id,
        claim.revision_id,
        claim.length,
        claim.expires,
        claim.max_rate,
    )
    return signing.Signer(salt=_SALT, sep="~").sign(".".join(map(str, fields)))


def read(token: object) -> Claim | None:
    """Claim of a token, or None when it was not made here."""
    if not isinstance(token, str) or len(token) > 300:
        return None
    try:
        sid, *numbers = signing.Signer(salt=_SALT, sep="~").unsign(token).split(".")
        return Claim(UUID(hex=sid), *map(int, numbers))
    except (signing.BadSignature, ValueError, TypeError):
        return None
