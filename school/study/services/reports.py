"""Taking in what a page reports, at once: the door to the ``direct`` sink."""

from school.study.services.sinks import direct
from school.study.services.sinks.answers import Accepted, Kept
from school.study.services.sinks.batches import BadReport, read_batch, read_claim, refuse_other
from school.study.services.sinks.late import Gone

__all__ = ["Accepted", "BadReport", "Gone", "Kept", "accept_report"]


def accept_report(
    *, token: object, seq: object, segments: object, member_id: int | None, answers: object = None
) -> Accepted | Kept:
    """Judge and store one batch of a session. The same ``seq`` counts once.

    What comes after the days of the evidence window is kept for a person to decide on.

    Args:
        token: what ``open_session`` gave; the proof of who studies what.
        seq: number of the batch in its session, from 1.
        segments: ``[[m0, m1, w0, w1, rate, visible], …]``, see ``judge.Segment``.
        member_id: who is signed in on that browser; None when nobody is (late evidence travels on
            its token alone).
        answers: ``[[check-in, ms], …]`` that the segments rely on, see ``gates``.

    Raises:
        NotAllowed: no token of ours, or another member is signed in.
        Gone: so late that it is not even kept.
        BadReport: wrong shape, absurd size, or coverage in more pieces than is kept.
        TooMany: more reports of this session in a minute than are taken, or more of the member
            waits to be decided than is kept.
    """
    claim = read_claim(token)
    refuse_other(claim, member_id)
    return direct.accept(read_batch(claim, seq=seq, segments=segments, answers=answers))
