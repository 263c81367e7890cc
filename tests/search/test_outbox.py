"""The outbox: nothing is lost, nothing is done twice, and failures are told."""

import pytest
from django.db import transaction

from school.core import clock
from school.core.models import Job
from school.members.models import Audience, AudienceRule
from school.members.selectors import audiences
from search import engines, registry
from search.engines.base import EngineDown
from search.models import GlossaryTerm, Outbox, SearchDoc, Suggestion
from search.services import guard, maintenance, outbox, rebuild
from search.services.search import search
from tests.factories.search import document

pytestmark = pytest.mark.django_db

LABEL = "core.job"


def build(job):
    if job.state == Job.State.CANCELLED:
        return None
    if job.title == "坏的":
        raise ValueError("没有正文")
    return document(job.title, body=job.reason, audience="public")


@pytest.fixture(autouse=True)
def jobs_are_findable():
    # Any saved row serves; a job is the simplest one below search.
    registry.register(Job, build=build, kinds={"article": "文章"})


def save(title, **values):
    return Job.objects.create(kind="x", title=title, created_at=clock.now(), **values)


def titles(text):
    return [hit.doc.title for hit in search(text).hits]


def test_saving_writes_a_row_and_draining_makes_it_findable():
    save("消防演练安排")
    assert outbox.waiting().count() == 1
    assert outbox.drain().applied == 1
    assert titles("消防演练") == ["消防演练安排"]
    assert outbox.waiting().count() == 0


def test_a_rolled_back_change_leaves_no_row():
    with pytest.raises(RuntimeError), transaction.atomic():
        save("不会有")
        raise RuntimeError
    assert not Outbox.objects.exists()


def test_many_changes_in_a_transaction_ask_for_one_drain(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        save("一号")
        save("二号")
    assert callbacks.count(outbox._ask_for_drain) == 1


def test_after_the_commit_the_change_is_findable_at_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        save("立即可查")
    assert titles("立即可查") == ["立即可查"]


def test_deleting_and_withdrawing_remove_from_index_and_database():
    gone, withdrawn = save("要删除的资料"), save("要撤下的资料")
    outbox.drain()
    assert len(titles("资料")) == 2
    gone.delete()
    withdrawn.state = Job.State.CANCELLED
    withdrawn.save()
    outbox.drain()
    assert titles("资料") == []
    assert not SearchDoc.objects.exists()
    assert not Suggestion.objects.exists()


def test_a_drain_killed_after_the_engine_wrote_is_harmless(monkeypatch):
    save("写了一半")

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("search.services.outbox._mark_applied", killed)
        with pytest.raises(KeyboardInterrupt):
            outbox.drain()
    assert outbox.waiting().count() == 1
    assert titles("写了一半") == ["写了一半"]
    assert outbox.drain().applied == 1
    assert titles("写了一半") == ["写了一半"]
    assert engines.get_engine().health().docs == 1


def test_one_bad_object_does_not_stop_the_others_and_says_why():
    save("坏的")
    save("好的资料")
    done = outbox.drain()
    assert (done.applied, done.failed) == (1, 1)
    assert titles("好的资料") == ["好的资料"]
    row = outbox.waiting().get()
    assert row.attempts == 1
    assert "没有正文" in row.reason
    assert row.next_attempt_at > clock.now()


def test_while_the_engine_is_down_rows_wait_and_the_database_answers(monkeypatch):
    save("引擎停了也能查")

    def down(*args, **kwargs):
        raise EngineDown("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(engines.get_engine(), "apply", down)
        patch.setattr(engines.get_engine(), "search", down)
        assert outbox.drain().failed == 1
        page = search("引擎停了")
        assert page.degraded
        assert [hit.doc.title for hit in page.hits] == ["引擎停了也能查"]
        assert search("引擎沒有").total == 0
    Outbox.objects.update(next_attempt_at=None)
    assert outbox.drain().applied == 1
    assert not search("引擎停了").degraded


def test_a_second_drain_does_not_run_beside_the_first():
    save("排队")
    with guard.hold(guard.DRAIN, wait_seconds=0):
        assert outbox.drain(wait_seconds=0).busy
    assert outbox.drain(wait_seconds=0).applied == 1


def test_a_model_nobody_registered_is_dropped():
    outbox.enqueue("nobody.knows", 1)
    assert outbox.drain().applied == 1


def test_a_rebuild_finds_what_was_never_announced_and_forgets_what_vanished():
    save("已在库里")
    vanishing = save("悄悄消失")
    outbox.drain()
    Job.objects.filter(pk=vanishing.pk).delete()
    Job.objects.bulk_create([Job(kind="x", title="批量写入", created_at=clock.now())])
    Outbox.objects.all().delete()
    assert rebuild.rebuild().docs == 2
    assert titles("批量写入") == ["批量写入"]
    assert titles("悄悄消失") == []
    assert SearchDoc.objects.count() == 2


def test_changes_made_during_a_rebuild_are_in_the_new_index():
    first, second = save("改前的标题"), save("中途删除")
    outbox.drain()

    def meanwhile(done, total, what):
        Job.objects.filter(pk=first.pk).update(title="改后的标题")
        outbox.enqueue(LABEL, first.pk)
        second.delete() if second.pk else None
        outbox.drain()

    rebuild.rebuild(tell=meanwhile)
    assert titles("改后的标题") == ["改后的标题"]
    assert titles("中途删除") == []
    assert outbox.waiting().count() == 0


def test_a_second_rebuild_does_not_run_beside_the_first():
    with guard.hold(guard.REBUILD, wait_seconds=0), pytest.raises(guard.Busy):
        rebuild.rebuild()


def test_a_rebuild_cut_short_leaves_the_old_index_in_use():
    save("照旧可查")
    outbox.drain()

    def cut(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuild(tell=cut)
    assert titles("照旧可查") == ["照旧可查"]
    assert rebuild.rebuild().docs == 1


def test_narrowing_an_audience_reaches_what_names_it():
    registry.register(
        AudienceRule,
        build=lambda rule: document("只给部分人", audience=audiences.token(rule.audience)),
        kinds={},
    )
    audience = Audience.objects.create(name="试用", scope=Audience.Scope.PUBLIC)
    AudienceRule.objects.create(audience=audience)
    outbox.drain()
    assert titles("只给部分人") == ["只给部分人"]
    audience.scope = Audience.Scope.RULES
    audience.save()
    outbox.drain()
    assert titles("只给部分人") == []


def test_a_rebuild_goes_on_past_a_bad_object_and_names_it():
    save("好的资料")
    save("坏的")
    result = rebuild.rebuild()
    assert result.docs == 1
    assert "没有正文" in result.failed[0]


def test_a_new_glossary_asks_for_one_rebuild():
    save("主题党日")
    rebuild.rebuild()
    assert not maintenance.rebuild_if_outdated()
    GlossaryTerm.objects.create(term="主题党日")
    assert maintenance.rebuild_if_outdated()
    assert not maintenance.rebuild_if_outdated()
    assert Job.objects.filter(kind=maintenance.REBUILD).count() == 1


def test_an_absent_index_asks_for_a_rebuild():
    assert maintenance.rebuild_if_outdated()


def test_check_tells_when_index_and_database_differ():
    save("一篇")
    outbox.drain()
    assert maintenance.check().problems == ()
    engines.get_engine().apply([], [("core.job:1", 9), (SearchDoc.objects.get().doc_id, 9)])
    assert "search_rebuild" in maintenance.check().problems[0]
