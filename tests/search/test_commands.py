"""The operator's commands: they say what they did and fail loudly."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from school.core import clock
from school.core.models import Job
from search import engines, registry
from search.models import SearchDoc
from search.services import guard
from tests.factories.search import cues, document, indexed

pytestmark = pytest.mark.django_db


def run(name, *args, **options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *args, stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


def build(job):
    if job.title == "坏的":
        raise ValueError("没有正文")
    return document(job.title, audience="public")


@pytest.fixture
def jobs():
    registry.register(Job, build=build, kinds={"article": "文章"})
    for title in ("第一篇", "第二篇"):
        Job.objects.create(kind="x", title=title, created_at=clock.now())


def test_drain_tells_how_many(jobs):
    out, _err, failure = run("search_drain")
    assert "已写入 2 条" in out
    assert not failure


def test_drain_fails_when_a_change_could_not_be_written(jobs):
    Job.objects.create(kind="x", title="坏的", created_at=clock.now())
    out, _err, failure = run("search_drain")
    assert "失败 1 条" in out
    assert "没有正文" in failure


def test_drain_says_when_another_process_is_at_it(jobs):
    with guard.hold(guard.DRAIN, wait_seconds=0):
        _out, _err, failure = run("search_drain", limit=10)
    assert "另一个进程" in failure


def test_rebuild_shows_progress_and_a_summary(jobs):
    out, _err, failure = run("search_rebuild")
    assert "索引 2/2 core.job" in out
    assert "已索引 2 篇" in out
    assert not failure


def test_rebuild_fails_when_an_object_could_not_be_described(jobs):
    Job.objects.create(kind="x", title="坏的", created_at=clock.now())
    _out, err, failure = run("search_rebuild")
    assert "没有正文" in err
    assert "1 篇" in failure


def test_rebuild_on_a_dead_server_fails_with_one_sentence(jobs, settings):
    settings.SEARCH_ENGINE = "elasticsearch"
    settings.ELASTICSEARCH_URL = "http://127.0.0.1:9"
    engines.forget()
    assert "搜索引擎不可用" in run("search_rebuild")[2]
    assert "搜索引擎不可用" in run("search_check")[1]


def test_check_is_content_after_a_rebuild_and_not_after_a_loss(jobs):
    assert run("search_check")[2]
    run("search_rebuild")
    assert "没有发现问题" in run("search_check")[0]
    SearchDoc.objects.first().delete()
    assert "search_rebuild" in run("search_check")[1]


@pytest.fixture
def library():
    indexed(
        engines.get_engine(),
        document("消防通道", body="不得堵塞消防通道。", audience="public", url="/a/"),
        document("拉闸", kind="lesson", audience="public", cues=cues("开场", "要拉下总闸")),
    )


def gold(tmp_path, entries):
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_eval_scores_a_gold_set(library, tmp_path):
    path = gold(
        tmp_path,
        [
            {"query": "堵塞通道", "expect": ["/a/"]},
            {"query": "拉下总闸", "expect": ["拉闸"], "cue": "要拉下总闸"},
        ],
    )
    out, _err, failure = run("search_eval", path)
    assert "共 2 问" in out
    assert "MRR@10 1.000" in out
    assert "1/1" in out
    assert not failure


def test_eval_fails_below_the_gate_and_names_the_misses(library, tmp_path):
    path = gold(tmp_path, [{"query": "拉下总闸", "expect": ["消防通道"], "cue": "没有讲过"}])
    _out, err, failure = run("search_eval", path)
    assert "拉下总闸" in err
    assert "0.95" in failure


@pytest.mark.parametrize(
    "content", ["{", "{}", '[{"query": ""}]', '[{"query": "a", "expect": []}]', "[]", "[1]"]
)
def test_eval_refuses_a_broken_file_with_a_sentence(tmp_path, content):
    path = tmp_path / "gold.json"
    path.write_text(content)
    assert run("search_eval", path)[2]
