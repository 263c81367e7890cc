"""A member asks for own data to be corrected; the branch confirms (which writes it) or declines."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Field
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import CorrectionRequest, Member, MemberRecord
from school.members.rules.dates import parse_day
from school.members.rules.masks import mask_numbers
from school.members.rules.numbers import fold_name, parse_identity, parse_mobile
from school.members.services.records import edit_record
from school.members.signals import correction_answered, correction_asked

State = CorrectionRequest.State
BRANCH = "branch"
# What may be named in a request. The branch itself is corrected by a transfer, not by writing.
FIELD_LABELS = {
    "name": gettext_lazy("姓名"),
    BRANCH: gettext_lazy("所在支部"),
    "mobile": gettext_lazy("手机"),
    "identity": gettext_lazy("身份证号"),
    "born_on": gettext_lazy("出生日期"),
    "sex": gettext_lazy("性别"),
    "ethnicity": gettext_lazy("民族"),
    "education": gettext_lazy("学历"),
    "workplace": gettext_lazy("工作单位及岗位"),
    "joined_on": gettext_lazy("入党日期"),
    "confirmed_on": gettext_lazy("转正日期"),
}
DATES = frozenset({"born_on", "joined_on", "confirmed_on"})
OPEN_LIMIT = 10


@transaction.atomic
def ask_correction(
    *, member: Member, field: str = "", value: str = "", text: str = ""
) -> CorrectionRequest:
    """Ask the branch for a correction: of a named field, or in own words.

    Personal numbers in the words are masked. Where no field is named, the words as they were
    written are kept encrypted in the place of the value.

    Raises:
        DomainError: neither a value nor words, or a value the field cannot take; ``field`` says
            which of ``value`` and ``text`` to look at.
        Conflict: too many requests are still open, or the same one is.
    """
    words = text.strip()[:300]
    text = mask_numbers(words)
    wanted = _wanted(field, value) if field else (words if words != text else "")
    if not text and not wanted:
        raise DomainError(_("请写明哪里不对，应该是什么。"), field="value" if field else "text")
    waiting = list(member.corrections.filter(state=State.OPEN)[: OPEN_LIMIT + 1])
    if len(waiting) >= OPEN_LIMIT:
        raise Conflict(_("待处理的申请较多，请等支部答复后再提。"))
    if any((r.field, r.value, r.text) == (field, wanted, text) for r in waiting):
        raise Conflict(_("同样的申请已提交，支部处理后会告知。"))
    request = CorrectionRequest(member=member, field=field, text=text, asked_at=clock.now())
    request.set_value(wanted)
    request.save()
    audit.record("members.correction_asked", actor=member, subject=member, fields={"field": field})
    correction_asked.send(sender=CorrectionRequest, correction=request)
    return request


def _wanted(field: str, value: str) -> str:
    """The value as text in one spelling."""
    if field not in FIELD_LABELS:
        raise DomainError(_("请从列表中选择要更正的项目。"), field="field")
    if not value.strip():
        return ""
    try:
        return str(_parsed(field, value))
    except DomainError as error:
        raise DomainError(error.message, field="value") from error


def _parsed(field: str, value: str) -> Any:
    """The value as the record keeps it."""
    if field == "mobile":
        return parse_mobile(value)
    if field == "identity":
        return parse_identity(value, today=clock.today()).number
    if field in DATES:
        return _day(value)
    if field == "sex":
        return _sex(value)
    if field == "name":
        return _short(fold_name(value), 40)
    longest = 100 if field == BRANCH else _longest(field)
    return _short(value.strip(), longest)


def _short(value: str, longest: int) -> str:
    if len(value) > longest:
        raise DomainError(_("最多 %(length)d 个字，请写短些。") % {"length": longest})
    return value


def _day(value: str) -> date:
    day = parse_day(value)
    if day is None or day.month_only:
        raise DomainError(_("请写到哪一天，例如 2019-07-01。"))
    if day.day > clock.today():
        raise DomainError(_("日期不能晚于今天，请核对。"))
    return day.day


def _sex(value: str) -> str:
    known = {str(label): key for key, label in MemberRecord.Sex.choices}
    typed = value.strip()
    if typed in MemberRecord.Sex.values:
        return typed
    if typed not in known:
        raise DomainError(_("请填写男或女。"))
    return known[typed]


@transaction.atomic
def answer_correction(
    *, correction: CorrectionRequest, confirm: bool, by: Member, answer: str = ""
) -> list[str]:
    """Confirm a request, which writes the named field, or decline it with a reason.

    Returns:
        What is unusual about the record afterwards (``edit_record``).

    Raises:
        Conflict: answered meanwhile, no reason for declining, no words on what was done about a
            request that names no field, or a value that belongs to somebody else.
        NotAllowed: it is the answering person's own request.
    """
    held = (
        CorrectionRequest.objects.select_for_update(of=("self",))
        .select_related("member")
        .get(pk=correction.pk)
    )
    if held.state != State.OPEN:
        raise Conflict(
            _("这项申请已处理（%(state)s），请刷新页面。") % {"state": held.get_state_display()}
        )
    if held.member_id == by.pk:
        raise NotAllowed(_("本人的申请要由其他管理人员或上级处理。"))
    answer = mask_numbers(answer.strip()[:300])
    writes = bool(confirm and held.value and held.field not in {"", BRANCH})
    if not answer and not confirm:
        raise Conflict(_("请写明不予更正的原因，本人能看到。"), field="answer")
    if not answer and not writes:
        raise Conflict(_("这项申请不能自动改写，请写明已怎样处理。"), field="answer")
    noticed = _write(held, by) if writes else []
    held.state = State.DONE if confirm else State.DECLINED
    held.answer, held.answered_by, held.answered_at = answer, by, clock.now()
    held.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    audit.record(
        f"members.correction_{held.state}",
        actor=by,
        subject=held.member,
        fields={"correction": held.pk, "field": held.field},
    )
    correction_answered.send(sender=CorrectionRequest, correction=held)
    return noticed


def _longest(field: str) -> int | None:
    column = MemberRecord._meta.get_field(field)
    return column.max_length if isinstance(column, Field) else None


def _write(correction: CorrectionRequest, by: Member) -> list[str]:
    value: str | date = correction.value
    if correction.field in DATES:
        value = date.fromisoformat(correction.value)
    return edit_record(
        member=correction.member,
        changes={correction.field: value},
        by=by,
        action="record_corrected",
    )
