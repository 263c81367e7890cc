"""Everything the house holds about one member, written out."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import DomainError, TooMany
from school.core.models import AuditEntry
from school.members.models import Member
from school.members.personal_data import parts, plain

EXPORTED = "members.data_exported"
FORMATS = (".json", ".zip")


def dossier(member: Member) -> dict:
    """Title and rows of every part, ready for JSON; parts without rows are left out."""
    found = {part.name: (str(part.title), part.export(member)) for part in parts()}
    return {
        "说明": _("本平台保存的与本人有关的全部信息。区间以毫秒计，学时以百分之一计。"),
        "生成时间": plain(clock.now()),
        "内容": {
            name: {"名称": title, "条数": len(rows), "记录": rows}
            for name, (title, rows) in found.items()
            if rows
        },
    }


def packed(member: Member) -> bytes:
    """The dossier as a zip with one JSON file for each part and a table of contents."""
    whole = dossier(member)
    contents = whole.pop("内容")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = {name: f"{part['名称']}（{part['条数']}）" for name, part in contents.items()}
        archive.writestr("目录.json", _json(whole | {"目录": listed}))
        for name, part in contents.items():
            archive.writestr(f"{part['名称']}-{name}.json", _json(part))
    return buffer.getvalue()


def _json(value: dict) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


@transaction.atomic
def export_own(*, member: Member, request) -> bytes:
    """A member takes the own data along.

    Raises:
        TooMany: it was taken as often today as the setting allows.
    """
    list(Member.objects.select_for_update().filter(pk=member.pk).values_list("pk"))
    day = clock.now() - timedelta(days=1)
    taken = AuditEntry.objects.filter(actor_id=member.pk, action=EXPORTED, at__gt=day).count()
    if taken >= settings.PERSONAL_EXPORTS_PER_DAY:
        raise TooMany(_("今天导出的次数已到上限，请明天再试。"))
    content = packed(member)
    audit.record(EXPORTED, actor=member, subject=member, request=request)
    return content


def export_to(*, member: Member, path: Path, by: Member | None = None) -> int:
    """Write a member's dossier into a file for its owner's eyes only; returns how many bytes.

    Raises:
        DomainError: the file exists, or its name ends in neither .json nor .zip.
    """
    if path.suffix not in FORMATS:
        raise DomainError(_("文件名要以 .json 或 .zip 结尾。"))
    content = packed(member) if path.suffix == ".zip" else _json(dossier(member)).encode()
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
    audit.record(EXPORTED, actor=by, subject=member)
    return len(content)
