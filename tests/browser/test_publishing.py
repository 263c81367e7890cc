"""An instructor uploads a film and writes its lesson, a reviewer approves, a member finds it."""

import re

import pytest
from playwright.sync_api import expect

from school.demo.accounts import PASSWORD
from tests.browser.studying import open_from_catalogue, play, play_until
from tests.browser.visitors import follow
from tests.factories.media import clip

TITLE = "登高作业前的三项检查"
ENCODING_MS = 60_000


def section(school) -> int:
    return school.facts(
        "from courses.models import SectionPage\nfound = SectionPage.objects.get(slug='safety').pk"
    )


def test_an_uploaded_film_becomes_a_lesson_that_a_member_finds(visitors, school):
    instructor = visitors.sign_in(visitors.new(), "D0002", PASSWORD)
    before = set(library(school)[2])
    instructor.goto("/admin/videos/add/")
    film = clip(seconds=8, size="640x360")
    instructor.get_by_label("标题").fill(TITLE)
    instructor.locator("#upload-file").set_input_files(film)
    for box in instructor.locator("[data-declare]").all():
        box.check()
    instructor.get_by_role("button", name="开始上传").click()
    instructor.wait_for_url(re.compile(r"/admin/videos/\d+/"))
    state = instructor.locator("[data-state-text]")
    expect(state).to_contain_text(re.compile("排队|转码|可播放"))
    expect(state).to_contain_text("可播放", timeout=ENCODING_MS)
    # The list by which the refusals below show that nothing was left does see what is kept.
    assert any("/originals/" in path for path in set(library(school)[2]) - before)

    instructor.goto(f"/admin/pages/add/courses/lessonpage/{section(school)}/")
    instructor.locator("#id_title").fill(TITLE)
    chooser = instructor.locator("#id_video-chooser")
    chooser.locator("button:visible").first.click()
    instructor.locator(".modal").get_by_role("link", name=TITLE).first.click()
    expect(chooser).to_contain_text(TITLE)
    instructor.locator("#id_summary").fill("系安全带、看脚手架、设警戒区。")
    choose_action(instructor, "提交给栏目审核")
    assert live(school) == [False]

    reviewer = visitors.sign_in(visitors.new(), "D0003", PASSWORD)
    reviewer.goto("/admin/")
    reviewer.locator("main").get_by_role("link", name=TITLE).first.click()
    choose_action(reviewer, "通过并发布")
    assert live(school) == [True]

    member = visitors.sign_in(visitors.new(), "D0001", PASSWORD)
    open_from_catalogue(member, "lesson", TITLE)
    play(member)
    play_until(member, 1)


def choose_action(page, label: str) -> None:
    """Press a button of the footer's menu of further actions."""
    page.get_by_role("button", name="更多动作").last.click()
    follow(page.get_by_role("button", name=label))


def live(school) -> list[bool]:
    """Whether the pages of this title are published."""
    return school.facts(
        "from courses.models import LessonPage\n"
        f"found = list(LessonPage.objects.filter(title='{TITLE}').values_list('live', flat=True))"
    )


def library(school) -> list:
    """Videos, uploads and files of the video library."""
    return school.facts(
        "from pathlib import Path\n"
        "from django.conf import settings\n"
        "from media.models import Upload, Video\n"
        "folder = Path(settings.VIDEO_ROOT)\n"
        "files = sorted(str(p) for p in folder.rglob('*') if p.is_file())\n"
        "found = [Video.objects.count(), Upload.objects.count(), files]"
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("文字.mp4", b"\xe8\xbf\x99\xe4\xb8\x8d\xe6\x98\xaf\xe8\xa7\x86\xe9\xa2\x91" * 400, ""),
        ("空.mp4", b"", "0 字节"),
        ("断.mp4", None, ""),
    ],
)
def test_a_file_that_is_no_film_is_refused_with_a_reason_and_leaves_nothing(
    visitors, school, name, content, reason
):
    visitors.expect(r"response: 4\d\d .*/uploads/")
    page = visitors.sign_in(visitors.new(), "D0002", PASSWORD)
    before = library(school)
    if content is None:
        content = clip(seconds=8, size="640x360").read_bytes()[:20_000]
    page.goto("/admin/videos/add/")
    page.locator("#upload-file").set_input_files(
        {"name": name, "mimeType": "video/mp4", "buffer": content}
    )
    for box in page.locator("[data-declare]").all():
        box.check()
    begin = page.get_by_role("button", name="开始上传")
    if content:
        begin.click()
    else:
        expect(begin).to_be_disabled()
    error = page.locator("[data-error]")
    expect(error).to_be_visible()
    expect(error).to_contain_text(reason or re.compile("视频|文件"))
    assert library(school) == before
