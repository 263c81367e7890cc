"""Keeps the index of the right version: a new glossary or schema asks for a rebuild by itself."""

from dataclasses import dataclass

from school.core import jobs
from school.core.models import Job
from search import registry
from search.analysis import current_analyzer
from search.engines import get_engine
from search.engines.base import EngineHealth
from search.models import SearchDoc
from search.plan import SCHEMA_REVISION
from search.services import outbox

REBUILD = "search.rebuild"


@dataclass(frozen=True)
class Report:
    """State of search for people: health of the engine, what waits, what is wrong."""

    health: EngineHealth
    copies: int
    waiting: int
    stuck: int
    problems: tuple[str, ...]


def expected_version() -> str:
    """Version an index built now would have."""
    return f"{SCHEMA_REVISION}-{current_analyzer().version}"


def rebuild_if_outdated() -> bool:
    """Ask for a rebuild when the index was built with another schema or glossary, or is absent."""
    health = get_engine().health()
    if health.version == expected_version() or not list(registry.registrations()):
        return False
    # An engine that does not answer needs help, not a rebuild; an absent index needs one.
    if not health.reachable and "no index" not in health.detail and "schema" not in health.detail:
        return False
    open_states = (Job.State.QUEUED, Job.State.RUNNING, Job.State.FAILED)
    if Job.objects.filter(
        kind=REBUILD, state__in=open_states, payload__version=expected_version()
    ).exists():
        return False
    jobs.enqueue(REBUILD, title="重建搜索索引", payload={"version": expected_version()})
    return True


def check() -> Report:
    """Compare engine, database copies and outbox."""
    health = get_engine().health()
    copies = SearchDoc.objects.count()
    waiting = outbox.waiting().count()
    stuck = outbox.waiting().filter(attempts__gte=3)
    problems = []
    if not health.reachable:
        problems.append(f"搜索引擎不可用：{health.detail}。检索暂由数据库代替。")
    elif health.version != expected_version():
        problems.append("索引与当前词表或结构不一致，请运行 manage.py search_rebuild。")
    elif health.docs != copies and not waiting:
        problems.append(
            f"索引有 {health.docs} 篇，数据库有 {copies} 篇，请运行 manage.py search_rebuild。"
        )
    for row in stuck[:10]:
        problems.append(f"{row} 已失败 {row.attempts} 次：{row.reason[:200]}")
    return Report(health, copies, waiting, stuck.count(), tuple(problems))
