"""Encryption of personal numbers: AES-256-GCM with a keyed blind index for look-ups."""

import base64
import functools
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


@functools.cache
def _key(purpose: str, root: str) -> bytes:
    return hmac.new(root.encode(), purpose.encode(), hashlib.sha256).digest()


def encrypt(plain: str) -> str:
    """Cipher text of a value; the empty string stays empty."""
    if not plain:
        return ""
    nonce = os.urandom(12)
    sealed = AESGCM(_key("field-encryption", settings.FIELD_KEY)).encrypt(
        nonce, plain.encode(), None
    )
    return "1:" + base64.b64encode(nonce + sealed).decode()


def decrypt(cipher: str) -> str:
    """Plain text of a value.

    Raises:
        cryptography.exceptions.InvalidTag: the value was changed or the key is another.
    """
    if not cipher:
        return ""
    raw = base64.b64decode(cipher.removeprefix("1:"))
    return (
        AESGCM(_key("field-encryption", settings.FIELD_KEY)).decrypt(raw[:12], raw[12:], None)
    ).decode()


def blind_index(plain: str) -> str | None:
    """Keyed hash by which an encrypted value is found; None for the empty string."""
    if not plain:
        return None
    return hmac.new(
        _key("blind-index", settings.FIELD_KEY), plain.strip().upper().encode(), hashlib.sha256
    ).hexdigest()
