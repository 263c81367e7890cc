"""Writes of gatherings: open, close (book), cancel (take back)."""

from school.gatherings.services.gatherings import (
    cancel_gathering,
    close_gathering,
    open_gathering,
)

__all__ = ["cancel_gathering", "close_gathering", "open_gathering"]
