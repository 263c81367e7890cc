"""Signed paths: one signature covers every file of a package until it expires.

The playlists name their files relatively, so the signed prefix is inherited and a player needs no
token of its own. Keyed with SECRET_KEY; a proxy that delivers itself asks Django (X-Accel).
"""

import base64
import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.utils.translation import gettext as _

from media.errors import Gone
from school.core.errors import NotAllowed

ROUND_SECONDS = 3600


def signature(package: str, expiry: int) -> str:
    """22 letters (128 bits) over the package and the moment (Unix seconds) it expires."""
    message = f"video:{package}:{expiry}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def expiry_after(now: datetime, lifetime: timedelta) -> int:
    """Unix seconds at which a link made now ends, rounded up to the hour.

    Rounding keeps the address the same for a while, so a browser's cache can serve.
    """
    end = int((now + lifetime).timestamp())
    return -(-end // ROUND_SECONDS) * ROUND_SECONDS


def check(package: str, expiry: int, given: str, now: datetime) -> None:
    """Accept a signed path.

    Raises:
        NotAllowed: the signature is not ours, or belongs to another title or moment.
        Gone: it was right once, but has expired.
    """
    if not hmac.compare_digest(signature(package, expiry).encode(), given.encode()):
        raise NotAllowed(_("播放链接无效，请回到课程页面重新打开。"))
    if expiry < now.timestamp():
        raise Gone(_("播放链接已过期，请刷新课程页面。"))
