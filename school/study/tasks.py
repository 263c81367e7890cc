"""Background work of studying."""

from datetime import date

from celery import shared_task
from django.conf import settings
from django.utils.translation import gettext_noop

from school.core.jobs import Lease, job_kind
from school.study.models import HourRule, Recredit, StudyItem
from school.study.services import anomalies, evidence
from school.study.services.completion import RECONSIDER, reconsider
from school.study.services.disputes import raise_overdue
from school.study.services.hour_rules import follow_rule
from school.study.services.recredit import EFFECT, RECREDIT, effect_of, recredit
from school.study.services.sinks import drain, queue
from school.study.services.studied import settle_idle_sessions
from school.study.services.years import look_after_year


@job_kind(RECONSIDER, title=gettext_noop("核对完成情况"))
def reconsider_item(lease: Lease) -> dict:
    """Look again at who may have completed the item named in the payload."""
    rows = StudyItem.objects.select_related("current__item")
    item = rows.filter(pk=lease.payload["item"]).first()
    if item is None:
        return {"posted": 0}

    def tell(done: int, total: int) -> None:
        lease.progress(done / total, f"已核对 {done} / {total} 人")

    return {"posted": reconsider(item=item, progress=tell)}


@shared_task
def drain_study() -> int:
    """Post what waits; where it is much, send a task for each shard. Returns how many shards."""
    shards = queue.waiting()
    if sum(shards.values()) <= settings.STUDY_DRAIN_MEMBERS:
        drain.drain_all()
        return len(shards)
    for shard in shards:
        drain_shard.apply_async(args=[shard], expires=4 * settings.STUDY_DRAIN_SECONDS)
    return len(shards)


@shared_task
def drain_shard(shard: int) -> int:
    """Post what waits in a shard; returns how many reports."""
    return drain.drain_shard(shard).posted


@shared_task
def prune_evidence() -> int:
    """Take out evidence that nobody may ask for any more; returns how many reports."""
    return evidence.prune()


@shared_task
def raise_disputes() -> int:
    """Send disputes that nobody dealt with in time one level up."""
    return raise_overdue()


@shared_task
def find_anomalies() -> int:
    """Look through yesterday and what came in since for earlier days; returns how many are new."""
    return anomalies.find_recent()


@job_kind(EFFECT, title=gettext_noop("试算学时规则的影响"))
def work_out_effect(lease: Lease) -> dict:
    """What a version, stored or only written down, would have paid over some days."""
    asked = lease.payload
    rule = (
        HourRule(version=0, **asked["terms"])
        if "terms" in asked
        else HourRule.objects.get(pk=asked["rule"])
    )
    effect = effect_of(
        rule=rule,
        since=date.fromisoformat(asked["since"]),
        until=date.fromisoformat(asked["until"]),
        tell=lease.progress,
    )
    return effect.as_dict()


@job_kind(RECREDIT, title=gettext_noop("重新核算学时"))
def credit_anew(lease: Lease) -> dict:
    """Bring the ledger in step with the decision named in the payload."""
    decided = Recredit.objects.select_related("rule").get(pk=lease.payload["recredit"])
    return recredit(decided=decided, tell=lease.progress)


@shared_task
def settle_study() -> int:
    """Book study that counts by time, of sessions that are over; returns how many ended."""
    return settle_idle_sessions()


@shared_task
def follow_hour_rule() -> int:
    """A new day may have a new rule: what items pay is written anew for the pages."""
    return follow_rule()


@shared_task
def look_after_years() -> str:
    """Book what came late, then close the past year or remind of it, as the settings say."""
    settle_idle_sessions()
    return look_after_year()
