"""Slides and covers drawn with Pillow: paper, red, a gold hairline, well-set Chinese type."""

import functools
import subprocess
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from school.core.errors import DomainError
from school.demo.texts import Slide

SIZE = (1280, 720)
PAPER, INK, INK_2, RED, GOLD, LINE = (
    "#FBF7F2",
    "#1F1B18",
    "#5A524B",
    "#B3121B",
    "#9C7A2E",
    "#E6DED4",
)
NO_LINE_START = ",.;:?!)，。、；：？！”’）》】"


@functools.cache
def font_file(bold: bool = False) -> str:
    """A CJK font of this machine.

    Raises:
        DomainError: there is none; the message names the package to install.
    """
    fetched = settings.BASE_DIR / "build" / "fonts"
    for path in sorted(fetched.glob("**/*")) if fetched.is_dir() else ():
        if path.suffix.lower() in {".otf", ".ttf", ".ttc"} and ("Bold" in path.name) == bold:
            return str(path)
    style = "Bold" if bold else "Regular"
    for family in ("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", "sans:lang=zh-cn"):
        found = _matched(f"{family}:style={style}:lang=zh-cn")
        if found:
            return found
    if bold:
        return font_file()
    raise DomainError(_("没有找到中文字体，请安装软件包 fonts-noto-cjk 后重新运行。"))


def _matched(pattern: str) -> str:
    try:
        answer = subprocess.run(
            ["fc-match", "--format=%{file}|%{lang}", pattern],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    file, _bar, languages = answer.partition("|")
    known = "zh-cn" in languages.split("|")
    return file if known and Path(file).suffix.lower() in {".otf", ".ttf", ".ttc"} else ""


@functools.cache
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    file = font_file(bold)
    # Noto's collections hold the scripts in the order JP, KR, SC, TC, HK.
    index = 2 if file.endswith(".ttc") and "CJK" in file else 0
    return ImageFont.truetype(file, size, index=index)


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines no wider than ``width`` pixels; closing signs never begin a line."""
    lines, line = [], ""
    for character in text:
        if line and font.getlength(line + character) > width and character not in NO_LINE_START:
            lines.append(line)
            line = ""
        line += character
    return [*lines, line] if line else lines


def slide(content: Slide, *, number: int, total: int, lesson: str) -> Image.Image:
    """One slide: the first is a title page, the others have a heading and bullets."""
    return _title_page(content, lesson) if number == 1 else _page(content, number, total, lesson)


def _title_page(content: Slide, lesson: str) -> Image.Image:
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 12), fill=RED)
    draw.text((96, 76), "网上党校 · 微课", font=_font(30, True), fill=RED)
    draw.line((96, 140, 1184, 140), fill=GOLD, width=2)
    font = _font(86, True)
    lines = wrap(content.title, font, 1060)
    # The title and what is below it stand in the middle of the sheet.
    height = len(lines) * 116 + 60 + len(content.bullets) * 64
    top = 140 + max(40, (500 - height) // 2)
    for line in lines:
        draw.text((94, top), line, font=font, fill=INK)
        top += 116
    draw.rectangle((96, top + 14, 216, top + 20), fill=RED)
    top += 60
    for bullet in content.bullets:
        draw.text((96, top), bullet, font=_font(40), fill=INK_2)
        top += 64
    draw.line((96, 640, 1184, 640), fill=GOLD, width=2)
    return image


def _page(content: Slide, number: int, total: int, lesson: str) -> Image.Image:
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 12), fill=RED)
    draw.text((96, 84), content.title, font=_font(60, True), fill=INK)
    draw.rectangle((96, 178, 216, 183), fill=RED)
    draw.line((216, 181, 1184, 181), fill=LINE, width=2)
    top = 236
    for bullet in content.bullets:
        font = _font(44)
        draw.rectangle((98, top + 22, 112, top + 36), fill=GOLD)
        for line in wrap(bullet, font, 1010):
            draw.text((144, top), line, font=font, fill=INK)
            top += 66
        top += 30
    draw.line((96, 640, 1184, 640), fill=LINE, width=2)
    draw.text((96, 656), lesson, font=_font(26), fill=INK_2)
    page = f"{number} / {total}"
    width = _font(26).getlength(page)
    draw.text((1184 - width, 656), page, font=_font(26), fill=INK_2)
    return image


def cover(title: str, label: str) -> Image.Image:
    """A typographic cover for an article or a course, 1280×720."""
    image = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 36, 720), fill=RED)
    draw.text((116, 96), label, font=_font(40), fill=RED)
    draw.rectangle((116, 168, 216, 172), fill=GOLD)
    font, top = _font(80, True), 216
    for line in wrap(title, font, 1020)[:4]:
        draw.text((114, top), line, font=font, fill=INK)
        top += 112
    return image


def banner() -> Image.Image:
    """The guests' banner: red field, gold hairlines, room for the headline at the left."""
    image = Image.new("RGB", (1600, 520), RED)
    draw = ImageDraw.Draw(image)
    for step in range(7):
        left = 980 + step * 92
        draw.line((left, 520, left + 260, 0), fill=GOLD, width=2)
    draw.polygon([(1330, 520), (1590, 0), (1600, 0), (1600, 520)], fill="#8E0E16")
    draw.rectangle((0, 512, 1600, 520), fill=GOLD)
    return image
