"""The columns of a roster: their names, synonyms and order; matching of a file's own head."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from school.members.rules.numbers import fold

TEXT, DAY, CHOICE, NUMBER = "text", "day", "choice", "number"
HEAD_WITHIN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``needed`` marks what a new member cannot be without."""

    key: str
    label: Promise | str
    kind: str = TEXT
    longest: int = 60
    needed: bool = False
    synonyms: tuple[str, ...] = ()
    hint: Promise | str = ""


BRANCH, BRANCH_CODE = "branch", "branch_code"
STAFF, NAME, IDENTITY, MOBILE = "staff_number", "name", "identity", "mobile"
KIND, STATE, FLOATING, POST, ADDRESS = "kind", "state", "floating", "post", "address"
MERITS = "merits"
SEX, BORN_ON, JOINED_ON, CONFIRMED_ON = "sex", "born_on", "joined_on", "confirmed_on"

COLUMNS: tuple[Column, ...] = (
    Column(
        BRANCH,
        _("所属党组织"),
        longest=200,
        synonyms=(
            "所在党组织",
            "所在支部",
            "所在党支部",
            "党支部",
            "党组织",
            "支部",
            "组织名称",
            "党组织名称",
        ),
        hint=_("填全称、简称或组织编码；重名时写成“上级/本级”。留空就是导入到的党组织。"),
    ),
    Column(
        BRANCH_CODE,
        _("组织编码"),
        longest=40,
        synonyms=("党组织编码", "支部编码", "组织代码", "党组织代码"),
        hint=_("填了就以编码为准。"),
    ),
    Column(
        STAFF,
        _("工号"),
        NUMBER,
        longest=32,
        needed=True,
        synonyms=("员工号", "员工编号", "职工号", "人员编号", "工号/编号", "登录工号"),
        hint=_("登录用，字母和数字，最多 32 位。请把该列设为文本格式，保留开头的 0。"),
    ),
    Column(NAME, _("姓名"), longest=40, needed=True, synonyms=("党员姓名", "名字")),
    Column(SEX, _("性别"), CHOICE, hint=_("男或女；有身份证号时可不填。")),
    Column(
        IDENTITY,
        _("公民身份号码"),
        NUMBER,
        synonyms=(
            "身份证号",
            "身份证号码",
            "身份证",
            "证件号码",
            "证件号",
            "居民身份证号",
            "公民身份证号码",
        ),
        hint=_("18 位。请把该列设为文本格式，否则末几位会丢失。"),
    ),
    Column("ethnicity", _("民族"), longest=20, hint=_("例如 汉族。")),
    Column(BORN_ON, _("出生日期"), DAY, synonyms=("出生年月", "出生年月日", "生日")),
    Column("education", _("学历"), longest=20, synonyms=("文化程度", "最高学历")),
    Column("degree", _("学位"), longest=20),
    Column(
        "graduated_from",
        _("毕业院校及专业"),
        longest=100,
        synonyms=("毕业院校", "毕业学校", "毕业院校系及专业", "毕业学校及专业"),
    ),
    Column(
        MOBILE,
        _("手机号码"),
        NUMBER,
        synonyms=("手机", "手机号", "联系电话", "电话", "移动电话", "联系方式"),
        hint=_("11 位，也可用来登录。"),
    ),
    Column(
        KIND,
        _("人员类别"),
        CHOICE,
        synonyms=("党员类别", "类别", "人员类型", "党员类型"),
        hint=_("正式党员、预备党员、发展对象、入党积极分子或职工群众；不填按正式党员。"),
    ),
    Column(STATE, _("党籍状态"), CHOICE, synonyms=("状态", "党员状态")),
    Column(JOINED_ON, _("入党日期"), DAY, synonyms=("入党时间", "入党年月", "加入党组织日期")),
    Column(
        CONFIRMED_ON,
        _("转正日期"),
        DAY,
        synonyms=("转正时间", "转正年月", "转为正式党员日期"),
    ),
    Column(
        "workplace",
        _("工作单位及岗位"),
        longest=100,
        synonyms=("工作单位", "单位及岗位", "岗位", "工作岗位", "所在单位"),
    ),
    Column(
        "job_title",
        _("职务/职称"),
        synonyms=("职务", "职称", "行政职务", "职务职称"),
    ),
    Column(
        POST,
        _("党内职务"),
        longest=100,
        synonyms=("党内任职", "支部职务", "党组织职务"),
        hint=_("多个用顿号分开。只增加，不会取消已有的职务。"),
    ),
    Column(
        "employed_on",
        _("参加工作日期"),
        DAY,
        synonyms=("参加工作时间", "工作日期", "参工时间"),
    ),
    Column("native_place", _("籍贯"), synonyms=("出生地",)),
    Column(
        ADDRESS,
        _("现居住地"),
        longest=200,
        synonyms=("住址", "家庭住址", "现住址", "居住地", "家庭地址"),
    ),
    Column("police_station", _("户籍派出所"), synonyms=("户籍所在派出所", "派出所")),
    Column("sponsors", _("介绍人"), synonyms=("入党介绍人",), hint=_("多个用顿号分开。")),
    Column(
        "application_number",
        _("入党志愿书编号"),
        longest=40,
        synonyms=("志愿书编号",),
    ),
    Column("veteran", _("退役军人"), CHOICE, synonyms=("是否退役军人", "是否退役")),
    Column(FLOATING, _("是否流动"), CHOICE, synonyms=("流动党员", "是否流动党员", "流动情况")),
    Column(
        MERITS,
        _("奖惩"),
        longest=300,
        synonyms=("奖惩情况", "奖励和处分", "奖惩记录"),
    ),
    Column("remark", _("备注"), longest=200, synonyms=("说明", "附注")),
)

BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}

# The first column of a marked sheet, and others that a file may carry and nobody wants back.
FINDINGS_LABEL = _("核对结果")
_IGNORED = ("序号", "编号", "行号", "核对结果", "Findings", "No")

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_MARKS = re.compile(r"[\s*:#、,.。'\"_\-]+")


@dataclass(frozen=True)
class Head:
    """Where each column stands in a file: ``places`` maps a key to an index; ``unknown`` names."""

    row: int
    places: dict[str, int]
    unknown: tuple[str, ...] = ()
    repeated: tuple[str, ...] = field(default=())


def tidy_label(text: object) -> str:
    """A head without what people add to it: spaces, ``*``, brackets, case, full width."""
    return _MARKS.sub("", _BRACKETS.sub("", fold(str(text)))).lower()


def _index() -> dict[str, str]:
    found: dict[str, str] = {}
    for column in COLUMNS:
        # The label as the source text has it: a translated interface still reads Chinese files.
        for name in (_source(column.label), str(column.label), column.key, *column.synonyms):
            found.setdefault(tidy_label(name), column.key)
    return found


def _source(label: Promise | str) -> str:
    """The Chinese text of a label whatever the language in use."""
    return label._args[0] if isinstance(label, Promise) else label


def match_head(rows: Iterable[tuple[int, Sequence[object]]]) -> Head | None:
    """The head among the first rows of a sheet.

    Args:
        rows: (row number, cells); only the first twenty are looked at.

    Returns:
        The head: the row that holds 姓名 and at least one more known column; None if there is none.
    """
    index = _index()
    ignored = {tidy_label(name) for name in _IGNORED}
    for seen, (number, cells) in enumerate(rows):
        if seen >= HEAD_WITHIN_ROWS:
            break
        places: dict[str, int] = {}
        unknown, repeated = [], []
        for place, cell in enumerate(cells):
            name = tidy_label(cell) if isinstance(cell, str) else ""
            if not name or name in ignored:
                continue
            key = index.get(name)
            if key is None:
                unknown.append(fold(str(cell))[:20])
            elif key in places:
                repeated.append(_source(BY_KEY[key].label))
            else:
                places[key] = place
        if NAME in places and len(places) > 1:
            return Head(number, places, tuple(unknown), tuple(repeated))
    return None
