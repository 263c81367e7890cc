"""Statements whose SQL is built once and afterwards only filled.

Building a statement with the ORM costs a web process several times what sending it and reading the
answer costs; what every page asks is therefore built once for each connection::

    @prepared
    def _unread(member_id: int) -> QuerySet:
        return Delivery.objects.filter(member_id=member_id, read_at=None)

    rows = _unread(member.pk)  # what list() of the queryset would be

The annotations of the arguments say what is filled in. The statement must have the same shape for
every value: no argument may be None, and none may be part of a pattern. Where there are several
shapes, each is a ``Prepared`` of its own, kept by whoever makes it. ``PreparedInsert`` does the
same for new rows.
"""

import typing
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import Field, Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery

KEPT = "prepared_reads"  # on a connection: what has been built for it


def _stand_in(kind: type, place: int) -> Any:
    """A value of a kind that no statement holds by itself."""
    if kind is int:
        return -(10**8) - place
    if kind is str:
        return f"\ue000{place}\ue000"
    later = timedelta(days=place)
    return date(1, 1, 1) + later if kind is date else datetime(1900, 1, 1, tzinfo=UTC) + later


def stored(moment: datetime | None) -> Any:
    """How this database takes a moment, for statements that are written out."""
    return connection.ops.adapt_datetimefield_value(moment)


def _adapted(kind: type, value: Any) -> Any:
    """How this database takes a value of a kind."""
    if kind is date:
        return connection.ops.adapt_datefield_value(value)
    return stored(value) if kind is datetime else value


class _Built:
    """A queryset's statement on one connection, with the places its arguments fill."""

    def __init__(self, build: Callable[..., QuerySet], kinds: list[type]) -> None:
        stand_ins = [_stand_in(kind, place) for place, kind in enumerate(kinds)]
        self.queryset = build(*stand_ins)
        self.compiler = self.queryset.query.get_compiler(connection=connection)
        self.sql, self.params = self.compiler.as_sql()
        own: Any = self.queryset.query  # asks its compiler anew each time; this one is kept
        own.get_compiler = lambda *args, **kwargs: self.compiler
        marks = [_adapted(kind, mark) for kind, mark in zip(kinds, stand_ins, strict=True)]
        self.places = self._places(marks)

    def _places(self, marks: list) -> list[tuple[int, int, Callable]]:
        """(place in the statement, number of the argument, type the driver wants)."""
        found = []
        for place, param in enumerate(self.params):
            for number, mark in enumerate(marks):
                if type(mark) is str and isinstance(param, str) and mark in param and mark != param:
                    raise TypeError(f"argument {number} is part of a pattern")
                if isinstance(param, type(mark)) and param == mark:
                    cast = type(param) if isinstance(param, int) else (lambda value: value)
                    found.append((place, number, cast))
        if missing := set(range(len(marks))) - {number for _place, number, _cast in found}:
            raise TypeError(f"arguments {sorted(missing)} are not in the statement")
        return found

    def rows(self, values: list) -> list:
        params = list(self.params)
        for place, number, cast in self.places:
            params[place] = cast(values[number])
        self.compiler.as_sql = lambda *args, **kwargs: (self.sql, tuple(params))
        rows: Any = self.queryset._iterable_class(self.queryset)
        return list(rows)


def _kept() -> WeakKeyDictionary:
    """What has been built for this connection."""
    kept = connection.__dict__.get(KEPT)
    if kept is None:
        kept = connection.__dict__[KEPT] = WeakKeyDictionary()
    return kept


class Prepared:
    """A read by a builder of querysets; called with the builder's arguments, in order."""

    def __init__(self, build: Callable[..., QuerySet], kinds: Sequence[type] | None = None) -> None:
        hints = typing.get_type_hints(build)
        hints.pop("return", None)
        self.build, self.kinds = build, list(kinds if kinds is not None else hints.values())
        self.__doc__ = build.__doc__

    def __call__(self, *values: Any) -> list:
        """The rows for these values, as the queryset would give them."""
        kept = _kept()
        if (built := kept.get(self)) is None:
            built = kept[self] = _Built(self.build, self.kinds)
        pairs = zip(self.kinds, values, strict=True)
        return built.rows([_adapted(kind, value) for kind, value in pairs])


prepared = Prepared


class PreparedInsert:
    """Writes a new row of a model. The row learns no key of its own and no signal is sent.

    Args:
        update: names of the fields that a row which is there already takes from the new one.
        unique: names of the fields by which it is found.
    """

    def __init__(
        self, model: type[Model], *, update: Sequence[str] = (), unique: Sequence[str] = ()
    ) -> None:
        self.model, self.update, self.unique = model, update, unique

    def __call__(self, row: Model) -> None:
        """Write a row."""
        kept = _kept()
        if (built := kept.get(self)) is None:
            built = kept[self] = self._build(row)
        fields, sql = built
        values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    def _build(self, row: Model) -> tuple[list[Field], str]:
        """The fields in the order of the statement's places, and the statement."""
        meta = self.model._meta
        fields = [each for each in meta.concrete_fields if each is not meta.auto_field]
        query = InsertQuery(
            self.model,
            on_conflict=OnConflict.UPDATE if self.update else None,
            update_fields=[meta.get_field(name) for name in self.update],
            unique_fields=[meta.get_field(name) for name in self.unique],
        )
        query.insert_values(fields, [row])
        [(sql, _values)] = query.get_compiler(connection=connection).as_sql()
        if sql.count("%s") != len(fields):
            raise TypeError(f"{meta.label}: a field of it does not take one plain value")
        return fields, sql
