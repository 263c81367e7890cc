"""Example content of the pattern page. Nothing here is read by the product."""

import re
from datetime import timedelta
from pathlib import Path

from django import forms
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator

from school.core import clock


class ExampleForm(forms.Form):
    """One field of each kind, two of them wrong."""

    staff_number = forms.CharField(label="工号或手机号", help_text="工号在工作证正面，共 8 位。")
    kind = forms.ChoiceField(
        label="学习形式", choices=[("group", "集体学习"), ("lecture", "专题党课")], initial="group"
    )
    size = forms.ChoiceField(
        label="字号",
        choices=[("n", "标准"), ("e", "长辈版")],
        widget=forms.RadioSelect,
        initial="n",
    )
    note = forms.CharField(label="说明", widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label="已阅读并同意个人信息处理告知")


def content() -> dict:
    """Everything the pattern page shows, as plain lists and dicts."""
    today = clock.today()
    return {
        "soon": today + timedelta(days=3),
        "past": today - timedelta(days=2),
        "later": today + timedelta(days=20),
        "form": ExampleForm({"kind": "group", "size": "n"}),
        "figures": [
            {"label": "应学", "value": 31, "url": "#", "note": "免学 2"},
            {"label": "已完成", "value": 19, "url": "#", "tone": "done"},
            {"label": "未完成", "value": 12, "url": "#", "current": True},
            {"label": "其中逾期", "value": 3, "url": "#", "tone": "late"},
        ],
        "trend": [42, 48, 51, 60, 65],
        "short": [42],
        "tabs": [
            {"label": "待学", "url": "#", "count": 3, "current": True},
            {"label": "待考", "url": "#", "count": 1},
            {"label": "补学", "url": "#", "count": 0},
            {"label": "已完成", "url": "#", "count": 12},
        ],
        "chips": [
            {"label": "全部", "url": "#", "current": True},
            {"label": "微课", "url": "#", "count": 6},
            {"label": "文章", "url": "#", "count": 12},
            {"label": "课程", "url": "#", "count": 4},
            {"label": "测验", "url": "#", "count": 3},
        ],
        "links": [
            {"label": "谁没学完", "url": "#", "icon": "people", "badge": 12},
            {"label": "登记集体学习", "url": "#", "icon": "edit"},
            {"label": "本月上报", "url": "#", "icon": "send", "note": "还有 3 天"},
        ],
        "news": [
            {
                "title": "第三季度安全生产专题学习安排：各支部于九月底前完成，缺学人员十月补学",
                "url": "#",
                "date": today - timedelta(days=1),
                "source": "组织部",
                "top": True,
            },
            {"title": "新一批微课上线", "url": "#", "date": today - timedelta(days=6)},
            {"title": "第二党支部开展岗位讲述", "url": "#", "date": today - timedelta(days=12)},
        ],
        "cells": [
            {
                "number": number,
                "url": "#",
                "state": ["saved", "saved", "empty", "marked", "right", "wrong"][number % 6],
                "current": number == 3,
            }
            for number in range(1, 13)
        ],
        "cues": [
            {"start": 0, "text": "各位同志好，今天学习岗位风险辨识的基本方法。"},
            {
                "start": 8,
                "text": "先看一个例子：开工前，班组长带大家走一遍现场。",
                "current": True,
            },
            {"start": 192, "text": "发现隐患，先停下来，再报告，最后整改。"},
        ],
        "target": {
            "label": "支部书记年度要求",
            "credited": 1850,
            "due": 3733,
            "formula": "支部书记 4 个月、党员 8 个月，共 37.33 学时",
            "conditions": [
                {"tone": "done", "state": "已达到", "text": "至少参加一次集中培训"},
                {"tone": "warn", "state": "未达到", "text": "任职 6 个月内参加任职培训"},
            ],
            "outlook": "按今年以来的进度，预计 11 月达到。",
        },
        "months": [
            {"online": online, "offline": offline}
            for online, offline in zip(
                (100, 250, 150, 0, 350, 200, 100, 300, 150, 0, 0, 0),
                (0, 100, 0, 200, 0, 100, 0, 0, 100, 0, 0, 0),
                strict=True,
            )
        ],
        "steps": [
            {"label": "信息告知", "state": "done"},
            {"label": "新密码", "state": "done"},
            {"label": "核对信息", "state": "current"},
            {"label": "字号", "state": "todo"},
        ],
        "crumbs": [
            {"label": "首页", "url": "/"},
            {"label": "课程", "url": "#"},
            {"label": "班组安全生产责任"},
        ],
        "page": Paginator(range(60), 20).page(2),
        "icons": icon_names(),
    }


def icon_names() -> list[str]:
    """The names in the sprite, in its order."""
    sprite = finders.find("school/img/icons.svg")
    return re.findall(r'<symbol id="([^"]+)"', Path(str(sprite)).read_text("utf-8"))
