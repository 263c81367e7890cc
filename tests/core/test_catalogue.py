"""The English catalogue: it compiles, says nothing doubtful, fills in what the Chinese fills."""

import re
import shutil
import subprocess
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


@pytest.mark.skipif(not shutil.which("msgfmt"), reason="msgfmt (gettext) is not installed")
def test_it_compiles_to_what_is_kept_beside_it(tmp_path):
    made = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", made, CATALOGUE], check=True, cwd=tmp_path)
    assert made.read_bytes() == CATALOGUE.with_suffix(".mo").read_bytes(), "run make messages"


def test_it_is_used():
    with translation.override("en"):
        assert translation.gettext("待学任务") != "待学任务"
