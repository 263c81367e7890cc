"""The table of tiers as people write it: one line each, ``minutes credit``."""

from decimal import Decimal, InvalidOperation

Tiers = list[list[int | None]]


def parse(text: str) -> Tiers:
    """Tiers from lines such as ``15 0.25``; the last may read ``以上 1``.

    Returns ``[[up to minutes or None, hundredths], …]`` ascending.

    Raises:
        ValueError: with a Chinese sentence that names the line.
    """
    tiers: Tiers = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        tiers.append(_line(number, line.split(), tiers))
    return tiers


def _line(number: int, words: list[str], above: Tiers) -> list[int | None]:
    if above and above[-1][0] is None:
        raise ValueError(f"第 {number} 行：“以上”只能写在最后一行。")
    if len(words) != 2:
        raise ValueError(f"第 {number} 行应为“分钟 学时”两项，例如：15 0.25。")
    minutes = None if words[0] == "以上" else _minutes(number, words[0])
    last = above[-1][0] if above else 0
    if minutes is not None and minutes <= (last or 0):
        raise ValueError(f"第 {number} 行的分钟数应比上一行大。")
    return [minutes, _credit(number, words[1])]


def _minutes(number: int, word: str) -> int:
    if not word.isdecimal() or int(word) > 10_000:
        raise ValueError(f"第 {number} 行的分钟数“{word}”不是整数。")
    return int(word)


def _credit(number: int, word: str) -> int:
    try:
        credit = Decimal(word) * 100
    except InvalidOperation:
        credit = Decimal(-1)
    if not credit.is_finite() or credit < 0 or credit > 10_000 or credit != int(credit):
        raise ValueError(f"第 {number} 行的学时“{word}”应为不超过两位小数的数。")
    return int(credit)


def write(tiers: Tiers) -> str:
    """Inverse of ``parse``."""
    return "\n".join(
        f"{'以上' if minutes is None else minutes} {Decimal(credit or 0) / 100:f}"
        for minutes, credit in tiers
    )
