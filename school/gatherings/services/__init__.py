"""Writes of gatherings."""

from school.gatherings.services.approval import (
    approve_gathering,
    confirm_own,
    decline_own,
    send_back_gathering,
)
from school.gatherings.services.checkin import ask_leave, check_in
from school.gatherings.services.corrections import correct_attendance
from school.gatherings.services.gatherings import (
    cancel_gathering,
    close_gathering,
    convene_gathering,
    end_gathering,
    open_gathering,
)
from school.gatherings.services.names import add_guest, enter_names, remove_guest

__all__ = [
    "add_guest",
    "approve_gathering",
    "ask_leave",
    "cancel_gathering",
    "check_in",
    "close_gathering",
    "confirm_own",
    "convene_gathering",
    "correct_attendance",
    "decline_own",
    "end_gathering",
    "enter_names",
    "open_gathering",
    "remove_guest",
    "send_back_gathering",
]
