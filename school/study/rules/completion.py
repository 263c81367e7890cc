"""When enough of a revision has been seen."""


def is_covered(
    covered: int,
    length: int,
    *,
    text: bool,
    uncovered_ms: int,
    uncovered_share: float,
    text_share: float,
) -> bool:
    """Whether what is missing is within tolerance.

    Film: missing ≤ max(``uncovered_ms``, ``uncovered_share`` × length), but never more than half
    (a clip of two seconds is not complete unseen). Text: missing ≤ ``text_share`` × length.
    Units are those of the axis.
    """
    if length <= 0:
        return True
    missing = length - covered
    if text:
        return missing <= int(length * text_share)
    return missing <= min(max(uncovered_ms, int(length * uncovered_share)), length // 2)


def is_new_revision(
    *, same_axis: bool, old_length: int, new_length: int, study_again: bool
) -> bool:
    """Whether a published edit asks for fresh evidence (axis changed by more than 10 %)."""
    if study_again or not same_axis:
        return True
    return abs(new_length - old_length) * 10 > old_length
