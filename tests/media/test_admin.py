"""Admin pages: who sees what, what they say, how many questions they ask."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from wagtail.models import Collection, GroupCollectionPermission

from media import selectors, services, storage
from media.models import Caption, Video, VideoRevision
from media.services.transcoding import latest_job
from school.core import jobs
from school.core.models import Job
from tests.factories.media import MemberFactory, clip, ready_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, instructor):
    client.force_login(instructor)
    return client


def teacher(collection: Collection, *codenames: str):
    """Somebody with rights in one collection only."""
    person = MemberFactory(is_staff=True)
    group = Group.objects.create(name=f"讲师{person.pk}")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for codename in codenames:
        GroupCollectionPermission.objects.create(
            group=group,
            collection=collection,
            permission=Permission.objects.get(codename=codename, content_type__app_label="media"),
        )
    person.groups.add(group)
    return person


@pytest.fixture
def own_collection(db):
    return Collection.get_first_root_node().add_child(name="支部微课")


def test_the_list_shows_state_progress_and_reason(desk, instructor):
    ready_video(title="可以看")
    queued = services.ingest(path=clip(), title="在排队", by=instructor)
    failed = services.ingest(path=clip(seconds=1), title="没成功", by=instructor)
    job = latest_job(failed.revisions.get())
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, reason="磁盘空间不足")
    text = desk.get(reverse("videos:index")).content.decode()
    assert "可播放" in text
    assert "排队中" in text
    assert "磁盘空间不足" in text
    states = desk.get(reverse("videos:states"), {"id": [queued.pk, failed.pk]}).json()["videos"]
    assert states[str(queued.pk)]["open"] is True
    assert states[str(failed.pk)]["state"] == "failed"


def test_the_queue_position_counts_those_before(instructor):
    first = services.ingest(path=clip(), title="一", by=instructor).revisions.get()
    second = services.ingest(path=clip(), title="二", by=instructor).revisions.get()
    assert selectors.status(first, latest_job(first)).text == "排队中"
    assert "前面还有 1 个" in selectors.status(second, latest_job(second)).text
    jobs.claim(latest_job(first).pk)
    assert selectors.status(first, latest_job(first)).state == "running"


def test_the_list_asks_few_questions(desk, instructor, django_assert_max_num_queries):
    for number in range(4):
        ready_video(title=f"第 {number} 个", captions=None)
    desk.get(reverse("videos:index"))
    with django_assert_max_num_queries(20):
        desk.get(reverse("videos:index"))


def test_a_teacher_sees_own_videos_and_those_of_the_collection(client, own_collection):
    person = teacher(own_collection, "add_video")
    foreign = ready_video(title="别处的")
    mine = services.ingest(path=clip(), title="我的", by=person, collection=own_collection)
    client.force_login(person)
    text = client.get(reverse("videos:index")).content.decode()
    assert "我的" in text
    assert "别处的" not in text
    assert client.get(reverse("videos:detail", args=[mine.pk])).status_code == 200
    assert client.get(reverse("videos:detail", args=[foreign.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("detail", "get"),
        ("detail", "post"),
        ("replace", "get"),
        ("retry", "post"),
        ("delete", "get"),
        ("delete", "post"),
        ("captions", "post"),
    ],
)
def test_a_foreign_video_is_404_on_every_page(client, own_collection, name, method):
    foreign = ready_video()
    client.force_login(teacher(own_collection, "add_video"))
    answer = getattr(client, method)(reverse(f"videos:{name}", args=[foreign.pk]))
    assert answer.status_code == 404
    assert Video.objects.filter(pk=foreign.pk).exists()


def test_who_may_only_choose_cannot_edit(client, own_collection):
    other = MemberFactory()
    video = ready_video(by=other)
    Video.objects.filter(pk=video.pk).update(collection=own_collection)
    client.force_login(teacher(own_collection, "choose_video"))
    assert client.get(reverse("videos:detail", args=[video.pk])).status_code == 403
    chosen = client.get(reverse("video_chooser:chosen", args=[video.pk]))
    assert chosen.status_code == 200
    assert chosen.json()["result"]["title"] == video.title


def test_the_chooser_offers_only_what_may_be_chosen(client, own_collection):
    foreign = ready_video(title="别处的")
    inside = ready_video(title="这里的")
    Video.objects.filter(pk=inside.pk).update(collection=own_collection)
    client.force_login(teacher(own_collection, "choose_video"))
    text = client.get(reverse("video_chooser:choose")).json()["html"]
    assert "这里的" in text
    assert "别处的" not in text
    assert "可播放" in text
    refused = client.get(reverse("video_chooser:chosen", args=[foreign.pk]))
    assert refused.status_code == 404


def test_a_plain_member_has_no_video_pages(client, member):
    client.force_login(member)
    for name in ("index", "add"):
        assert client.get(reverse(f"videos:{name}")).status_code in (302, 403)


def test_the_detail_page_plays_and_takes_captions(desk):
    video = ready_video(captions=None)
    url = reverse("videos:detail", args=[video.pk])
    text = desk.get(url).content.decode()
    assert "data-player" in text
    assert "还没有字幕" in text
    srt = "1\n00:00:00,000 --> 00:00:01,000\n学习党章\n".encode("gb18030")
    given = {"file": SimpleUploadedFile("a.srt", srt), "language": "zh-Hans"}
    desk.post(reverse("videos:captions", args=[video.pk]), given)
    caption = Caption.objects.get()
    assert caption.cues == [[0, 1000, "学习党章"]]
    bad = {"file": SimpleUploadedFile("b.srt", b"\x00\x01"), "language": "zh-Hans"}
    answer = desk.post(reverse("videos:captions", args=[video.pk]), bad, follow=True)
    assert "字幕文件无法读取" in answer.content.decode()
    desk.post(reverse("videos:remove_captions", args=[video.pk, caption.pk]))
    assert not Caption.objects.exists()


def test_a_new_title_is_saved_and_an_empty_one_refused(desk):
    video = ready_video()
    url = reverse("videos:detail", args=[video.pk])
    desk.post(url, {"title": "新标题"})
    video.refresh_from_db()
    assert video.title == "新标题"
    assert desk.post(url, {"title": " "}).status_code == 200
    video.refresh_from_db()
    assert video.title == "新标题"


def test_a_failed_encoding_can_be_retried_from_its_page(desk, instructor):
    video = services.ingest(path=clip(), title="再来", by=instructor)
    revision = video.revisions.get()
    job = latest_job(revision)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, reason="执行进程多次中断")
    url = reverse("videos:detail", args=[video.pk])
    assert "重试转码" in desk.get(url).content.decode()
    desk.post(reverse("videos:retry", args=[video.pk]))
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    assert "重试转码" not in desk.get(url).content.decode()


def test_deleting_asks_first(desk):
    video = ready_video()
    url = reverse("videos:delete", args=[video.pk])
    assert "确定删除" in desk.get(url).content.decode()
    assert Video.objects.exists()
    desk.post(url)
    assert not Video.objects.exists()


def test_a_missing_ffmpeg_is_said_on_the_page(desk, settings):
    settings.FFMPEG_BIN = "/nowhere/ffmpeg"
    for name in ("index", "add"):
        assert "找不到 ffmpeg" in desk.get(reverse(f"videos:{name}")).content.decode()


def test_an_unfinished_upload_is_offered_again(desk, instructor):
    services.begin_upload(
        owner=instructor,
        collection=Collection.get_first_root_node(),
        length=1000,
        filename="没传完.mp4",
        title="",
        declared=True,
    )
    assert "没传完.mp4" in desk.get(reverse("videos:index")).content.decode()
    assert storage.folder("incoming").exists()
    assert not VideoRevision.objects.exists()


def test_the_list_leads_nobody_to_a_video_that_is_not_theirs_to_edit(client, own_collection):
    person = teacher(own_collection, "add_video", "choose_video")
    other, own = ready_video(title="别人的"), ready_video(title="自己的", by=person)
    Video.objects.update(collection=own_collection)
    client.force_login(person)
    text = client.get(reverse("videos:index")).content.decode()
    assert "别人的" in text and reverse("videos:detail", args=[other.pk]) not in text
    assert reverse("videos:detail", args=[own.pk]) in text
