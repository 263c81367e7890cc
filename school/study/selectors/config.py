"""What the tracker on a page is told: plain JSON, no secrets."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from school.core import clock
from school.core.devices import member_key
from school.members.models import Member
from school.study.models import HourRule, ItemRevision, StudyItem
from school.study.selectors.line_words import words
from school.study.selectors.pay import Pay, pay_under
from school.study.selectors.room import room_under
from school.study.selectors.rules import rule_on


def study_config(member: Member, item: StudyItem) -> dict | None:
    """Settings of the tracker for one item, to be printed with ``json_script``.

    None when there is nothing to track (withdrawn, never published, a quiz, an aggregate).
    """
    revision = item.current
    if revision is None or item.withdrawn_at or revision.axis == ItemRevision.Axis.NONE:
        return None
    rule = rule_on(clock.today())
    pay = pay_under(rule, member.pk, item)
    return {
        "item": item.pk,
        "axis": revision.axis,
        "length": revision.axis_length,
        "required_ms": revision.study_ms,
        "award": pay.credit if pay.state == "pays" else 0,
        "pay": {"state": pay.state, "text": pay.text},
        "room": _room(rule, member.pk, pay),
        "seek_free": revision.seek_free,
        "member": member_key(member.pk),
        "open_url": reverse("study:open"),
        "report_url": reverse("study:report"),
        "cadence": settings.STUDY_REPORT_SECONDS,
        "most_segments": settings.STUDY_SEGMENTS_PER_REPORT // 2,
        "evidence_days": settings.STUDY_EVIDENCE_DAYS,
        "idle_seconds": settings.STUDY_TEXT_IDLE_SECONDS,
        "idle_characters_per_minute": settings.STUDY_TEXT_IDLE_CHARACTERS,
        "words": _words(pay),
    }


def _room(rule: HourRule | None, member_id: int, pay: Pay) -> str:
    """What today's caps take from what it pays, in words; "" for nothing."""
    room = room_under(rule, member_id) if pay.state in ("pays", "by_time") else None
    return room.said(pay.credit if pay.state == "pays" else 0) if room else ""


def _words(pay: Pay) -> dict[str, str]:
    """The sentences; before it starts, the line says what is paid otherwise than on completion."""
    said = words()
    if pay.state in ("paid", "over", "by_time"):
        said["ready"] = _("%(ready)s。%(pay)s") % {"ready": said["ready"], "pay": pay.text}
    return said
