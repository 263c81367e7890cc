"""Geometry of the small charts: values in, pixels out; no drawing library."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One month of the year's chart: credit and the heights of its two parts in pixels."""

    label: str
    online: int
    offline: int
    online_height: int
    offline_height: int
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


def month_bars(months: list[dict], *, this_month: int = 12, height: int = 112) -> list[Bar]:
    """Stacked bars, the highest month ``height`` pixels, a month with hours never below one.

    ``months``: dicts with ``online`` and ``offline`` in hundredths of 学时 (negative corrections
    draw nothing), January first; months after ``this_month`` are future.
    """
    highest = max((max(m["online"], 0) + max(m["offline"], 0) for m in months), default=0) or 1
    return [
        Bar(
            label=str(month.get("label", number)),
            online=month["online"],
            offline=month["offline"],
            online_height=_pixels(month["online"], highest, height),
            offline_height=_pixels(month["offline"], highest, height),
            future=number > this_month,
        )
        for number, month in enumerate(months, start=1)
    ]


def _pixels(value: int, highest: int, height: int) -> int:
    return max(height * value // highest, 1) if value > 0 else 0
