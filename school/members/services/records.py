"""The only writer of a member's record: account facts and the optional ones beside them."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, NotAllowed
from school.members.models import Member, MemberRecord
from school.members.models.member import IDENTITY, MOBILE
from school.members.permissions import may_change_numbers
from school.members.rules.numbers import BadNumber, Identity, parse_identity, parse_mobile
from school.members.rules.records import RecordFacts, refusals, warnings

# Kept on the account; the rest is kept on the record.
ACCOUNT_FIELDS = ("name", "staff_number", "mobile", "identity", "email")
RECORD_FIELDS = tuple(
    field.name
    for field in MemberRecord._meta.get_fields()
    if field.name not in {"member", "address_cipher"}
)
FIELDS = (*ACCOUNT_FIELDS, *RECORD_FIELDS, "address")
# What an account is called and found by: who rewrites these can take it.
NUMBERS = frozenset({"staff_number", "mobile", "identity"})
# The trail says that these changed, never from what to what.
PERSONAL = frozenset(
    {"name", "mobile", "identity", "email", "address", "born_on", "sex", "ethnicity"}
    | {"native_place", "police_station", "remark", "staff_number", "sponsors", "merits"}
)


@transaction.atomic
def edit_record(
    *, member: Member, changes: dict[str, Any], by: Member | None, action: str = "record_edited"
) -> list[str]:
    """Write some fields of a member's record; fields not named stay as they are.

    Args:
        changes: new value by name (``FIELDS``); empty clears an optional one.

    Returns:
        What is possible but unusual about the record as it is now, one sentence each.

    Raises:
        NotAllowed: a number of somebody who may do more than ``by``.
        Conflict: a staff, mobile or identity number belongs to somebody else, or dates that
            cannot be; ``field`` names it. Nothing is written then.
    """
    held = Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    if held.erased_at:
        raise Conflict(_("这名党员的个人信息已删除，不能再登记。"))
    record = MemberRecord.objects.filter(member=held).first() or MemberRecord()
    record.member = held
    before = {name: _read(held, record, name) for name in changes}
    changed = [name for name, value in changes.items() if value != before[name]]
    if not NUMBERS.isdisjoint(changed) and not may_change_numbers(by, held):
        raise NotAllowed(
            _("这名人员的管理权限大于本人，工号、手机号和身份证号请由上级或超级管理员更改。")
        )
    for name in changed:
        _write(held, record, name, changes[name])
    facts = facts_of(held, record)
    for field, message in refusals(facts, clock.today()).items():
        raise Conflict(message, field=field)
    if changed:
        _save(held, record)
        _record_change(f"members.{action}", held, changed, before, changes, by)
    return warnings(facts)


def _save(member: Member, record: MemberRecord) -> None:
    try:
        with transaction.atomic():
            member.save()
            record.save()
    except IntegrityError:
        # Somebody took the number between the look and the writing.
        raise Conflict(_("工号、手机号或身份证号刚被登记在另一名党员名下，请核对。")) from None


def facts_of(member: Member, record: MemberRecord | None) -> RecordFacts:
    """A member's facts as the pure rules take them."""
    told = _told_by(member.identity)
    return RecordFacts(
        sex=record.sex if record else "",
        born_on=record.born_on if record else None,
        employed_on=record.employed_on if record else None,
        joined_on=record.joined_on if record else None,
        confirmed_on=record.confirmed_on if record else None,
        identity_sex=told.sex if told else "",
        identity_born_on=told.born_on if told else None,
    )


def _told_by(number: str) -> Identity | None:
    """What an identity number says; one kept from before the checks says nothing."""
    try:
        return parse_identity(number, today=clock.today()) if number else None
    except BadNumber:
        return None


def _read(member: Member, record: MemberRecord, name: str) -> Any:
    return getattr(member if name in ACCOUNT_FIELDS else record, name)


def _write(member: Member, record: MemberRecord, name: str, value: Any) -> None:
    if name == "mobile":
        _write_mobile(member, value)
    elif name == "identity":
        _write_identity(member, value)
    elif name == "address":
        record.set_address(value)
    elif name == "staff_number":
        _write_staff_number(member, value)
    elif name in FIELDS:
        setattr(member if name in ACCOUNT_FIELDS else record, name, value)
    else:
        raise ValueError(f"no field {name!r} on a member's record")


def _write_mobile(member: Member, value: str) -> None:
    number = parse_mobile(value) if value else ""
    if number and _taken(member, MOBILE.matching(number)):
        raise Conflict(_("这个手机号已登记在另一名党员名下，请核对。"), field="mobile")
    member.set_mobile(number)


def _write_identity(member: Member, value: str) -> None:
    number = parse_identity(value, today=clock.today()).number if value else ""
    if number and _taken(member, IDENTITY.matching(number)):
        raise Conflict(_("这个身份证号已登记在另一名党员名下，请核对。"), field="identity")
    member.set_identity(number)


def _write_staff_number(member: Member, value: str) -> None:
    if Member.objects.exclude(pk=member.pk).filter(staff_number=value).exists():
        raise Conflict(_("工号 %(number)s 已有档案。") % {"number": value}, field="staff_number")
    member.staff_number = value


def _taken(member: Member, condition) -> bool:
    return Member.objects.exclude(pk=member.pk).filter(condition).exists()


def _record_change(
    action: str, member: Member, changed: list[str], before: dict, after: dict, by: Member | None
) -> None:
    told = [name for name in changed if name not in PERSONAL]
    fields = {
        "changed": changed,
        "before": {name: _plain(before[name]) for name in told},
        "after": {name: _plain(after[name]) for name in told},
    }
    if cleared := [name for name in changed if name in PERSONAL and not after[name]]:
        fields["cleared"] = cleared
    audit.record(action, actor=by, subject=member, fields=fields)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | None) else str(value)
