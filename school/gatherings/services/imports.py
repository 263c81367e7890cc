"""Take a filled-in sign-in sheet over: all of it or nothing; the same again changes nothing."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from school.core import audit
from school.core.errors import DomainError
from school.gatherings import sheets
from school.gatherings.models import Gathering, Presence
from school.gatherings.selectors import gathering_page
from school.gatherings.services.names import enter_names
from school.members.models import Member


def read_sheet(*, gathering: Gathering, upload: UploadedFile, by: Member) -> tuple[int, list[str]]:
    """Enter the marks of a sheet; returns how many rows changed, and the errors instead if any.

    Raises:
        DomainError: the file as a whole cannot be read.
        Conflict: it is booked, waits for approval, or is void.
    """
    if (upload.size or 0) > settings.GATHERING_FILE_BYTES:
        raise DomainError(_("文件太大，请对照模板只保留签到表。"), field="file")
    with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
        path = Path(folder) / "sheet"
        with path.open("wb") as handle:
            for chunk in upload.chunks():
                handle.write(chunk)
        found = sheets.read(path, upload.name or "", gathering_page(gathering))
    if found.errors:
        return 0, found.errors
    changed = enter_names(
        gathering=gathering, marks=found.marks, by=by, method=Presence.Method.SHEET
    )
    audit.record("gatherings.sheet_read", actor=by, subject=gathering, fields={"rows": found.rows})
    return changed, []
