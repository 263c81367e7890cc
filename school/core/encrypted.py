"""The encrypted columns of the house: each is known here, so a rotation forgets none."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from school.core import crypto

logger = logging.getLogger(__name__)
BATCH = 500


@dataclass(frozen=True)
class EncryptedColumn:
    """A column that holds cipher text, and how its rows are bound and found.

    Attributes:
        model: ``app.model``, lower case.
        cipher: name of the column with the cipher text.
        binding: path from the row to the value that stays with its person for life; a cipher text
            opens only together with its model, column and this value.
        index: name of the column with the keyed hash, where the value is looked up.
    """

    model: str
    cipher: str
    binding: str
    index: str = ""

    def _bound_to(self, row: models.Model) -> str:
        value = row
        for step in self.binding.split("."):
            value = getattr(value, step)
        return f"{self.model}.{self.cipher}:{value}"

    def write(self, row: models.Model, plain: str) -> None:
        """Put a value into a row, encrypted and findable; the caller saves."""
        setattr(row, self.cipher, crypto.encrypt(plain, bound_to=self._bound_to(row)))
        if self.index:
            setattr(row, self.index, crypto.blind_index(plain))

    def read(self, row: models.Model) -> str:
        """The value of a row in full.

        Raises:
            crypto.Unreadable: it does not open.
        """
        cipher = getattr(row, self.cipher)
        return crypto.decrypt(cipher, bound_to=self._bound_to(row)) if cipher else ""

    def masked(self, row: models.Model, mask) -> str:
        """The value through a mask; one that does not open is said so, and logged."""
        try:
            return mask(self.read(row))
        except crypto.Unreadable as error:
            logger.error("%s %s: %s", self.model, row.pk, error.why)
            return _("无法读取")

    def matching(self, plain: str) -> Q:
        """The condition that finds the rows with a value, under any key of the ring."""
        return Q(**{f"{self.index}__in": crypto.blind_indexes(plain)})

    @property
    def rows(self) -> models.QuerySet:
        """All rows of the model, with what the binding needs."""
        path = "__".join(self.binding.split(".")[:-1])
        found = apps.get_model(self.model)._default_manager.all()
        return found.select_related(path) if path else found

    @property
    def stale(self) -> models.QuerySet:
        """Rows not yet written with the current key."""
        written = Q(**{self.cipher: ""}) | Q(
            **{f"{self.cipher}__startswith": crypto.current_id() + ":"}
        )
        return self.rows.exclude(written)


_columns: dict[tuple[str, str], EncryptedColumn] = {}


def encrypted_column(model: str, cipher: str, *, binding: str, index: str = "") -> EncryptedColumn:
    """Declare an encrypted column; beside its model, once."""
    column = EncryptedColumn(model.lower(), cipher, binding, index)
    _columns[(column.model, cipher)] = column
    return column


def columns() -> list[EncryptedColumn]:
    """All declared columns, in a stable order."""
    return [_columns[key] for key in sorted(_columns)]


# Values that lie elsewhere, e.g. inside a JSON column of another package: name → what rewrites them
# with the current key, yielding (rewritten, ids of rows that could not be) so far.
Rewriter = Callable[[], Iterator[tuple[int, tuple[int, ...]]]]
_rewriters: dict[str, Rewriter] = {}


def rewriter(name: str) -> Callable[[Rewriter], Rewriter]:
    """Register what rewrites encrypted values that stand in no declared column."""

    def register(rewrite: Rewriter) -> Rewriter:
        _rewriters[name] = rewrite
        return rewrite

    return register


def rewriters() -> dict[str, Rewriter]:
    """All registered rewriters by name."""
    return dict(_rewriters)


@dataclass
class Rotation:
    """What a rotation of one column did: rows rewritten, and ids of those that could not be."""

    column: EncryptedColumn
    rewritten: int = 0
    failed: tuple[int, ...] = ()


def rotate(column: EncryptedColumn) -> Iterator[Rotation]:
    """Rewrite a column with the current key, batch by batch; yields after each batch.

    Each batch is a transaction under row locks: a change made meanwhile is neither lost nor
    overwritten. Stopped at any moment, the next run goes on with what is left.
    """
    state, after = Rotation(column), 0
    while batch := _rotate_batch(column, state, after):
        after = batch
        yield state
    yield state


@transaction.atomic
def _rotate_batch(column: EncryptedColumn, state: Rotation, after: int) -> int:
    """Rewrite the next rows after a key; returns the last key looked at, 0 when there is none."""
    rows = list(
        column.stale.filter(pk__gt=after).order_by("pk").select_for_update(of=("self",))[:BATCH]
    )
    changed = [row for row in rows if _rewrite(column, state, row)]
    names = [name for name in (column.cipher, column.index) if name]
    try:
        with transaction.atomic():
            _update(column, changed, names)
    except IntegrityError:
        # Two rows hold the same value; find out which, one by one.
        changed = [row for row in changed if _update_one(column, state, row, names)]
    state.rewritten += len(changed)
    return rows[-1].pk if rows else 0


def _update(column: EncryptedColumn, rows: list[models.Model], names: list[str]) -> None:
    """Write columns of rows, one statement with many parameters: three times bulk_update's pace."""
    meta, quote = column.rows.model._meta, connection.ops.quote_name
    assigned = ", ".join(f"{quote(meta.get_field(name).column)} = %s" for name in names)
    values = [(*(getattr(row, name) for name in names), row.pk) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(meta.db_table)} SET {assigned} WHERE {quote(meta.pk.column)} = %s",
            values,
        )


def _rewrite(column: EncryptedColumn, state: Rotation, row: models.Model) -> bool:
    try:
        column.write(row, column.read(row))
    except crypto.Unreadable as error:
        logger.error("%s row %s: %s", column.model, row.pk, error.why)
        state.failed += (row.pk,)
        return False
    return True


def _update_one(
    column: EncryptedColumn, state: Rotation, row: models.Model, names: list[str]
) -> bool:
    try:
        with transaction.atomic():
            _update(column, [row], names)
    except IntegrityError:
        logger.error("%s row %s: %s stands in another row too", column.model, row.pk, column.cipher)
        state.failed += (row.pk,)
        return False
    return True
