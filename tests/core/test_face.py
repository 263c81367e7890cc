"""The words for numbers, the geometry of the charts, the places of the frame."""

import gettext
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from school.core import charts, example, navigation, stylesheets, wording
from school.core.finders import BundleFinder
from school.core.middleware import ChosenLanguageMiddleware

pytestmark = pytest.mark.pure

TODAY = date(2026, 6, 27)
STATIC = Path(settings.BASE_DIR) / "school" / "static" / "school"
TEMPLATES = Path(settings.BASE_DIR) / "templates"


def render(source: str, **context) -> str:
    return Template("{% load school_tags %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("credit", "written"),
    [(1850, "18.5"), (3200, "32"), (5, "0.05"), (0, "0"), (-50, "-0.5"), (None, "—")],
)
def test_hours_are_written_without_useless_zeros(credit, written):
    assert wording.hours(credit) == written


@given(st.integers(min_value=-(10**6), max_value=10**6))
def test_hours_lose_nothing(credit):
    whole, _, decimals = wording.hours(credit).lstrip("-").partition(".")
    assert int(whole) * 100 + int(decimals.ljust(2, "0")) == abs(credit)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 秒"),
        (59, "59 秒"),
        (60, "1 分"),
        (380, "6 分 20 秒"),
        (3600, "1 小时"),
        (3725, "1 小时 2 分"),
        (-3, "0 秒"),
        (None, "—"),
    ],
)
def test_durations_are_rounded_down(seconds, written):
    assert wording.duration(seconds) == written


def test_milliseconds_are_rounded_down_to_seconds():
    assert render("{{ 380999|duration_ms }}") == "6 分 20 秒"


@pytest.mark.parametrize(("seconds", "written"), [(192, "03:12"), (3725, "1:02:05"), (0, "00:00")])
def test_a_position_in_a_video_is_a_timecode(seconds, written):
    assert wording.timecode(seconds) == written


@pytest.mark.parametrize(
    ("days", "written", "tone"),
    [
        (20, "还有 20 天", "plain"),
        (3, "还有 3 天", "warn"),
        (0, "今天截止", "warn"),
        (-2, "逾期 2 天", "late"),
    ],
)
def test_a_deadline_says_what_is_left(days, written, tone):
    due = TODAY + timedelta(days=days)
    assert wording.deadline(due, TODAY) == written
    assert wording.deadline_tone(due, TODAY) == tone


def test_a_deadline_is_counted_in_local_days():
    late_in_utc = datetime(2026, 6, 27, 17, 0, tzinfo=UTC)  # 28 June, 01:00 in Shanghai
    assert wording.days_left(late_in_utc, TODAY) == 1


def test_a_date_in_a_sentence_names_the_year_only_when_it_is_another():
    assert wording.day(date(2026, 6, 30), TODAY) == "6月30日"
    assert wording.day(date(2025, 12, 1), TODAY) == "2025年12月1日"


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_hundred_percent_means_everyone(part, whole):
    part = min(part, whole)
    assert (wording.percent_floor(part, whole) == "100%") == (part == whole)


def test_a_rate_of_nobody_is_a_dash():
    assert wording.percent_floor(0, 0) == "—"


def test_one_value_draws_no_line():
    assert charts.sparkline_points([42]) == ""
    assert "暂无走势" in render("{% sparkline v %}", v=[42])


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=24))
def test_a_sparkline_stays_in_its_frame(values):
    points = [tuple(map(float, p.split(","))) for p in charts.sparkline_points(values).split()]
    assert len(points) == len(values)
    assert all(0 <= x <= 64 and 0 <= y <= 20 for x, y in points)


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 9999)), min_size=1, max_size=12))
def test_the_highest_month_fills_the_chart_and_no_month_with_hours_vanishes(pairs):
    bars = charts.month_bars([{"online": a, "offline": b} for a, b in pairs], height=112)
    assert all(bar.online_height + bar.offline_height <= 113 for bar in bars)
    assert all((bar.online_height > 0) == (bar.online > 0) for bar in bars)


def test_months_to_come_are_a_hairline_without_a_number():
    months = [{"online": 100, "offline": 0}] * 12
    html = render("{% month_bars m this_month=9 %}", m=months)
    assert html.count("month-bars__value") == 9
    assert html.count("month-bars__future") == 3


@pytest.fixture
def places(monkeypatch):
    monkeypatch.setattr(navigation, "_places", {})
    return navigation


def guest_at(path: str):
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    return request


def test_a_place_whose_page_does_not_exist_is_not_shown(places):
    places.register(places.Place("gone", "无", "nowhere:at_all", visible=places.anyone))
    assert places.links(guest_at("/"), places.MAIN) == []


def test_a_place_for_members_is_hidden_from_guests(places):
    places.register(places.Place("me", "我的", "/me/"))
    places.register(places.Place("home", "首页", "/", visible=places.anyone))
    assert [link.name for link in places.links(guest_at("/"), places.MAIN)] == ["home"]


def test_home_is_current_only_at_home(places):
    places.register(places.Place("home", "首页", "/", order=1, visible=places.anyone))
    places.register(places.Place("courses", "课程", "/courses/", order=2, visible=places.anyone))
    links = places.links(guest_at("/courses/safety/"), places.MAIN)
    assert [link.current for link in links] == [False, True]


def test_every_icon_named_in_a_template_is_in_the_sprite():
    known = set(example.icon_names())
    used = {
        (path.name, name)
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'(?:{% icon |icon=)"([^"]+)"', path.read_text("utf-8"))
    }
    used |= {("a place", place.icon) for place in navigation._places.values() if place.icon}
    assert used
    assert [pair for pair in sorted(used) if pair[1] not in known] == []


def test_no_template_carries_inline_style_or_script():
    inline = re.compile(r"""\sstyle=|\son[a-z]+=["']|<style|<script(?![^>]*\bsrc=)""")
    found = [
        (str(path.relative_to(TEMPLATES)), match.group())
        for path in TEMPLATES.rglob("*.html")
        if "wagtailadmin" not in path.parts
        for match in inline.finditer(path.read_text("utf-8"))
        if "application/json" not in path.read_text("utf-8")[match.start() : match.start() + 80]
    ]
    assert found == []


def test_every_style_sheet_lives_in_a_named_layer():
    for path in stylesheets.parts():
        outside = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
        outside = re.sub(r"@layer [a-z, ]+;", "", outside).strip()
        assert outside.startswith("@layer "), path.name


def test_the_joined_style_sheet_holds_every_part_in_layer_order():
    joined = stylesheets.joined()
    names = re.findall(r"^/\* (\S+\.css) \*/$", joined, flags=re.M)
    components = [name for name in names if name.startswith("components/")]
    assert components == sorted(
        f"components/{path.name}" for path in (STATIC / "css" / "components").glob("*.css")
    )
    assert names == ["tokens.css", "base.css", "layout.css", *components, "utilities.css"]


def test_the_joined_style_sheet_is_written_anew_when_a_part_changes(tmp_path, monkeypatch):
    for name in ("tokens", "base", "layout", "utilities"):
        (tmp_path / f"{name}.css").write_text(f"/* {name} */")
    monkeypatch.setattr(stylesheets, "FOLDER", tmp_path)
    finder = BundleFinder()
    finder.root = tmp_path / "out"
    written = Path(finder.find(stylesheets.BUNDLE))
    assert "changed" not in written.read_text()
    (tmp_path / "base.css").write_text("/* changed */")
    os.utime(tmp_path / "base.css", (2**31, 2**31))
    assert "changed" in Path(finder.find(stylesheets.BUNDLE)).read_text()
    assert finder.find("school/css/tokens.css") == []


def test_every_component_stands_on_the_pattern_page():
    """A component that nobody can see on the pattern page is a component nobody will find."""
    page = (TEMPLATES / "core" / "patterns.html").read_text("utf-8")
    tags = {"sparkline.html", "month_bars.html", "messages.html"}
    part_of = {"progress.html", "form_errors.html", "field.html"}
    # A video, a person; filled by scripts: a question in a film, what has not been sent yet.
    needs_a_row = {"player.html", "trail_link.html", "question_gate.html", "leaving.html"}
    for path in (TEMPLATES / "components").glob("*.html"):
        if path.name not in tags | part_of | needs_a_row:
            assert f'"components/{path.name}"' in page, path.name


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def token_sets() -> dict[str, dict[str, str]]:
    css = (STATIC / "css" / "tokens.css").read_text("utf-8")
    light, rest = css.split("@media (prefers-color-scheme: dark)")
    dark, rest = rest.split('html[data-contrast="high"]')
    high, rest = rest.split('html[data-tone="gray"] {', 1)
    gray = rest.split("}", 1)[0]

    def read(text):
        pairs = re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", text)
        return {k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in pairs}

    base = read(light)
    return {
        "light": base,
        "dark": base | read(dark),
        "high contrast": base | read(high),
        "grayscale": base | read(gray),
    }


PAIRS = [
    ("ink", "paper"),
    ("ink-2", "paper"),
    ("ink-3", "paper"),
    ("ink-3", "surface"),
    ("ink-3", "sunk"),
    ("red-text", "paper"),
    ("red-text", "surface"),
    ("on-red", "red"),
    ("on-red", "red-hover"),
    ("on-red", "bar"),
    ("on-red-gold", "bar"),
    ("done", "done-back"),
    ("warn", "warn-back"),
    ("late", "late-back"),
    ("info", "info-back"),
    ("done", "surface"),
    ("late", "surface"),
    ("ink", "mark"),
]


@pytest.mark.parametrize("name", ["light", "dark", "high contrast", "grayscale"])
def test_every_pair_of_text_and_ground_has_contrast(name):
    tokens = token_sets()[name]
    weak = [
        (text, ground, round(contrast(tokens[text], tokens[ground]), 2))
        for text, ground in PAIRS
        if contrast(tokens[text], tokens[ground]) < 4.5
    ]
    assert weak == []


def test_a_refusal_never_sends_back_to_a_foreign_site():
    request = RequestFactory().get("/x/")
    assert render("{{ a|own_address:r }}", a="https://evil.example/", r=request) == "/"
    assert render("{{ a|own_address:r }}", a="/tasks/", r=request) == "/tasks/"


def test_json_in_an_attribute_cannot_end_it():
    html = render('<p data-x="{{ v|json_attribute }}">', v={"a": '"><script>'})
    assert html.count('"') == 2
    assert "<script>" not in html


def test_the_error_page_needs_nothing_from_the_database():
    assert "系统暂时出错" in render_to_string("500.html")


def test_the_compiled_catalogues_are_those_of_the_sources():
    """The .mo files are committed: a machine without gettext shows the same words."""
    for source in (Path(settings.BASE_DIR) / "school" / "locale").rglob("*.po"):
        pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', source.read_text("utf-8"), flags=re.M)
        with source.with_suffix(".mo").open("rb") as compiled:
            catalogue = gettext.GNUTranslations(compiled)
        assert pairs, source
        for text, written in pairs:
            text, written = (each.replace('\\"', '"') for each in (text, written))
            assert catalogue.gettext(text) == written


def test_the_frame_speaks_english_when_asked():
    with translation.override("en"):
        assert wording.duration(380) == "6 min 20 s"
        assert "On track" in render('{% include "components/light.html" with light="normal" %}')


@pytest.mark.parametrize(("cookie", "spoken"), [(None, "zh-hans"), ("en", "en"), ("xx", "zh-hans")])
def test_only_a_choice_in_the_footer_changes_the_language(cookie, spoken):
    request = RequestFactory().get("/", HTTP_ACCEPT_LANGUAGE="en-US")
    if cookie:
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = cookie
    said = []

    def view(request):
        said.append(translation.get_language())
        return HttpResponse()

    response = ChosenLanguageMiddleware(view)(request)
    assert said == [spoken]
    assert response["Content-Language"] == spoken


def test_every_token_that_a_sheet_uses_exists():
    css = stylesheets.joined()
    known = set(re.findall(r"(--[a-z0-9-]+):", css))
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", css))
    assert used - known == set()
