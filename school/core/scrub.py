"""The last resort against personal numbers in texts: whatever looks like one is masked.

Nothing should bring an identity or mobile number into a log line, an audit entry or an error
report; where something does after all, it is masked before it is written. Pure functions and the
two classes that logging and error reports are given in the settings.
"""

import logging
import re
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

# Eighteen characters with a plausible birthday, and mobile numbers of the mainland; neither as a
# part of a longer number (a moment in milliseconds, an id).
_IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])([1-9]\d{2})\d{3}[ -]?(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[ -]?"
    r"\d{3}[\dXx](?![0-9A-Za-z])"
)
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.])((?:\+?86[- ]?)?1[3-9]\d)[- ]?\d{4}[- ]?(\d{4})(?![0-9A-Za-z])"
)
_SECRET_FIELD = re.compile(
    r"password|passwd|secret|token|again|code|account|mobile|phone|identity|address", re.I
)
_CLEANSED = SafeExceptionReporterFilter.cleansed_substitute


def scrub(text: str) -> str:
    """A text with identity numbers as 110*************** and mobile numbers as 138****8000.

    Of identity numbers as little stays as in their own mask (``members.rules.masks``): the birth
    date and the sex that stand elsewhere must not make one whole again.
    """
    if len(text) < 11:
        return text
    return _MOBILE.sub(r"\1****\2", _IDENTITY.sub(rf"\1{'*' * 15}", text))


def scrub_value(value: Any) -> Any:
    """The same for whatever stands in a JSON document."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {key: scrub_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_value(inner) for inner in value]
    return value


class ScrubbingFormatter(logging.Formatter):
    """Log lines, tracebacks included, without personal numbers."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class ReporterFilter(SafeExceptionReporterFilter):
    """Error reports without secrets and personal numbers, whether DEBUG is on or off."""

    def get_post_parameters(self, request: HttpRequest) -> dict:
        found = super().get_post_parameters(request)
        return {
            name: _CLEANSED if _SECRET_FIELD.search(name) else scrub_value(value)
            for name, value in found.items()
        }

    def get_safe_request_meta(self, request: HttpRequest) -> dict:
        return scrub_value(super().get_safe_request_meta(request))

    def get_traceback_frame_variables(self, request: HttpRequest, tb_frame) -> list:
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [
            (name, _CLEANSED if _SECRET_FIELD.search(name) else _scrubbed(value))
            for name, value in found
        ]


def _scrubbed(value: Any) -> Any:
    """A local variable as an error report prints it: by its representation, scrubbed."""
    if isinstance(value, int | float | bool) or value is None:
        return scrub(repr(value)) if isinstance(value, int) and value > 10**9 else value
    try:
        return scrub(repr(value))
    except Exception:  # noqa: BLE001 - an error report must not fail on what it reports
        return "<unprintable>"
