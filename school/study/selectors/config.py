"""What the tracker on a page is told: plain JSON, no secrets."""

import json

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from school.core import clock
from school.members.models import Member
from school.study import spans as sets
from school.study.models import Completion, Coverage, ItemRevision, StudyItem
from school.study.selectors.cycles import cycle_for

# Who stopped this close to the end has finished.
END_MS = 3_000


def member_key(member: Member) -> str:
    """A name for the member in the browser's own store: stable, and tells nobody who it is."""
    return salted_hmac("school.study.queue", str(member.pk), algorithm="sha256").hexdigest()[:20]


def study_config(member: Member, item: StudyItem) -> dict | None:
    """Settings of the tracker for one item, to be printed with ``json_script``.

    None when there is nothing to track (withdrawn, never published, a quiz, an aggregate).
    """
    revision = item.current
    if revision is None or item.withdrawn_at or revision.axis == ItemRevision.Axis.NONE:
        return None
    return {
        "item": item.pk,
        "axis": revision.axis,
        "length": revision.axis_length,
        "required_ms": revision.study_ms,
        "award": revision.award,
        "max_rate": revision.max_rate,
        "seek_free": revision.seek_free,
        "member": member_key(member),
        "open_url": reverse("study:open"),
        "report_url": reverse("study:report"),
        "cadence": settings.STUDY_REPORT_SECONDS,
        "evidence_days": settings.STUDY_EVIDENCE_DAYS,
        "idle_seconds": 180,
        "idle_characters_per_minute": 100,
        "words": words(),
    }


def player_options(member: Member, item: StudyItem, config: dict) -> dict:
    """What ``components/player.html`` is included with so that the tracker and the rules apply.

    Args:
        config: of ``study_config``.

    Returns ``data`` (attributes of the <video>), ``max_rate``, ``no_forward_seek``,
    ``seek_limit_ms`` and ``resume_ms``. Until the first completion nobody jumps ahead of what was
    seen, unless the revision allows it; what was nearly finished begins again from the start.
    """
    day = clock.local_day(clock.authority())
    cycle = cycle_for(member.pk, item.current_id, day)
    seen = Coverage.objects.filter(
        member=member, revision_id=item.current_id, cycle=cycle
    ).values_list("spans", "resume_at")
    packed, resume_at = seen.first() or (b"", 0)
    cover = sets.unpack(packed)
    done = Completion.objects.in_force().filter(member=member, item=item).exists()
    near_end = resume_at > config["length"] - END_MS
    return {
        "data": {"study-item": item.pk, "study-config": json.dumps(config, ensure_ascii=False)},
        "max_rate": f"{config['max_rate'] / 100:g}",
        "no_forward_seek": not (config["seek_free"] or done),
        "seek_limit_ms": cover[-1] if cover else 0,
        "resume_ms": 0 if near_end else resume_at,
    }


def words() -> dict[str, str]:
    """What the line under the player says; ``{…}`` is filled in by the page."""
    return {
        "opening": _("正在连接学习记录"),
        "unconnected": _("没有连上学习记录，暂不计时，正在重试"),
        "counted": _("已计 {done} / {all}"),
        "ready": _("开始后自动计时，共 {all}"),
        "done": _("已学完"),
        "done_credit": _("已学完 · 已获 {credit} 学时"),
        "waiting": _("已看完，还需：{what}"),
        "uploading": _("正在上传"),
        "offline": _("无网络，已存本机 {time}"),
        "paused": _("长时间没有操作，已暂停计时，滑动页面后继续"),
        "signed_out": _("登录已过期，请重新登录后继续"),
        "closed": _("这次学习已到时限，请刷新页面继续"),
        "hour": _("小时"),
        "minute": _("分"),
        "second": _("秒"),
    }
