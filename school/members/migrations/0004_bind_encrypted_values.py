"""Give each person a binding, and write earlier cipher texts anew so that they name their key."""

import base64
import hashlib
import hmac
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import migrations, models

from school.core import crypto

BATCH = 1000
OLD = "1:"
# Model, column, index column, path to the person.
COLUMNS = (
    ("Member", "mobile_cipher", "mobile_index", None),
    ("Member", "identity_cipher", "identity_index", None),
    ("MemberRecord", "address_cipher", None, "member"),
    ("CorrectionRequest", "value_cipher", None, "member"),
)


def _open(cipher: str) -> str:
    """A value of the first format: one key, bound to nothing."""
    key = hmac.new(settings.FIELD_KEY.encode(), b"field-encryption", hashlib.sha256).digest()
    raw = base64.b64decode(cipher.removeprefix(OLD))
    return AESGCM(key).decrypt(raw[:12], raw[12:], None).decode()


def give_bindings(apps, schema_editor) -> None:
    members = apps.get_model("members", "Member").objects
    while rows := list(members.filter(binding=None).only("pk")[:BATCH]):
        for row in rows:
            row.binding = uuid.uuid4()
        members.bulk_update(rows, ["binding"])


def write_anew(apps, schema_editor) -> None:
    for name, column, index, owner in COLUMNS:
        rows = apps.get_model("members", name).objects.filter(**{f"{column}__startswith": OLD})
        for row in rows.iterator(chunk_size=BATCH):
            plain = _open(getattr(row, column))
            binding = (getattr(row, owner) if owner else row).binding
            setattr(
                row,
                column,
                crypto.encrypt(plain, bound_to=f"members.{name.lower()}.{column}:{binding}"),
            )
            if index:
                setattr(row, index, crypto.blind_index(plain))
            row.save(update_fields=[part for part in (column, index) if part])


class Migration(migrations.Migration):
    dependencies = [("members", "0003_roster_options")]

    operations = [
        migrations.AddField(
            "member", "binding", models.UUIDField(null=True, editable=False), preserve_default=False
        ),
        migrations.RunPython(give_bindings, migrations.RunPython.noop),
        migrations.AlterField(
            "member", "binding", models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.RunPython(write_anew, migrations.RunPython.noop),
    ]
