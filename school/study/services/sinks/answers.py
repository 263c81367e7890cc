"""What a page is told after a report: the server's numbers, never its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server's numbers after a report.

    ``durable_seq``: every report up to it is stored. ``studied_ms``, ``required_ms``: real study
    time so far and the standard time of the whole. ``credit``: hundredths of 学时, None before
    completion. ``cadence``: seconds until the next report is wanted. ``superseded``: study goes on
    in another page or on another device.
    """

    durable_seq: int
    covered: int
    cover: list[int]
    length: int
    studied_ms: int
    required_ms: int
    completed: bool
    credit: int | None
    state: str
    outstanding: list[dict]
    cadence: int
    superseded: bool

    def payload(self) -> dict:
        """As plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}
