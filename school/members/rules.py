"""Pure rules on people: masks, codes, delays."""

import math
from collections.abc import Iterable

from django.utils.translation import gettext as _


def mask_name(name: str) -> str:
    """张** for 张建国: the family name stays."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def mask_mobile(number: str) -> str:
    """138****8000; anything shorter than seven digits is hidden whole."""
    if len(number) < 7:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_identity(number: str) -> str:
    """110101********1234; anything of another length is hidden whole."""
    if len(number) != 18:
        return "*" * len(number)
    return f"{number[:6]}********{number[-4:]}"


def mask_address(address: str) -> str:
    """山西省长治市****: the first six characters; a shorter address is hidden whole."""
    return f"{address[:6]}****" if len(address) > 6 else "*" * len(address)


# Without 0/O, 1/I/L, 2/Z, 5/S, 8/B: a code is read aloud and copied from paper.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH = 10


def normalise_code(typed: str) -> str:
    """A typed one-time code without case, spaces and dashes (also the full-width ones)."""
    folded = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in typed)
    return "".join(c for c in folded.upper() if c in CODE_ALPHABET)


def printed_code(code: str) -> str:
    """A code in two groups, as it is shown and printed: ABCDE-FGHJK."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"


def wait_seconds(failures: int) -> int:
    """Growing delay before the next try is looked at: 0 0 1 2 4 8 16 … at most 60 seconds."""
    if failures < 2:
        return 0
    return min(60, 2 ** min(10, math.floor(failures - 2)))


def leaked(level: int, seconds: float, per_minute: int) -> int:
    """What is left of a level from which ``per_minute`` leak away, after some seconds."""
    return max(0, level - int(max(0.0, seconds) * per_minute / 60))


def strictest(presets: dict[str, int], roles: Iterable[str]) -> int:
    """The smallest preset of the roles held; 0 means no limit, the empty name everybody.

    >>> strictest({"": 0, "auditor": 90}, {"auditor", "secretary"})
    90
    """
    held = [presets[name] for name in ("", *roles) if presets.get(name)]
    return min(held, default=0)


def device_label(agent: str) -> str:
    """What a browser runs on, as people call it, from its User-Agent header."""
    kinds = (
        ("MicroMessenger", _("微信")),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", _("安卓手机")),
        ("Windows", _("Windows 电脑")),
        ("Macintosh", _("Mac 电脑")),
        ("Linux", _("Linux 电脑")),
    )
    return next((label for mark, label in kinds if mark in agent), _("其他设备"))
