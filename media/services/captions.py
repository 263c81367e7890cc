"""Captions: set, upload, remove. Each change is told to whoever indexes what was said."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import models, transaction
from django.utils.translation import gettext as _

from media.models import Caption, VideoRevision
from media.rules import captions as rules
from media.signals import captions_changed
from school.core import audit, clock
from school.core.errors import DomainError


@transaction.atomic
def set_captions(
    *,
    revision: VideoRevision,
    cues: Iterable[Sequence],
    language: str = Caption.Language.CHINESE,
    kind: str = Caption.Kind.CAPTIONS,
    by: models.Model | None = None,
) -> Caption:
    """Write or replace the captions of one language.

    Args:
        revision: what they belong to.
        cues: ``(start_ms, end_ms, text)``; cleaned and ordered here.
        language: a Caption.Language value.
        kind: a Caption.Kind value.
        by: who did it; None for the school itself.

    Raises:
        DomainError: no cue is left after cleaning.
    """
    kept = _refusing(rules.clean, cues)
    if not kept:
        raise DomainError(_("字幕里没有一条有效的内容。"), field="file")
    caption, fresh = Caption.objects.select_for_update().get_or_create(
        revision=revision,
        language=language,
        defaults={"kind": kind, "vtt": "", "cues": [], "updated_at": clock.now()},
    )
    caption.kind = kind
    caption.cues = [list(cue) for cue in kept]
    caption.vtt = rules.write_vtt(kept)
    caption.version += 0 if fresh else 1
    caption.uploaded_by = by
    caption.updated_at = clock.now()
    caption.save()
    audit.record(
        "media.captions_set",
        actor=by,
        subject=revision.video,
        fields={"language": language, "cues": len(kept), "revision": revision.number},
    )
    _tell(revision)
    return caption


def upload_captions(
    *,
    revision: VideoRevision,
    data: bytes,
    language: str = Caption.Language.CHINESE,
    by: models.Model | None = None,
) -> Caption:
    """Read a subtitle file (SRT, VTT, ASS, SSA, TTML; UTF-8, UTF-16, GB18030) and set it.

    Raises:
        DomainError: it cannot be read; says why.
    """
    cues = _refusing(rules.read, data)
    return set_captions(revision=revision, cues=cues, language=language, by=by)


@transaction.atomic
def remove_captions(*, caption: Caption, by: models.Model | None = None) -> None:
    """Delete the captions of one language."""
    revision = caption.revision
    language = caption.language
    caption.delete()
    audit.record(
        "media.captions_removed",
        actor=by,
        subject=revision.video,
        fields={"language": language, "revision": revision.number},
    )
    _tell(revision)


def _refusing(rule, given):
    try:
        return rule(given)
    except rules.BadCaptions as error:
        raise DomainError(str(error), field="file") from error


def _tell(revision: VideoRevision) -> None:
    transaction.on_commit(partial(_send, revision))


def _send(revision: VideoRevision) -> None:
    captions = list(revision.captions.all())
    captions_changed.send(sender=Caption, revision=revision, captions=captions)
