"""Rules of the door: delays after failures, presets by role, what a browser is called."""

import math
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

# What stands in a User-Agent header → what the device is called; the first that is found.
DEVICES = (
    ("MicroMessenger", _("微信")),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", _("安卓手机")),
    ("Windows", _("Windows 电脑")),
    ("Macintosh", _("Mac 电脑")),
    ("Linux", _("Linux 电脑")),
)
OTHER_DEVICE = _("其他设备")


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
    label = next((label for mark, label in DEVICES if mark in agent), OTHER_DEVICE)
    return str(label)
