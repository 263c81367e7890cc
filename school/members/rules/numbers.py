"""Pure rules on the numbers people are known by: identity, mobile, staff number.

GB 11643-1999: seventeen digits and a check character, weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2,
the sum modulo 11 chooses one of ``10X98765432``.
"""

import functools
import re
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from school.core.errors import DomainError

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
OLDEST_YEAR = 1900
# First two digits of GB/T 2260: the provinces, Hong Kong, Macao, Taiwan (also residents' permits).
PROVINCES = frozenset(
    re.findall(
        "..",
        "1112131415212223313233343536374142434445465051525354616263646571818283",
    )
)
# A spreadsheet keeps fifteen digits of a number; what comes after them is made up.
EXACT_DIGITS = 15

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = dict.fromkeys((0x00A0, 0x3000, *range(0x2000, 0x200B), 0x202F, 0x205F), " ")
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, *range(0x202A, 0x202F)))
_FOLD = _FULL_WIDTH | _SPACES | _INVISIBLE
# The many dots between the parts of minority names, all written as the one of the standard.
_NAME_DOTS = dict.fromkeys(map(ord, "•‧∙⋅・･．。.｡"), "·")
_SEPARATORS = dict.fromkeys(map(ord, " -\t\r\n‐‑‒–—"))
_EXPONENT = re.compile(r"\d(\.\d+)?E\+?\d+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_STAFF = re.compile(r"[0-9A-Z][0-9A-Z_./-]{0,31}")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U000323AF]")


class BadNumber(DomainError):
    """A number that cannot be what its column says; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A valid citizen identity number and what it tells; ``sex`` is ``male`` or ``female``."""

    number: str
    born_on: date
    sex: str


def fold(text: str) -> str:
    """Full-width letters and digits as plain ones, odd spaces as one space, no invisible marks."""
    return " ".join(text.split()) if text.isascii() else _fold_wide(text)


@functools.lru_cache(maxsize=8192)
def _fold_wide(text: str) -> str:
    # Kept, because the columns of a roster say the same few things over and over.
    return " ".join(text.translate(_FOLD).split())


def fold_name(text: str) -> str:
    """A person's name: folded, without spaces between Han characters, one kind of middle dot."""
    name = fold(text)
    if name.isascii():
        return name
    if _HAN.search(name):
        name = name.replace(" ", "").translate(_NAME_DOTS)
    return name.strip("·")


def fold_number(value: object) -> str:
    """A number as text: folded, upper case, without spaces and dashes; 10023.0 becomes 10023."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return fold(str(value)).upper().translate(_SEPARATORS)


def stored_as_number(value: object) -> bool:
    """Whether a spreadsheet kept the cell as a number, or wrote it out as 1.10105E+17."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (
        isinstance(value, str) and bool(_EXPONENT.fullmatch(fold(value).upper()))
    )


def is_masked(value: object) -> bool:
    """Whether a value is an exported, masked number (138****8000): it says nothing new."""
    return isinstance(value, str) and "*" in fold(value)


def check_character(seventeen: str) -> str:
    """The eighteenth character of GB 11643 for the first seventeen digits."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, seventeen, strict=True))
    return CHECK[total % 11]


def parse_identity(value: object, *, today: date) -> Identity:
    """A citizen identity number out of a cell or a form field.

    Args:
        value: text, or whatever a spreadsheet gave; a number is refused, its end is lost.
        today: the local day; births after it are refused.

    Raises:
        BadNumber: wrong length, characters, region, date or check character, or kept as a number.
    """
    if stored_as_number(value):
        raise _corrupt(value)
    number = fold_number(value)
    if len(number) == 15 and _digits(number):
        raise BadNumber(_("15 位旧身份证号已停用，请填写 18 位公民身份号码。"))
    if len(number) != 18:
        raise BadNumber(_("身份证号应为 18 位，现为 %(length)d 位。") % {"length": len(number)})
    if not _digits(number[:17]) or number[17] not in CHECK:
        raise BadNumber(_("身份证号前 17 位应为数字，末位为数字或 X。"))
    if number[:2] not in PROVINCES:
        raise BadNumber(_("身份证号开头的地区代码 %(code)s 不存在。") % {"code": number[:2]})
    born_on = _birth(number[6:14], today)
    expected = check_character(number[:17])
    if number[17] != expected:
        raise BadNumber(
            _("身份证号第 18 位应为 %(expected)s，请核对全部数字。") % {"expected": expected}
        )
    return Identity(number, born_on, "male" if int(number[16]) % 2 else "female")


def _corrupt(value: object) -> BadNumber:
    digits = fold_number(value)
    if _digits(digits) and len(digits) == 15 and "E" not in str(value).upper():
        return BadNumber(_("15 位旧身份证号已停用，请填写 18 位公民身份号码。"))
    return BadNumber(
        _("身份证号在表格里存成了数字，末几位已丢失。请把该列设为文本格式，重新填写。")
    )


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _birth(eight: str, today: date) -> date:
    try:
        born_on = date(int(eight[:4]), int(eight[4:6]), int(eight[6:]))
    except ValueError:
        raise BadNumber(
            _("身份证号里的出生日期 %(date)s 不存在，请核对第 7 至 14 位。") % {"date": eight}
        ) from None
    if not date(OLDEST_YEAR, 1, 1) <= born_on <= today:
        raise BadNumber(
            _("身份证号里的出生日期 %(date)s 不合理，请核对第 7 至 14 位。") % {"date": eight}
        )
    return born_on


def parse_mobile(value: object) -> str:
    """A mobile number of mainland China, eleven digits; +86 and dashes are dropped.

    Raises:
        BadNumber: it is not one.
    """
    number = fold_number(value)
    if len(number) == 14 and number.startswith("+86"):
        number = number[3:]
    elif len(number) == 13 and number.startswith("86"):
        number = number[2:]
    if not _MOBILE.fullmatch(number):
        raise BadNumber(_("手机号应为 1 开头的 11 位数字。"))
    return number


def parse_staff_number(value: object) -> str:
    """A staff number: up to 32 letters and digits, upper case; also ``_ . / -`` inside.

    Raises:
        BadNumber: it is empty or has other characters, or a spreadsheet cut its end off.
    """
    if stored_as_number(value):
        number = fold_number(value)
        if "E" in number or "." in number or len(number) > EXACT_DIGITS:
            raise BadNumber(
                _("工号在表格里存成了数字，末几位已丢失。请把该列设为文本格式，重新填写。")
            )
    else:
        number = "".join(fold(str(value or "")).upper().split())
    if not _STAFF.fullmatch(number):
        raise BadNumber(_("工号应为字母和数字，最多 32 位。"))
    return number
