"""What a page is told after a report: the server's numbers, never its own."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server's numbers after a report.

    ``durable_seq``: every report up to it is stored. ``studied_ms``, ``required_ms``: real study
    time so far and the standard time of the whole. ``credit``: hundredths of 学时, None before
    completion. ``again``: see ``standing.Standing``. ``cadence``: seconds until the next report is
    wanted. ``superseded``: study goes on in another page or on another device.
    """

    durable_seq: int
    covered: int
    cover: list[int]
    length: int
    studied_ms: int
    required_ms: int
    completed: bool
    again: bool
    credit: int | None
    state: str
    outstanding: list[dict]
    cadence: int
    superseded: bool

    def payload(self) -> dict:
        """As plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Kept:
    """A report came too late to be judged at once: it is kept until somebody decides on it."""

    def payload(self) -> dict:
        """As plain JSON values; the page is told by the status 202."""
        return {"kept": True, "message": _("逾期上传，待核实")}
