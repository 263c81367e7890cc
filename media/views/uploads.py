"""tus 1.0 over HTTP: creation, expiration and termination (https://tus.io/protocols).

Answers follow the protocol; refusals carry ``{"error": …}`` with a sentence for people. The
session and the CSRF header protect every request that writes.
"""

import base64
import binascii
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views import View
from wagtail.models import Collection

from media import permissions, services
from media.models import Upload
from media.services import uploads
from school.core.errors import DomainError, NotAllowed, NotFound

VERSION = "1.0.0"
CONTENT_TYPE = "application/offset+octet-stream"


def _speaks_tus(handler: Callable) -> Callable:
    """Turn refusals into tus answers and put the protocol headers on every one."""

    @wraps(handler)
    def answer(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            if not request.user.is_authenticated:
                raise NotAllowed(_("登录已过期，请重新登录后继续上传。"))
            version = request.headers.get("Tus-Resumable", VERSION)
            if request.method != "OPTIONS" and version != VERSION:
                response = HttpResponse(status=412, headers={"Tus-Version": VERSION})
            else:
                response = handler(self, request, *args, **kwargs)
        except DomainError as error:
            response = JsonResponse({"error": error.message}, status=error.status)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answer


class Uploads(View):
    """The collection of uploads: begin one, or ask what the server can do."""

    http_method_names = ["post", "options"]

    @_speaks_tus
    def options(self, request: HttpRequest) -> HttpResponse:
        """Protocol versions, extensions and the largest file."""
        return HttpResponse(
            status=204,
            headers={
                "Tus-Version": VERSION,
                "Tus-Extension": "creation,expiration,termination",
                "Tus-Max-Size": str(settings.VIDEO_MAX_BYTES),
            },
        )

    @_speaks_tus
    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin an upload; metadata: filename, title, collection, declared, video (to replace)."""
        meta = _metadata(request.headers.get("Upload-Metadata", ""))
        replaces = None
        if meta.get("video"):
            replaces = permissions.require_change(request.user, _number(meta["video"], "视频"))
            collection = replaces.collection
        else:
            collection = _collection(request, meta.get("collection", ""))
        upload = services.begin_upload(
            owner=request.user,
            collection=collection,
            length=_number(request.headers.get("Upload-Length", ""), "Upload-Length"),
            filename=meta.get("filename", "") or "video",
            title=meta.get("title", ""),
            declared=meta.get("declared") == "1",
            replaces=replaces,
        )
        response = HttpResponse(status=201)
        response["Location"] = reverse("media:upload", args=[upload.token])
        return _described(response, upload)


class OneUpload(View):
    """One upload: where it stands, more bytes, forget it."""

    http_method_names = ["head", "patch", "delete", "options"]

    @_speaks_tus
    def head(self, request: HttpRequest, token: str) -> HttpResponse:
        """How many bytes have arrived."""
        upload = uploads.find(token, request.user)
        response = HttpResponse()
        response["Upload-Length"] = upload.length
        return _described(response, upload)

    @_speaks_tus
    def patch(self, request: HttpRequest, token: str) -> HttpResponse:
        """Append bytes; after the last ones the answer names the video."""
        length = _number(request.META.get("CONTENT_LENGTH") or "0", "Content-Length")
        if length and request.content_type != CONTENT_TYPE:
            return JsonResponse({"error": f"Content-Type 应为 {CONTENT_TYPE}"}, status=415)
        upload = services.receive(
            upload=uploads.find(token, request.user),
            at=_number(request.headers.get("Upload-Offset", ""), "Upload-Offset"),
            stream=request,
            length=length,
        )
        return _described(HttpResponse(status=204), upload)

    @_speaks_tus
    def delete(self, request: HttpRequest, token: str) -> HttpResponse:
        """Forget the upload and its bytes."""
        services.cancel_upload(upload=uploads.find(token, request.user))
        return HttpResponse(status=204)


def _described(response: HttpResponse, upload: Upload) -> HttpResponse:
    response["Upload-Offset"] = uploads.offset(upload)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    if upload.video_id:
        response["X-Video"] = upload.video_id
        response["X-Video-Url"] = reverse("videos:detail", args=[upload.video_id])
    return response


def _metadata(header: str) -> dict[str, str]:
    """``key base64,key base64`` as tus sends it; broken values are refused."""
    found = {}
    for part in filter(None, (p.strip() for p in header.split(","))):
        key, _space, value = part.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise DomainError(_("上传信息无法读取，请刷新页面后重试。")) from error
    return found


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise DomainError(_("%(name)s 应为数字，请刷新页面后重试。") % {"name": name})
    return int(text)


def _collection(request: HttpRequest, given: str) -> Collection:
    allowed = permissions.collections_for_upload(request.user)
    found = allowed.filter(pk=_number(given, "集合")).first() if given else allowed.first()
    if found is None:
        if not allowed.exists():
            raise NotAllowed(_("没有上传视频的权限，请联系教务管理员。"))
        raise NotFound(_("没有这个集合，请刷新页面后重新选择。"))
    return found
