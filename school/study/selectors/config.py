"""What the tracker on a page is told: plain JSON, no secrets."""

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from school.members.models import Member
from school.study.models import ItemRevision, StudyItem


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
        "seek_free": revision.seek_free,
        "member": member_key(member),
        "open_url": reverse("study:open"),
        "report_url": reverse("study:report"),
        "cadence": settings.STUDY_REPORT_SECONDS,
        "most_segments": settings.STUDY_SEGMENTS_PER_REPORT // 2,
        "evidence_days": settings.STUDY_EVIDENCE_DAYS,
        "idle_seconds": settings.STUDY_TEXT_IDLE_SECONDS,
        "idle_characters_per_minute": settings.STUDY_TEXT_IDLE_CHARACTERS,
        "words": words(),
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
        "slowed": _("学习记录较多，稍后自动继续上传"),
        "offline": _("无网络，已存本机 {time}"),
        "paused": _("长时间没有操作，已暂停计时，滑动页面后继续"),
        "signed_out": _("登录已过期，请重新登录后继续"),
        "closed": _("这次学习已到时限，请刷新页面继续"),
        "hour": _("小时"),
        "minute": _("分"),
        "second": _("秒"),
    }
