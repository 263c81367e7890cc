"""Roster imports from the upload to the last row: read, previewed, confirmed, written, swept."""

from school.members.services.rosters.console import import_file
from school.members.services.rosters.ending import cancel_roster, discard, fail, sweep_imports
from school.members.services.rosters.reading import planner_of, read_roster
from school.members.services.rosters.uploading import upload_roster
from school.members.services.rosters.writing import confirm_roster, write_roster

__all__ = [
    "cancel_roster",
    "confirm_roster",
    "discard",
    "fail",
    "import_file",
    "planner_of",
    "read_roster",
    "sweep_imports",
    "upload_roster",
    "write_roster",
]
