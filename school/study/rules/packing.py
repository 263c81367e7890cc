"""How a report is kept: every number of it, in a few bytes.

Neighbouring stretches begin where the last ended, so differences are small. A batch is one byte of
version, then numbers of seven bits a byte: how many stretches; for each the steps from the last
media end, media length, the step from the last wall end, wall length, and rate × 2 + visible;
then how many answers, and for each the steps from the last number and the last moment.
"""

from collections.abc import Iterable, Sequence

from school.study.rules.judge import Segment

VERSION = 1


def pack(segments: Sequence[Segment], answers: Sequence[tuple[int, int]]) -> bytes:
    """A batch in bytes; ``unpack`` gives it back unchanged."""
    numbers: list[int] = [len(segments)]
    media = wall = 0
    for each in segments:
        steps = (each.m0 - media, each.m1 - each.m0, each.w0 - wall, each.w1 - each.w0)
        numbers += map(_unsigned, steps)
        numbers.append(each.rate << 1 | each.visible)
        media, wall = each.m1, each.w1
    numbers.append(len(answers))
    gate = moment = 0
    for number, at in answers:
        numbers += [_unsigned(number - gate), _unsigned(at - moment)]
        gate, moment = number, at
    return bytes([VERSION, *_bytes(numbers)])


def unpack(packed: bytes | memoryview) -> tuple[list[Segment], list[tuple[int, int]]]:
    """Segments and answers of a batch.

    Raises:
        ValueError: a version this code does not know, or cut off.
    """
    raw = bytes(packed)
    if raw[:1] != bytes([VERSION]):
        raise ValueError("version")
    numbers = iter(_numbers(raw[1:]))
    try:
        return _segments(numbers), _answers(numbers)
    except StopIteration as error:
        raise ValueError("cut off") from error


def _segments(numbers) -> list[Segment]:
    found, media, wall = [], 0, 0
    for _each in range(next(numbers)):
        m0 = media + _signed(next(numbers))
        m1 = m0 + _signed(next(numbers))
        w0 = wall + _signed(next(numbers))
        w1 = w0 + _signed(next(numbers))
        rate = next(numbers)
        found.append(Segment(m0, m1, w0, w1, rate >> 1, visible=bool(rate & 1)))
        media, wall = m1, w1
    return found


def _answers(numbers) -> list[tuple[int, int]]:
    found, gate, moment = [], 0, 0
    for _each in range(next(numbers)):
        gate += _signed(next(numbers))
        moment += _signed(next(numbers))
        found.append((gate, moment))
    return found


def _unsigned(number: int) -> int:
    """Small numbers of either sign as small numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 …"""
    return number << 1 if number >= 0 else (-number << 1) - 1


def _signed(number: int) -> int:
    return -(number + 1 >> 1) if number & 1 else number >> 1


def _bytes(numbers: Iterable[int]) -> list[int]:
    out: list[int] = []
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return out


def _numbers(raw: bytes) -> list[int]:
    found, number, shift = [], 0, 0
    for byte in raw:
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            found.append(number)
            number = shift = 0
    return found
