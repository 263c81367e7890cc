"""Read and write a roster at once, as the command does."""

from pathlib import Path

from school.core.errors import DomainError
from school.members.models import Branch, RosterImport
from school.members.roster.planning import Outcome
from school.members.services.rosters.ending import cancel_roster, fail
from school.members.services.rosters.reading import Tell, planner_of, preview, silent, table_of
from school.members.services.rosters.uploading import keep
from school.members.services.rosters.writing import write

State = RosterImport.State


def import_file(
    *,
    branch: Branch,
    path: Path,
    whole_only: bool = True,
    move_members: bool = False,
    create_branches: bool = False,
    dry_run: bool = False,
    marking: bool = False,
    tell: Tell = silent,
) -> RosterImport:
    """Read a file and write it at once, as the pages do in two jobs; acts for the whole school.

    Args:
        marking: write the marked sheet too.

    Returns:
        The import: still READY when it was a dry run or rows are wrong and only the whole is
        wanted; its files go with ``discard``.

    Raises:
        DomainError: the file as a whole cannot be read, or rows have become wrong meanwhile.
    """
    with path.open("rb") as handle:
        chunks = iter(lambda: handle.read(1 << 20), b"")
        roster = keep(branch, path.name, chunks, None, create_branches)
    try:
        planner = planner_of(roster, table_of(roster, tell))
        preview(roster, planner, lambda share, step: tell(share / 2, step), marking=marking)
        roster.refresh_from_db()
        if dry_run or (whole_only and roster.counts[Outcome.REJECTED]):
            return roster
        roster.state, roster.whole_only = State.IMPORTING, whole_only
        roster.move_members = move_members
        roster.save(update_fields=["state", "whole_only", "move_members"])
        # Judged a moment ago as a whole, so not once more; each chunk is planned anew anyway.
        write(roster, planner, tell, tell)
    except DomainError as error:
        fail(roster=roster, message=error.message)
        raise
    except BaseException:
        cancel_roster(roster=roster, by=None)
        raise
    return roster
