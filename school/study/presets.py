"""The school's presets in the form the judge wants. The only reader of the STUDY_ settings here."""

from datetime import date

from django.conf import settings

from school.study.models import ItemRevision
from school.study.rules.anomalies import Limits
from school.study.rules.completion import is_covered
from school.study.rules.judge import Terms
from school.study.rules.policy import MINUTE_MS, Policy
from school.study.rules.working_days import after
from school.study.spans import Spans


def covered_enough(covered: int, axis: str, length: int) -> bool:
    """Whether enough of a revision has been seen, by the school's tolerances."""
    return is_covered(
        covered,
        length,
        text=axis == ItemRevision.Axis.TEXT,
        uncovered_ms=settings.STUDY_UNCOVERED_MS,
        uncovered_share=settings.STUDY_UNCOVERED_SHARE,
        text_share=settings.STUDY_TEXT_UNCOVERED_SHARE,
    )


def required_rate() -> int:
    """Fastest rate that counts for required study, hundredths."""
    return round(settings.STUDY_RATE_REQUIRED * 100)


def elective_rate() -> int:
    """Fastest rate that counts for elective study, hundredths."""
    return round(settings.STUDY_RATE_ELECTIVE * 100)


def policy() -> Policy:
    """The school's own policy for films, before any item or plan speaks."""
    low, high = _milliseconds(settings.STUDY_CHECK_IN_MINUTES)
    return Policy(
        max_rate=elective_rate(),
        seek_free=settings.STUDY_SEEK_FREE,
        check_low=low,
        check_high=high,
        questions=settings.STUDY_QUESTIONS,
        review=round(settings.STUDY_REVIEW_SHARE * 100),
    )


def text_policy(max_rate: int) -> Policy:
    """The school's own policy for texts, before any item or plan speaks: they have no order."""
    low, high = _milliseconds(settings.STUDY_TEXT_CHECK_IN_MINUTES)
    return Policy(
        max_rate=max_rate, seek_free=True, check_low=low, check_high=high, questions=False
    )


def _milliseconds(minutes: tuple[float, float] | None) -> tuple[int, int]:
    low, high = minutes or (0, 0)
    return int(low * MINUTE_MS), int(high * MINUTE_MS)


def terms(
    *,
    axis: str,
    length: int,
    study_ms: int,
    max_rate: int,
    opened: int,
    closes: int,
    windows: Spans | None = None,
    barrier: int | None = None,
    review: int = 0,
) -> Terms:
    """Terms of judgement for one session; moments in local milliseconds.

    Args:
        windows: milliseconds of the session that count, by its check-ins; None for all.
        barrier: where a question of the film waits that was not answered yet; None for nowhere.
        review: study milliseconds that watching again may still earn.
    """
    if axis == ItemRevision.Axis.TEXT:
        return Terms(
            text=True,
            length=length,
            gain=int(settings.STUDY_CHARACTERS_PER_MINUTE * settings.STUDY_TEXT_RATE),
            per=60_000,
            opened=opened,
            closes=closes,
            ceiling=int(study_ms * settings.STUDY_TEXT_CEILING),
            windows=windows,
        )
    return Terms(
        text=False,
        length=length,
        gain=max_rate,
        per=100,
        opened=opened,
        closes=closes,
        slack=settings.STUDY_RATE_SLACK_MS,
        windows=windows,
        barrier=barrier,
        review=max(0, review),
    )


def dispute_deadline(day: date) -> date:
    """The last day of a step of a dispute that begins on a day."""
    return after(
        day,
        settings.STUDY_DISPUTE_DAYS,
        frozenset(map(date.fromisoformat, settings.SCHOOL_HOLIDAYS)),
        frozenset(map(date.fromisoformat, settings.SCHOOL_WORKED_WEEKENDS)),
    )


def anomaly_limits() -> Limits:
    """From when on a pattern is listed for people to look at."""
    return Limits(
        hours=settings.STUDY_ANOMALY_HOURS,
        clock_hours=settings.STUDY_ANOMALY_CLOCK_HOURS,
        accounts=settings.STUDY_ANOMALY_ACCOUNTS,
        together=settings.STUDY_ANOMALY_TOGETHER,
    )
