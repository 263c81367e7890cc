"""What the house holds about a person: a register that each app fills in ``AppConfig.ready()``.

A part says which rows it stands for, writes them out for the person, and takes out of them what
identifies the person when the data is erased. A test compares the parts with every relation to a
member that any model has, so nothing is forgotten.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from school.core import clock
from school.members.models import Member

Row = dict[str, Any]
# Columns that are of no use to a person or would open a door.
SECRET = ("_cipher", "_index", "mac", "password", "binding", "token", "digest", "spans", "key")


@dataclass(frozen=True)
class Part:
    """One part of what is held.

    Attributes:
        name: stable, English: the key in the file.
        title: for people.
        covers: relations it stands for, ``app.model.field``.
        export: the rows of a member, as plain values.
        erase: takes what identifies the member out of the rows and says how many it changed;
            None where the rows hold nothing but numbers and dates.
    """

    name: str
    title: str | Promise
    covers: tuple[str, ...]
    export: Callable[[Member], list[Row]]
    erase: Callable[[Member], int] | None = None


_parts: dict[str, Part] = {}


def register_part(part: Part) -> None:
    """Add a part; the same name again replaces it."""
    _parts[part.name] = part


def parts() -> list[Part]:
    """All parts in the order of registration."""
    return list(_parts.values())


def rows_part(
    relation: str,
    title: str | Promise,
    *,
    name: str = "",
    leave_out: Iterable[str] = (),
    erase: Callable[[Member], int] | None = None,
) -> None:
    """Register the rows of one relation (``app.model.field``), column by column."""
    label, _dot, column = relation.rpartition(".")
    hidden = {*leave_out, column}

    def export(member: Member) -> list[Row]:
        return written(apps.get_model(label).objects.filter(**{column: member}), hidden)

    register_part(Part(name or label, title, (relation,), export, erase))


def written(rows: models.QuerySet, leave_out: Iterable[str] = ()) -> list[Row]:
    """Rows as {name of the column: value in words}, oldest first."""
    fields = [
        field
        for field in rows.model._meta.concrete_fields
        if field.name not in leave_out and not field.name.endswith(SECRET) and not field.primary_key
    ]
    related = [field.name for field in fields if field.is_relation]
    found = rows.order_by("pk").select_related(*related) if related else rows.order_by("pk")
    return [
        {str(field.verbose_name): _value(row, field) for field in fields}
        for row in found.iterator(chunk_size=500)
    ]


def _value(row: models.Model, field: models.Field) -> Any:
    if field.is_relation:
        other = getattr(row, field.name)
        return getattr(other, "masked_label", None) or (str(other) if other else None)
    value = getattr(row, field.name)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return plain(value)


def plain(value: Any) -> Any:
    """A value as JSON holds it: moments and days in Asia/Shanghai, the rest as it is."""
    if isinstance(value, datetime):
        return f"{value.astimezone(clock.LOCAL):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return None
    if isinstance(value, dict | list | int | str | bool) or value is None:
        return value
    return str(value)
