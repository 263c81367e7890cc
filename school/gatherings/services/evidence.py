"""Files of evidence: sniffed, limited, pictures written anew, kept under random names."""

import hashlib
import io
import os
import secrets
import warnings
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from school.core import audit, clock
from school.core.errors import Conflict, DomainError
from school.gatherings.models import EvidenceFile, Gathering
from school.members.models import Member

Kind = EvidenceFile.Kind
FORMATS = ("JPEG", "PNG", "WEBP")


def path_of(file: EvidenceFile) -> Path:
    """Where a file lies."""
    return Path(settings.GATHERING_DIR) / file.stored


def add_file(*, gathering: Gathering, upload: UploadedFile, by: Member) -> EvidenceFile:
    """Keep a photo or a PDF of the signed sheet; the same file again is kept once.

    A picture is decoded and written anew as JPEG, so nothing but the picture stays: no place, no
    camera, nothing hidden behind it.

    Raises:
        DomainError: too large, of another kind, damaged.
        Conflict: void, or there are enough files.
    """
    if gathering.state == Gathering.State.CANCELLED:
        raise Conflict(_("已作废的集体学习不能再上传材料。"))
    if gathering.files.count() >= settings.GATHERING_FILES:
        raise Conflict(_("最多上传 %(most)d 份材料。") % {"most": settings.GATHERING_FILES})
    kind, content = _checked(upload)
    digest = hashlib.sha256(content).hexdigest()
    if held := gathering.files.filter(digest=digest).first():
        return held
    stored = _write(content)
    try:
        with transaction.atomic():
            file = EvidenceFile.objects.create(
                gathering=gathering,
                kind=kind,
                name=_tidy(upload.name or "", kind),
                stored=stored,
                size=len(content),
                digest=digest,
                added_by=by,
                added_at=clock.now(),
            )
            fields = {"name": file.name, "digest": digest}
            audit.record("gatherings.file_added", actor=by, subject=gathering, fields=fields)
    except IntegrityError:
        # The same file came twice at once.
        (Path(settings.GATHERING_DIR) / stored).unlink(missing_ok=True)
        return gathering.files.get(digest=digest)
    return file


def remove_file(*, file: EvidenceFile, by: Member) -> None:
    """Remove a file while nothing is booked on it.

    Raises:
        Conflict: it is booked, or waits for approval.
    """
    gathering = file.gathering
    if gathering.state not in {Gathering.State.RUNNING, Gathering.State.OPEN}:
        raise Conflict(_("已提交或已登记的材料要留存，不能移除。"))
    path, fields = path_of(file), {"name": file.name, "digest": file.digest}
    with transaction.atomic():
        file.delete()
        audit.record("gatherings.file_removed", actor=by, subject=gathering, fields=fields)
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


def _checked(upload: UploadedFile) -> tuple[str, bytes]:
    limit = settings.GATHERING_FILE_BYTES
    too_large = DomainError(
        _("文件超过 %(limit)d MB，请拍小一些或分成几份。") % {"limit": limit >> 20}, field="file"
    )
    if (upload.size or 0) > limit:
        raise too_large
    content = upload.read(limit + 1)
    if len(content) > limit:
        raise too_large
    if not content:
        raise DomainError(_("文件是空的，请重新选择。"), field="file")
    # The content says what it is; what it is called says nothing.
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise DomainError(_("PDF 不完整，请重新导出后上传。"), field="file")
        return Kind.PDF, content
    return Kind.PICTURE, _picture(content)


def _picture(content: bytes) -> bytes:
    """The picture written anew.

    Raises:
        DomainError: no picture of a known kind, damaged, or of a size made to hurt.
    """
    wrong = DomainError(_("只能上传照片（JPG、PNG、WebP）或 PDF。"), field="file")
    side = settings.GATHERING_PICTURE_SIDE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
        if picture.width * picture.height > settings.GATHERING_PICTURE_PIXELS:
            raise DomainError(_("照片的像素太多，请缩小后再上传。"), field="file")
        picture.draft("RGB", (side, side))
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((side, side))
        out = io.BytesIO()
        picture.convert("RGB").save(out, "JPEG", quality=85)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise wrong from error
    return out.getvalue()


def _write(content: bytes) -> str:
    name = secrets.token_hex(16)
    folder = Path(settings.GATHERING_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    return name


def _tidy(name: str, kind: str) -> str:
    """What a person called it, without what no file name should hold; our own ending."""
    stem = Path(name.replace("\\", "/")).stem
    stem = "".join(c for c in stem if c.isprintable() and c not in '<>:"/|?*;')[:60].strip(" .")
    return (stem or _("签到表")) + (".pdf" if kind == Kind.PDF else ".jpg")
