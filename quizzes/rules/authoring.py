r"""What an author types (in a form or a sheet) turned into stem, options and key. Pure functions.

The notation of answers is the customary one: 单选 ``B``; 多选 ``ABD`` (also ``A、B、D``);
判断 正确/错误 (also 对/错, √/×, T/F); 填空 blanks split by ``|``, alternatives by ``/``
(``\/`` and ``\|`` stand for the characters themselves).
"""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from quizzes.rules.marking import FILL_BLANK, MULTIPLE, SINGLE, TRUE_FALSE, normalise

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TRUE_OPTION, FALSE_OPTION = "t", "f"
_TRUE = {"正确", "对", "√", "✓", "t", "true", "是", "y"}
_FALSE = {"错误", "错", "×", "x", "✗", "f", "false", "否", "n"}
_SEPARATORS = re.compile(r"[,、;;\s]+")
# Separators of blanks (also the full-width bar) and of alternatives, and what escapes them.
_SPECIAL = "|\uff5c/\\"
_BLANK = re.compile(r"_{2,}")
MAX_OPTIONS = 26
MAX_BLANKS = 20
MAX_TEXT = 2_000


class AuthoringError(ValueError):
    """What is wrong with a question, in Chinese, and in which field (stem, options, key, marks)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Content:
    """A question as stored: see ``QuestionVersion`` for the shapes."""

    stem: str
    options: tuple[tuple[str, str], ...]
    key: dict

    def stored_options(self) -> list[dict]:
        """The options as the version stores them."""
        return [{"id": name, "text": text} for name, text in self.options]


def author(
    kind: str, *, stem: str, options: list[str], answer: str, ordered: bool = True
) -> Content:
    """Check and build a question.

    Args:
        kind: one of the four kinds.
        options: texts in order, without letters; ignored for 判断 and 填空.
        answer: in the notation above.
        ordered: whether the blanks of 填空 must come in order.

    Raises:
        AuthoringError: names the field and what to do.
    """
    stem = stem.strip()
    if not stem:
        raise AuthoringError("stem", _("请填写题干。"))
    if len(stem) > MAX_TEXT:
        raise AuthoringError("stem", _("题干最多 %(max)d 字。") % {"max": MAX_TEXT})
    answer = str(answer).strip()
    if not answer:
        raise AuthoringError("key", _("请填写正确答案。"))
    if kind == TRUE_FALSE:
        choice = TRUE_OPTION if parse_true_false(answer) else FALSE_OPTION
        pair = ((TRUE_OPTION, _("正确")), (FALSE_OPTION, _("错误")))
        return Content(stem, pair, {"options": [choice]})
    if kind == FILL_BLANK:
        return Content(stem, (), {"blanks": parse_blanks(answer, stem), "ordered": ordered})
    if kind in (SINGLE, MULTIPLE):
        texts = _option_texts(options)
        letters = parse_letters(answer, len(texts))
        if kind == SINGLE and len(letters) != 1:
            raise AuthoringError("key", _("单选题只能有一个正确答案。"))
        if kind == MULTIPLE and len(letters) < 2:
            raise AuthoringError("key", _("多选题至少有两个正确答案；只有一个时请改为单选题。"))
        pairs = tuple((LETTERS[index].lower(), text) for index, text in enumerate(texts))
        return Content(stem, pairs, {"options": [letter.lower() for letter in letters]})
    raise AuthoringError("kind", _("题型应为单选题、多选题、判断题或填空题。"))


def _option_texts(options: list[str]) -> list[str]:
    texts = [str(text).strip() for text in options]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) < 2:
        raise AuthoringError("options", _("请至少填写两个选项。"))
    if len(texts) > MAX_OPTIONS:
        raise AuthoringError("options", _("最多 %(max)d 个选项。") % {"max": MAX_OPTIONS})
    if "" in texts:
        letter = LETTERS[texts.index("")]
        raise AuthoringError(
            "options", _("选项 %(letter)s 为空，中间不能空缺。") % {"letter": letter}
        )
    if any(len(text) > MAX_TEXT for text in texts):
        raise AuthoringError("options", _("每个选项最多 %(max)d 字。") % {"max": MAX_TEXT})
    for index, text in enumerate(texts):
        if text in texts[:index]:
            letters = {"first": LETTERS[texts.index(text)], "second": LETTERS[index]}
            raise AuthoringError("options", _("选项 %(first)s 与 %(second)s 相同。") % letters)
    return texts


def parse_letters(answer: str, count: int) -> list[str]:
    """``"A、b,D"`` → ``["A", "B", "D"]``: sorted, each once, within ``count`` options.

    Raises:
        AuthoringError: another character, or a letter without an option.
    """
    folded = unicodedata.normalize("NFKC", answer).upper()
    letters = sorted(set(_SEPARATORS.sub("", folded)))
    allowed = LETTERS[:count]
    wrong = [letter for letter in letters if letter not in allowed]
    if wrong or not letters:
        raise AuthoringError(
            "key",
            _("正确答案应为 A 至 %(last)s 的字母，现为“%(answer)s”。")
            % {"last": allowed[-1], "answer": answer[:20]},
        )
    return letters


def parse_true_false(answer: str) -> bool:
    """正确/对/√/T → True, 错误/错/×/F → False.

    Raises:
        AuthoringError: anything else.
    """
    folded = unicodedata.normalize("NFKC", answer).strip().casefold()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise AuthoringError(
        "key", _("判断题的答案应为“正确”或“错误”，现为“%(answer)s”。") % {"answer": answer[:20]}
    )


def _blanks(answer: str) -> list[list[str]]:
    """Blanks of alternatives; a backslash makes the separator after it (or itself) plain text."""
    blanks, text, escaped = [[]], "", False
    for character in answer:
        if escaped:
            text += character if character in _SPECIAL else f"\\{character}"
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in _SPECIAL:
            blanks[-1].append(text)
            text = ""
            if character != "/":
                blanks.append([])
        else:
            text += character
    blanks[-1].append(text + "\\" * escaped)
    return [[each.strip() for each in blank if normalise(each)] for blank in blanks]


def _escape(text: str) -> str:
    return "".join(f"\\{each}" if each in _SPECIAL else each for each in text)


def parse_blanks(answer: str, stem: str) -> list[list[str]]:
    """``"安全/平安|第一"`` → ``[["安全", "平安"], ["第一"]]``, checked against the stem's ``____``.

    Raises:
        AuthoringError: an empty blank, too many, or another number than the stem shows.
    """
    blanks = _blanks(answer)
    if any(not blank for blank in blanks):
        raise AuthoringError("key", _("每个空都要有答案，空与空之间用 | 分隔。"))
    if len(blanks) > MAX_BLANKS:
        raise AuthoringError("key", _("最多 %(max)d 个空。") % {"max": MAX_BLANKS})
    shown = count_blanks(stem)
    if shown and shown != len(blanks):
        numbers = {"shown": shown, "given": len(blanks)}
        raise AuthoringError("key", _("题干有 %(shown)d 个空，答案给了 %(given)d 个。") % numbers)
    return blanks


def count_blanks(stem: str) -> int:
    """How many blanks (two or more underscores) the stem shows."""
    return len(_BLANK.findall(unicodedata.normalize("NFKC", stem)))


def printed_answer(kind: str, options: list[dict], key: dict) -> str:
    """The key in the notation above; ``author`` reads it back."""
    if kind == TRUE_FALSE:
        return "正确" if key["options"] == [TRUE_OPTION] else "错误"
    if kind == FILL_BLANK:
        return "|".join("/".join(map(_escape, blank)) for blank in key["blanks"])
    names = [option["id"] for option in options]
    return "".join(LETTERS[names.index(name)] for name in key["options"])


def strip_letter(line: str) -> str:
    """An option line without its own letter: ``"A. 先断电"`` → ``"先断电"``."""
    return re.sub(r"^\s*[A-Z\uff21-\uff3a]\s*[.、:)\uff0e\uff1a\uff09]\s*", "", line).strip()


def parse_marks(text: str) -> int:
    """Marks as typed (``2`` or ``2.5``) in integer hundredths.

    Raises:
        AuthoringError: not a number, not above 0, above 100, or finer than a hundredth.
    """
    folded = unicodedata.normalize("NFKC", str(text)).strip()
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2})0*)?", folded)
    marks = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if not 0 < marks <= 10_000:
        raise AuthoringError(
            "marks", _("分值应为大于 0、不超过 100 的数，现为“%(text)s”。") % {"text": folded[:20]}
        )
    return marks


def printed_marks(marks: int) -> str:
    """Hundredths as typed: 250 → ``"2.5"``."""
    whole, rest = divmod(marks, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
