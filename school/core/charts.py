"""Geometry of the small charts: values in, SVG coordinates out; no drawing library."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the year's chart, in SVG user units; ``future`` months are only a hairline."""

    label: str
    online: int
    offline: int
    x: int
    width: int
    online_y: int
    online_height: int
    offline_y: int
    offline_height: int
    top: int
    future: bool

    @property
    def total(self) -> int:
        """Hundredths of 学时 of the month."""
        return self.online + self.offline


def sparkline_points(values: list[int], width: int = 64, height: int = 20, pad: int = 3) -> str:
    """``points`` of a polyline through ``values``, evenly spaced; a flat series lies in the middle.

    Returns "" for fewer than two values: the caller writes a sentence instead.
    """
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = high - low
    step = (width - 2 * pad) / (len(values) - 1)
    inner = height - 2 * pad
    points = []
    for index, value in enumerate(values):
        share = (value - low) / span if span else 0.5
        points.append(f"{pad + index * step:.1f},{pad + (1 - share) * inner:.1f}")
    return " ".join(points)


def month_bars(
    months: list[dict], *, this_month: int = 12, width: int = 600, height: int = 132, head: int = 20
) -> list[Bar]:
    """Stacked bars of up to twelve months.

    ``months``: dicts with ``online`` and ``offline`` in hundredths of 学时, January first; months
    after ``this_month`` are future. ``height`` is the base line, ``head`` the room for the value.
    """
    highest = max((m["online"] + m["offline"] for m in months), default=0) or 1
    slot = width // max(len(months), 1)
    bar_width = slot * 6 // 10
    bars = []
    for index, month in enumerate(months):
        online = (height - head) * month["online"] // highest
        offline = (height - head) * month["offline"] // highest
        bars.append(
            Bar(
                label=str(month.get("label", index + 1)),
                online=month["online"],
                offline=month["offline"],
                x=index * slot + (slot - bar_width) // 2,
                width=bar_width,
                online_y=height - online,
                online_height=online,
                offline_y=height - online - offline,
                offline_height=offline,
                top=height - online - offline - 6,
                future=index + 1 > this_month,
            )
        )
    return bars
