"""The English catalogue: it compiles, says nothing doubtful, fills in what the Chinese fills."""

import gettext
import re
from ast import literal_eval
from pathlib import Path

import pytest
from django.utils import translation

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "school" / "locale" / "en" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
STRING = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:".*"\n?)+)', re.M)


def entries() -> list[tuple[str, dict[str, str]]]:
    """(comments, keyword → text) of every entry but the header."""
    found = []
    for block in CATALOGUE.read_text().split("\n\n"):
        texts = {
            key: "".join(literal_eval(line) for line in lines.splitlines())
            for key, lines in STRING.findall(block + "\n")
        }
        if texts.get("msgid"):
            found.append((block.partition("msgid")[0], texts))
    return found


def test_every_translation_fills_in_the_same_values():
    wrong = []
    for _comments, texts in entries():
        wanted = sorted(PLACEHOLDER.findall(texts["msgid"].replace("%%", "")))
        for key, text in texts.items():
            if key.startswith("msgstr") and text:
                kept = sorted(PLACEHOLDER.findall(text.replace("%%", "")))
                # A date may be written otherwise: %(m)02d is still %(m)d.
                if {re.sub(r"\d", "", each) for each in kept} != set(wanted) and not re.search(
                    r"%\(\w+\)0\dd", text
                ):
                    wrong.append((texts["msgid"], text))
    assert not wrong


def test_nothing_in_it_is_a_guess():
    assert not [texts["msgid"] for comments, texts in entries() if "fuzzy" in comments]


def test_it_has_what_a_member_meets():
    done = {
        texts["msgid"] for _c, texts in entries() if texts.get("msgstr") or "msgstr[0]" in texts
    }
    for text in (
        "待学任务",
        "我的学时",
        "登录",
        "交卷",
        "错题本",
        "正在上传",
        "学习凭证无效，请刷新页面后继续学习。",
    ):
        assert text in done, text


def compiled() -> dict:
    """What the compiled catalogue holds, as Python's own gettext reads it, but for its header."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        held = dict(gettext.GNUTranslations(file)._catalog)
    del held[""]
    return held


def said() -> dict:
    """What the source says, keyed as gettext keys it: a plural by its number."""
    told = {}
    for _comments, texts in entries():
        if "msgid_plural" in texts:
            for number in range(len(texts) - 2):
                told[texts["msgid"], number] = texts[f"msgstr[{number}]"]
        elif texts["msgstr"]:
            told[texts["msgid"]] = texts["msgstr"]
    return told


def test_it_was_compiled_since_it_was_last_changed():
    held, told = compiled(), said()
    other = {key for key in held.keys() | told.keys() if held.get(key) != told.get(key)}
    assert not other, "run make messages"


def test_it_is_used():
    with translation.override("en"):
        assert translation.gettext("待学任务") != "待学任务"
