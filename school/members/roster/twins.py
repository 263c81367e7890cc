"""Rows of one file that share a number with another of it."""

from collections import defaultdict

from school.core.errors import DomainError
from school.members.roster import columns
from school.members.roster.reading import Table
from school.members.rules.numbers import fold_number, is_masked, parse_mobile


def find_twins(table: Table) -> dict[int, list[tuple[str, int]]]:
    """Rows of a file that share a staff, identity or mobile number: row → (column, other row)."""
    wanted = [
        (key, table.head.places[key], clean)
        for key, clean in (
            (columns.STAFF, _number),
            (columns.IDENTITY, _number),
            (columns.MOBILE, _mobile),
        )
        if key in table.head.places
    ]
    first: dict[str, dict[str, int]] = {key: {} for key, _place, _clean in wanted}
    twins: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row, cells in table.rows():
        for key, place, clean in wanted:
            number = clean(cells[place]) if place < len(cells) else ""
            if not number:
                continue
            earlier = first[key].setdefault(number, row)
            if earlier != row:
                twins[row].append((key, earlier))
                if not any(k == key for k, _other in twins[earlier]):
                    twins[earlier].append((key, row))
    return twins


def _number(value: object) -> str:
    number = "" if is_masked(value) else fold_number(value).strip("=\"'")
    return number if any(map(str.isdigit, number)) else ""


def _mobile(value: object) -> str:
    try:
        return "" if is_masked(value) else parse_mobile(value)
    except DomainError:
        return ""
