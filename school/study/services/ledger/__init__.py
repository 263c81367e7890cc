"""The credit ledger: every line is written here, once, and corrected only by a further line."""

from school.study.services.ledger.corrections import (
    book_anew,
    correct_entry,
    reverse_entry,
    take_back,
)
from school.study.services.ledger.offline import (
    claim_wall,
    post_decided,
    post_late,
    post_offline,
    release_wall,
)
from school.study.services.ledger.posting import booked_as, lines_in_force
from school.study.services.ledger.self_paced import (
    post_completion,
    post_studied,
    studied_seconds,
)

__all__ = [
    "book_anew",
    "booked_as",
    "claim_wall",
    "correct_entry",
    "lines_in_force",
    "post_completion",
    "post_decided",
    "post_late",
    "post_offline",
    "post_studied",
    "release_wall",
    "reverse_entry",
    "studied_seconds",
    "take_back",
]
