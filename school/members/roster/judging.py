"""Pure judgement of one row: what its cells say, what is wrong, what looks odd. No database."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from school.core.errors import DomainError
from school.members.models import MemberRecord, MemberStanding
from school.members.roster import columns
from school.members.roster.columns import BY_KEY, DAY, Head
from school.members.rules.dates import parse_day
from school.members.rules.masks import mask_numbers
from school.members.rules.numbers import (
    BadNumber,
    fold,
    fold_name,
    is_masked,
    parse_identity,
    parse_mobile,
    parse_staff_number,
)

Kind, State = MemberStanding.Kind, MemberStanding.State
Sex = MemberRecord.Sex

# What people write where they have nothing to say.
_NOTHING = frozenset({"-", "--", "—", "——", "/", "\\", "无", "暂无", "不详", "n/a", "null"})

KINDS = {
    "正式党员": Kind.FULL,
    "正式": Kind.FULL,
    "中共党员": Kind.FULL,
    "预备党员": Kind.PROBATIONARY,
    "预备": Kind.PROBATIONARY,
    "中共预备党员": Kind.PROBATIONARY,
    "发展对象": Kind.CANDIDATE,
    "入党积极分子": Kind.ACTIVIST,
    "积极分子": Kind.ACTIVIST,
    "职工群众": Kind.STAFF,
    "群众": Kind.STAFF,
}
STATES = {
    "正常": State.NORMAL,
    "流出": State.FLOATING,
    "流动": State.FLOATING,
    "流动党员": State.FLOATING,
    "离退休": State.RETIRED,
    "退休": State.RETIRED,
    "离休": State.RETIRED,
    "停止党籍": State.SUSPENDED,
    "失联": State.LOST,
}
SEXES = {"男": Sex.MALE, "女": Sex.FEMALE, "男性": Sex.MALE, "女性": Sex.FEMALE}
YES_NO = {"是": True, "否": False, "有": True, "√": True, "流动": True, "流出": True, "不是": False}

ADULT_YEARS = 18
IDENTITY_LENGTH = 18
_IDENTITY_LIKE = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")


@dataclass(slots=True)
class Judged:
    """What a row says.

    ``values`` holds what was filled in, as the database wants it (dates, codes, folded text);
    ``derived`` what follows from the identity number; both by column key. ``errors`` and
    ``warnings`` are (column key, message).
    """

    row: int
    values: dict[str, Any] = field(default_factory=dict)
    derived: dict[str, Any] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


class Judge:
    """Judges the rows of one file.

    Args:
        head: where the columns stand.
        today: the local day; later dates are refused.
        merged, formulas: places (row, index of the cell) that hold no value of their own.
    """

    def __init__(
        self,
        head: Head,
        today: date,
        merged: frozenset[tuple[int, int]] = frozenset(),
        formulas: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self.today = today
        self.places = [(key, place, _reader(key)) for key, place in head.places.items()]
        self.merged, self.formulas = merged, formulas
        self.odd_rows = {row for row, _place in merged | formulas}

    def __call__(self, row: int, cells: Sequence) -> Judged | None:
        """The judgement of a row; None for one without a member (blank, or a note below)."""
        judged = Judged(row)
        width, filled = len(cells), 0
        for key, place, read in self.places:
            raw = cells[place] if place < width else None
            if row in self.odd_rows and self._odd(judged, key, place):
                filled += 1
                continue
            if raw is None or raw == "":
                continue
            filled += 1
            try:
                read(self, judged, key, raw)
            except DomainError as error:
                judged.errors.append((key, error.message))
        if not filled or (filled == 1 and not _names_somebody(judged)):
            return None
        self._whole(judged)
        return judged

    def _odd(self, judged: Judged, key: str, place: int) -> bool:
        if (judged.row, place) in self.merged:
            judged.errors.append((key, _("是合并单元格，请取消合并后逐行填写。")))
            return True
        if (judged.row, place) in self.formulas:
            judged.errors.append((key, _("是公式，请复制后“粘贴为数值”。")))
            return True
        return False

    def _whole(self, judged: Judged) -> None:
        """What only the row as a whole can tell."""
        values, bad = judged.values, {key for key, _message in judged.errors}
        if columns.NAME not in values and columns.NAME not in bad:
            judged.errors.append((columns.NAME, _("没有填姓名。")))
        if not ({columns.STAFF, columns.IDENTITY} & (values.keys() | bad)):
            judged.errors.append((columns.STAFF, _("工号和身份证号至少要填一个。")))
        if values.pop(columns.FLOATING, None) and columns.STATE not in values:
            values[columns.STATE] = State.FLOATING
        self._against_identity(judged)
        self._dates(judged)

    def _against_identity(self, judged: Judged) -> None:
        values, derived = judged.values, judged.derived
        for key in derived:
            if key in values and values[key] != derived[key]:
                judged.warnings.append((key, _("与身份证号不一致，按表中填写的登记。")))

    def _dates(self, judged: Judged) -> None:
        values = judged.values
        born = values.get(columns.BORN_ON) or judged.derived.get(columns.BORN_ON)
        joined, confirmed = values.get(columns.JOINED_ON), values.get(columns.CONFIRMED_ON)
        if born and joined and _years_after(born, ADULT_YEARS) > joined:
            judged.warnings.append((columns.JOINED_ON, _("入党时不满 18 岁，请核对。")))
        if joined and confirmed and confirmed < joined:
            judged.errors.append((columns.CONFIRMED_ON, _("转正日期早于入党日期，请核对。")))
        elif joined and confirmed and confirmed < _years_after(joined, 1):
            judged.warnings.append((columns.CONFIRMED_ON, _("转正距入党不满一年，请核对。")))
        if (
            values.get(columns.KIND) == Kind.PROBATIONARY
            and joined
            and not confirmed
            and _years_after(joined, 1) < self.today
        ):
            judged.warnings.append((columns.KIND, _("预备期已超过一年，请核对是否已转正。")))

    # -- readers of one cell -----------------------------------------------------------------

    def text(self, judged: Judged, key: str, raw: object) -> None:
        value = _plain(raw)
        if value is None:
            return
        longest = BY_KEY[key].longest
        if len(value) > longest:
            judged.errors.append((key, _("超过 %(limit)d 个字，请缩短。") % {"limit": longest}))
        elif not value.isprintable():
            judged.errors.append((key, _("有看不见的字符，请删掉重新填写。")))
        elif value.startswith("=") and not str(raw).lstrip().startswith("'"):
            judged.errors.append((key, _("以“=”开头，像公式，请改为文字。")))
        elif key != columns.ADDRESS and self._holds_identity(value):
            # Stored in clear otherwise; the address is encrypted.
            judged.errors.append((key, _("里有身份证号，请填到身份证号一栏。")))
        else:
            judged.values[key] = value

    def _holds_identity(self, text: str) -> bool:
        return any(self._is_identity(found) for found in _IDENTITY_LIKE.findall(text))

    def _is_identity(self, number: str) -> bool:
        if len(number) != IDENTITY_LENGTH:
            return False
        try:
            return bool(parse_identity(number, today=self.today))
        except BadNumber:
            return False

    def name(self, judged: Judged, key: str, raw: object) -> None:
        value = fold_name(str(raw)) if isinstance(raw, str) else ""
        if not any(map(str.isalpha, value)):
            judged.errors.append((key, _("不像姓名，请核对。")))
            return
        if any(map(str.isdigit, value)):
            judged.warnings.append((key, _("里有数字，请核对。")))
        self.text(judged, key, value)

    def staff(self, judged: Judged, key: str, raw: object) -> None:
        if (value := _unwrapped(raw)) is None:
            return
        number = parse_staff_number(value)
        if self._is_identity(number):
            judged.errors.append((key, _("是身份证号，不能用作工号，请核对是否填错了栏。")))
        else:
            judged.values[key] = number

    def identity(self, judged: Judged, key: str, raw: object) -> None:
        value = _unwrapped(raw)
        if value is None or is_masked(value):
            return
        found = parse_identity(value, today=self.today)
        judged.values[key] = found.number
        judged.derived = {columns.SEX: Sex(found.sex), columns.BORN_ON: found.born_on}

    def mobile(self, judged: Judged, key: str, raw: object) -> None:
        value = _unwrapped(raw)
        if value is not None and not is_masked(value):
            judged.values[key] = parse_mobile(value)

    def maskable(self, judged: Judged, key: str, raw: object) -> None:
        """What an export may mask; a masked one says nothing new."""
        if not is_masked(raw):
            self.text(judged, key, raw)

    def day(self, judged: Judged, key: str, raw: object) -> None:
        value = _unwrapped(raw)
        found = parse_day(value)
        if found is None:
            return
        if found.day > self.today:
            judged.errors.append((key, _("晚于今天，请核对。")))
            return
        judged.values[key] = found.day
        if found.month_only:
            judged.warnings.append((key, _("只有年月，按当月 1 日登记。")))

    def kind(self, judged: Judged, key: str, raw: object) -> None:
        self._choice(judged, key, raw, KINDS)

    def state(self, judged: Judged, key: str, raw: object) -> None:
        if (_plain(raw) or "") in {"已减员", "减员", "死亡", "出党", "已转出"}:
            judged.errors.append((key, _("减员和转出不能用花名册办理，请在党员档案中办理。")))
        else:
            self._choice(judged, key, raw, STATES)

    def sex(self, judged: Judged, key: str, raw: object) -> None:
        self._choice(judged, key, raw, SEXES)

    def yes_no(self, judged: Judged, key: str, raw: object) -> None:
        value = _plain(raw)
        if key == columns.FLOATING and value in STATES:
            judged.values.setdefault(columns.STATE, STATES[value])
        else:
            self._choice(judged, key, raw, YES_NO)

    def _choice(self, judged: Judged, key: str, raw: object, known: dict[str, Any]) -> None:
        value = _plain(raw)
        if value is None:
            return
        found = known.get(value.replace(" ", ""))
        if found is None:
            judged.errors.append(
                (
                    key,
                    _("“%(value)s”不在可填的内容里，请填 %(known)s。")
                    % {"value": mask_numbers(value)[:20], "known": "、".join(_shown(known))},
                )
            )
        else:
            judged.values[key] = found


_READERS: dict[str, Callable] = {
    columns.STAFF: Judge.staff,
    columns.NAME: Judge.name,
    columns.IDENTITY: Judge.identity,
    columns.MOBILE: Judge.mobile,
    columns.ADDRESS: Judge.maskable,
    columns.MERITS: Judge.maskable,
    columns.KIND: Judge.kind,
    columns.STATE: Judge.state,
    columns.SEX: Judge.sex,
    columns.FLOATING: Judge.yes_no,
    "veteran": Judge.yes_no,
}


def _reader(key: str) -> Callable:
    return _READERS.get(key, Judge.day if BY_KEY[key].kind == DAY else Judge.text)


def _shown(known: dict[str, Any]) -> list[str]:
    """The first word for each meaning."""
    first: dict[object, str] = {}
    for word, meaning in known.items():
        first.setdefault(meaning, word)
    return list(first.values())


def _names_somebody(judged: Judged) -> bool:
    keys = judged.values.keys() | {key for key, _message in judged.errors}
    return bool(keys & {columns.NAME, columns.STAFF, columns.IDENTITY})


def _unwrapped(raw: object) -> object | None:
    """A cell without the dress of CSV files that keep zeros (``="00123"``); None for nothing."""
    if not isinstance(raw, str):
        return raw
    value = fold(raw)
    if value.startswith('="') and value.endswith('"'):
        value = value[2:-1]
    # An apostrophe in front says "text" to a spreadsheet; a CSV file may show it.
    value = value.lstrip("'")
    return None if not value or value.lower() in _NOTHING else value


def _plain(raw: object) -> str | None:
    """A cell as folded text; None for nothing, or for what people write instead of nothing."""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    value = fold(str(raw))
    if value.startswith("'") and value[1:2] in {"=", "+", "-", "@"}:
        # What our own export puts in front of such a text.
        value = value[1:]
    return None if not value or value.lower() in _NOTHING else value


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
