"""The page of the notice on personal information."""

from dataclasses import dataclass
from datetime import datetime

from school.core.models import PrivacyNotice
from school.members.models import Consent, Member


@dataclass(frozen=True)
class Shown:
    """A version of the notice; ``agreed_at``: when the member agreed to this very text."""

    notice: PrivacyNotice
    in_force: bool
    agreed_at: datetime | None


def notices_shown_to(member: Member, *, in_force: str) -> list[Shown]:
    """All versions, the one in force first, then the newest."""
    agreed = {
        (version, digest): at
        for version, digest, at in Consent.objects.filter(member=member).values_list(
            "version", "text_digest", "at"
        )
    }
    shown = [
        Shown(
            notice=notice,
            in_force=notice.version == in_force,
            agreed_at=agreed.get((notice.version, notice.digest)),
        )
        for notice in PrivacyNotice.objects.all()
    ]
    return sorted(shown, key=lambda row: not row.in_force)
