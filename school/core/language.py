"""The language of what is stored: many people read it later, whatever the language of who acts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation


@contextmanager
def school_language() -> Iterator[None]:
    """Write sentences that are stored (messages, notes of the ledger) in the school's language.

    A context, or a decorator of a function that only composes and stores. What is said to the
    person who acts, a refusal too, is composed outside of it, in his own language.
    """
    with translation.override(settings.LANGUAGE_CODE):
        yield
