"""Pure rules of gatherings: codes that turn, minutes that count, who has seen what was shown.

Moments are integer milliseconds since the Unix epoch; lateness and early leave whole minutes.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

MINUTE_MS = 60_000
DIGITS = 6


# -- the code -------------------------------------------------------------------------------------


def code_window(now_ms: int, seconds: int) -> int:
    """The number of the time window a moment lies in."""
    return now_ms // (seconds * 1000)


def code_of(key: bytes, gathering_id: int, window: int) -> str:
    """The six digits of a gathering in a window."""
    said = f"gathering-code:{gathering_id}:{window}".encode()
    number = int.from_bytes(hmac.digest(key, said, "sha256")[:8], "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def code_fits(key: bytes, gathering_id: int, given: str, now_ms: int, seconds: int) -> bool:
    """Whether a code is that of this window or of the one before."""
    window = code_window(now_ms, seconds)
    fits = False
    for each in (window, window - 1):
        fits |= hmac.compare_digest(code_of(key, gathering_id, each).encode(), given.encode())
    return fits


def left_of_window(now_ms: int, seconds: int) -> int:
    """Whole seconds until the code turns, at least 1."""
    return seconds - now_ms % (seconds * 1000) // 1000


def folded_code(text: str) -> str:
    """What was typed as a code: full-width digits and blanks made plain, else as it is."""
    return "".join(str(int(c)) if c.isdecimal() else c for c in text if not c.isspace())[:12]


# -- minutes --------------------------------------------------------------------------------------


def late_minutes(start_ms: int, arrived_ms: int, grace_minutes: int) -> int:
    """Whole minutes after the start, 0 within the grace."""
    late = max(0, arrived_ms - start_ms) // MINUTE_MS
    return 0 if late <= grace_minutes else late


def attended(start_ms: int, end_ms: int, late: int, early: int) -> tuple[int, int] | None:
    """From arrival to leave; None when nothing is left of the session."""
    low, high = start_ms + late * MINUTE_MS, end_ms - early * MINUTE_MS
    return (low, high) if low < high else None


def has_seen(attended_ms: int, whole_ms: int, share: float) -> bool:
    """Whether somebody was there long enough to have seen what was shown."""
    return attended_ms > 0 and attended_ms >= whole_ms * share


# -- one person over all sessions -----------------------------------------------------------------

EXPECTED, PRESENT, LEAVE, ABSENT = "expected", "present", "leave", "absent"
STATES = (PRESENT, LEAVE, ABSENT)


def overall(states: Iterable[str], sessions: int) -> str:
    """What became of somebody: present in any session is present, a leave goes before an absence.

    Args:
        states: of the sessions that have been entered.
        sessions: how many there are; while some are not entered, nobody is absent.
    """
    said = list(states)
    if PRESENT in said:
        return PRESENT
    if LEAVE in said:
        return LEAVE
    return ABSENT if len(said) >= sessions and said else EXPECTED


@dataclass(frozen=True, slots=True)
class Mark:
    """What is entered for one person in one session."""

    state: str
    late: int = 0
    early: int = 0


def mark_fault(mark: Mark, minutes: int) -> str:
    """What is wrong with a mark in a session of so many minutes: "", ``state`` or ``minutes``."""
    if mark.state not in STATES:
        return "state"
    if mark.late < 0 or mark.early < 0:
        return "minutes"
    return "minutes" if mark.state == PRESENT and mark.late + mark.early >= minutes else ""
