"""The parameters of the search page."""

from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True)
class SearchParameters:
    """What the address says; anything odd becomes its default, never an error."""

    text: str
    kind: str
    page: int


def read(parameters: QueryDict) -> SearchParameters:
    """Read ``q``, ``kind`` and ``page``."""
    number = parameters.get("page", "1")
    return SearchParameters(
        text=parameters.get("q", ""),
        kind=parameters.get("kind", "")[:40],
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 5 else 1,
    )
