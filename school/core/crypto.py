"""Encryption of personal values: AES-256-GCM, keys by version, a keyed blind index for look-ups.

Two secrets never meet in one row: a cipher text names the key it was made with
(``<key id>:<base64 of nonce and sealed value>``) and so does an index (``<key id>:<mac>``).
``FIELD_KEY`` writes; it and every key of ``FIELD_KEYS_OLD`` read, so that the school goes on
working while ``manage.py rotate_keys`` rewrites the rows.
"""

import base64
import functools
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from school.core.errors import DomainError

ID_LENGTH = 8
NONCE_BYTES = 12


class Unreadable(DomainError):
    """A stored value that no key of the ring opens: changed, moved to another row, or key lost."""

    status = 500

    def __init__(self, why: str) -> None:
        super().__init__(_("加密保存的信息无法读取，请联系系统管理员核对密钥。"))
        self.why = why

    def __str__(self) -> str:
        return self.why


@functools.cache
def derived(purpose: str, root: str) -> bytes:
    """32 bytes for one purpose out of a root secret; purposes tell nothing about each other."""
    return hmac.new(root.encode(), purpose.encode(), hashlib.sha256).digest()


@functools.cache
def key_id(root: str) -> str:
    """Eight hex digits by which rows name a key; they do not help to guess it."""
    return derived("key-id", root).hex()[:ID_LENGTH]


def current_id() -> str:
    """Id of the key that writes."""
    return key_id(settings.FIELD_KEY)


def _ring() -> list[str]:
    """Root secrets that may be read with, the current one first."""
    return [settings.FIELD_KEY, *settings.FIELD_KEYS_OLD]


def encrypt(plain: str, *, bound_to: str) -> str:
    """Cipher text of a value; the empty string stays empty.

    Args:
        bound_to: what the value belongs to (field and row). It is authenticated, not stored: the
            cipher text opens nowhere else.
    """
    if not plain:
        return ""
    nonce = os.urandom(NONCE_BYTES)
    box = AESGCM(derived("field-encryption", settings.FIELD_KEY))
    sealed = box.encrypt(nonce, plain.encode(), bound_to.encode())
    return f"{current_id()}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(cipher: str, *, bound_to: str) -> str:
    """Plain text of a value.

    Raises:
        Unreadable: the value was changed or moved, or its key is not in the ring.
    """
    if not cipher:
        return ""
    named, _colon, body = cipher.partition(":")
    root = next((root for root in _ring() if key_id(root) == named), None)
    if root is None:
        raise Unreadable(f"no key {named!r} for {bound_to.partition(':')[0]}")
    try:
        raw = base64.b64decode(body, validate=True)
        box = AESGCM(derived("field-encryption", root))
        return box.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise Unreadable(f"value of {bound_to.partition(':')[0]} does not open") from error


def is_current(cipher: str) -> bool:
    """Whether a value is empty or written with the current key."""
    return not cipher or cipher.startswith(current_id() + ":")


def _index(plain: str, root: str) -> str:
    mac = hmac.new(derived("blind-index", root), plain.strip().upper().encode(), hashlib.sha256)
    return f"{key_id(root)}:{base64.urlsafe_b64encode(mac.digest()).decode().rstrip('=')}"


def blind_index(plain: str) -> str | None:
    """Keyed hash to store beside an encrypted value; None for the empty string."""
    return _index(plain, settings.FIELD_KEY) if plain.strip() else None


def blind_indexes(plain: str) -> list[str]:
    """Every hash under which a value may be stored now: the current key's first, then older ones.

    Look-ups and checks for duplicates compare with all of them, so a rotation may take its time.
    """
    return [_index(plain, root) for root in _ring()] if plain.strip() else []
