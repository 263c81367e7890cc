"""Rules of other institutions to begin a version with. Proposals: the host's own paper decides."""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Preset:
    """Terms of an ``HourRule`` and, in plain words, whose rule they follow."""

    key: str
    label: str | Promise
    source: str | Promise
    terms: dict = field(default_factory=dict)


_PLAIN = {
    "mode": "on_completion",
    "minutes_per_hour": 45,
    "step": 25,
    "tiers": [],
    "quiz_bonus": 0,
    "daily_cap": None,
    "yearly_caps": {},
    "offline_minutes_per_hour": 60,
    "offline_kinds": {},
}

PRESETS = (
    Preset(
        "tiers",
        _("按课程长度分档"),
        _(
            "参照云南省干部在线学习学院：15 分钟以内 0.25 学时，15 至 30 分钟 0.5 学时，"
            "30 分钟以上 1 学时，测验通过另计 0.5 学时。地方做法，不是全国规定。"
        ),
        _PLAIN | {"tiers": [[15, 25], [30, 50], [None, 100]], "quiz_bonus": 50},
    ),
    Preset(
        "minutes45",
        _("45 分钟为 1 学时"),
        _("干部网络学习的通行做法，没有查到全国统一规定；请以本单位文件为准。"),
        _PLAIN | {"minutes_per_hour": 45},
    ),
    Preset(
        "minutes50",
        _("50 分钟为 1 学时"),
        _("部分干部网络学习平台的做法，没有查到全国统一规定；请以本单位文件为准。"),
        _PLAIN | {"minutes_per_hour": 50},
    ),
    Preset(
        "clock_hour",
        _("60 分钟为 1 学时"),
        _("参照江西南康选修课每小时 1 学分、某单位登记册支部学习每小时 1 学时。地方做法。"),
        _PLAIN | {"minutes_per_hour": 60},
    ),
    Preset(
        "as_studied",
        _("按学习时长，每日不超过 8 学时"),
        _("45 分钟为 1 学时；每日 8 学时见于继续教育网站，未逐一核实，以本单位文件为准。"),
        _PLAIN | {"mode": "as_studied", "minutes_per_hour": 45, "daily_cap": 800},
    ),
    Preset(
        "nanjing",
        _("半天 3 学时、全天 6 学时"),
        _("参照南京学分制：培训全天（6 小时）6、半天（3 小时）3，即每 60 分钟 1。"),
        _PLAIN | {"offline_kinds": {"training": 60, "lecture": 60, "group": 60}},
    ),
    Preset(
        "register",
        _("登记册：半天讲座 4 学时、全天 8 学时"),
        _(
            "参照某单位学习登记册：外出培训全天（按 6 小时）8 学时、半天讲座（按 3 小时）4 学时，"
            "即每 45 分钟 1 学时；支部学习每 60 分钟 1 学时。地方做法。"
        ),
        _PLAIN | {"offline_kinds": {"training": 45, "lecture": 45, "group": 60}},
    ),
)


def preset(key: str) -> Preset | None:
    """The preset of that key, None for another word."""
    return next((each for each in PRESETS if each.key == key), None)
