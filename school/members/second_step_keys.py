"""Second steps keep their secrets inside a JSON column of allauth; rotation reaches them."""

import re
from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from school.core import crypto
from school.core.encrypted import rewriter
from school.members.second_step_adapter import BOUND_TO

_CIPHER = re.compile(r"[0-9a-f]{8}:[A-Za-z0-9+/=]+")


def _renewed(value: Any) -> Any:
    """A JSON value with every cipher text in it written anew."""
    if isinstance(value, dict):
        return {key: _renewed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renewed(inner) for inner in value]
    if isinstance(value, str) and _CIPHER.fullmatch(value) and not crypto.is_current(value):
        return crypto.encrypt(crypto.decrypt(value, bound_to=BOUND_TO), bound_to=BOUND_TO)
    return value


@rewriter("mfa.authenticator.data")
def rewrite_second_steps() -> Iterator[tuple[int, tuple[int, ...]]]:
    """Rewrite the secrets of all second steps; few rows, so one at a time under its lock."""
    done, failed = 0, []
    for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            try:
                renewed = _renewed(row.data)
            except crypto.Unreadable:
                failed.append(pk)
                continue
            if renewed != row.data:
                Authenticator.objects.filter(pk=pk).update(data=renewed)
                done += 1
        yield done, tuple(failed)
