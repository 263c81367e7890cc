"""Delivery: packages and captions under signed paths with byte ranges, picture renditions.

Originals of videos and pictures have no address at all.
"""

import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from media import signing, storage
from media.models import Caption
from media.rules import ranges
from school.core import clock

BLOCK = 128 * 1024
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
}
FOREVER = "private, max-age=31536000, immutable"
SHORT = "private, max-age=60"
PUBLIC = "public, max-age=31536000, immutable"
_FILE = re.compile(r"^[a-z0-9]+\.(m3u8|mp4|jpg)$")
_PICTURES = frozenset({".avif", ".gif", ".jpg", ".jpeg", ".png", ".webp"})


@require_safe
def file(request: HttpRequest, expiry: str, signed: str, package: str, name: str) -> HttpResponse:
    """One file of a published package: 200, 206, 304, 403, 404, 410 or 416."""
    signing.check(package, int(expiry), signed, clock.now())
    if not _FILE.match(name):
        raise Http404
    path = storage.package(package) / name
    if settings.VIDEO_ACCEL_PREFIX:
        response = HttpResponse(content_type=TYPES[path.suffix])
        response["X-Accel-Redirect"] = f"{settings.VIDEO_ACCEL_PREFIX}{package}/{name}"
    else:
        response = ranged(request, path, TYPES[path.suffix], etag=f'"{package}-{name}"')
    response["Cache-Control"] = SHORT if path.suffix == ".m3u8" else FOREVER
    return response


@require_safe
def captions(
    request: HttpRequest, expiry: str, signed: str, package: str, caption_id: str, version: str
) -> HttpResponse:
    """WebVTT of a caption of the signed package; the version only keeps caches honest."""
    signing.check(package, int(expiry), signed, clock.now())
    caption = Caption.objects.filter(pk=caption_id, revision_id=int(package.split("-")[0])).first()
    if caption is None:
        raise Http404
    response = HttpResponse(caption.vtt, content_type="text/vtt; charset=utf-8")
    response["Cache-Control"] = FOREVER if int(version) == caption.version else SHORT
    return response


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A rendition of a picture; public, because public pages show it to anybody."""
    root = (Path(settings.MEDIA_ROOT) / "images").resolve()
    path = (root / name).resolve()
    if path.parent != root or path.suffix.lower() not in _PICTURES:
        raise Http404
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    response = ranged(request, path, kind, etag=f'"{name}"')
    response["Cache-Control"] = PUBLIC
    return response


def ranged(request: HttpRequest, path: Path, kind: str, *, etag: str) -> HttpResponse:
    """A file, or the part of it that a Range header asks for.

    Args:
        path: of a file that never changes once it is there.
        kind: its content type.
        etag: quoted; ``If-Range`` with another one gets the whole file.

    Raises:
        Http404: there is no such file.
    """
    try:
        handle = path.open("rb")
        size = path.stat().st_size
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise Http404 from error
    response = _answer(request, handle, size, kind, etag)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _answer(request: HttpRequest, handle, size: int, kind: str, etag: str) -> HttpResponse:
    if request.headers.get("If-None-Match") == etag:
        handle.close()
        return HttpResponse(status=304)
    try:
        span = _asked(request, size, etag)
    except ranges.NotSatisfiable:
        handle.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    run = span or ranges.Span(0, size)
    if request.method == "HEAD":
        handle.close()
        response = HttpResponse(content_type=kind)
    else:
        response = StreamingHttpResponse(_blocks(handle, run), content_type=kind)
    response["Content-Length"] = run.length
    if span:
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    return response


def _asked(request: HttpRequest, size: int, etag: str) -> ranges.Span | None:
    if request.headers.get("If-Range", etag) != etag:
        return None
    return ranges.parse(request.headers.get("Range", ""), size)


def _blocks(handle, run: ranges.Span) -> Iterator[bytes]:
    with handle:
        handle.seek(run.start)
        left = run.length
        while left > 0 and (block := handle.read(min(BLOCK, left))):
            left -= len(block)
            yield block
