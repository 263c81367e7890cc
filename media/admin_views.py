"""Admin pages of the video library: list, upload, one video, its captions and actions."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from media import checks, permissions, selectors, services
from media.forms import CaptionForm, TitleForm
from media.models import Caption, Video, VideoRevision
from media.services.transcoding import latest_job
from school.core.errors import DomainError, NotAllowed, NotFound

PER_PAGE = 20


def _page(request: HttpRequest, name: str, title: str, context: dict) -> HttpResponse:
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("首页")},
        {"url": reverse("videos:index"), "label": _("视频")},
    ]
    if title != _("视频"):
        crumbs.append({"url": "", "label": title})
    furniture = {"header_title": title, "header_icon": "media", "breadcrumbs_items": crumbs}
    return render(request, f"media/admin/{name}.html", furniture | context)


def _require_part(request: HttpRequest) -> None:
    if not permissions.policy.user_has_any_permission(request.user, ["add", "change", "delete"]):
        raise NotAllowed(_("没有管理视频的权限，请联系教务管理员。"))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All videos the person has a part in, newest first, with state, progress and reason."""
    _require_part(request)
    title = request.GET.get("q", "").strip()[:100]
    mine = request.GET.get("mine") == "1"
    found = selectors.library(request.user, title=title, only_own=mine)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
    context = {
        "rows": selectors.rows(list(page.object_list), request.user),
        "page": page,
        "q": title,
        "mine": mine,
        "can_upload": permissions.policy.user_has_permission(request.user, "add"),
        "uploads": selectors.unfinished_uploads(request.user),
        "problems": checks.tools(),
    }
    return _page(request, "index", _("视频"), context)


@require_safe
def states(request: HttpRequest) -> JsonResponse:
    """States of the named videos (``?id=1&id=2``), for the list page's live progress."""
    ids = [int(i) for i in request.GET.getlist("id")[:PER_PAGE] if i.isdecimal() and len(i) < 19]
    videos = list(permissions.visible(request.user).filter(pk__in=ids))
    found = {
        row.video.pk: {
            "state": row.status.state,
            "text": str(row.status.text),
            "percent": row.status.percent,
            "open": row.status.is_open,
        }
        for row in selectors.rows(videos, request.user)
    }
    return JsonResponse({"videos": found})


@require_safe
def upload(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The upload form; with ``pk`` the file becomes a new revision of that video."""
    video = permissions.require_change(request.user, pk) if pk else None
    collections = permissions.collections_for_upload(request.user)
    if not collections.exists():
        raise NotAllowed(_("没有上传视频的权限，请联系教务管理员。"))
    context = {
        "video": video,
        "collections": collections,
        "problems": checks.tools(),
        "max_bytes": settings.VIDEO_MAX_BYTES,
        "limits": _("MP4、MOV、MKV、AVI、FLV、WMV、MPEG，最大 %(gb)s GB，最长 %(minutes)s 分钟。")
        % {
            "gb": settings.VIDEO_MAX_BYTES // 1024**3,
            "minutes": settings.VIDEO_MAX_SECONDS // 60,
        },
    }
    return _page(request, "upload", _("更换文件") if video else _("上传视频"), context)


@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One video: preview, revisions, captions, title."""
    video = permissions.require_change(request.user, pk)
    form = TitleForm(request.POST or None, initial={"title": video.title})
    if request.method == "POST" and form.is_valid():
        services.rename(video=video, title=form.cleaned_data["title"], by=request.user)
        messages.success(request, _("标题已保存。"))
        return redirect("videos:detail", pk)
    return _page(request, "detail", video.title, _detail_context(request, video, form))


def _detail_context(request: HttpRequest, video: Video, form: TitleForm) -> dict:
    revisions = list(video.revisions.all())
    newest = revisions[0] if revisions else None
    current = video.current
    captioned = newest or current
    return {
        "video": video,
        "form": form,
        "caption_form": CaptionForm(),
        "revisions": revisions,
        "newest": newest,
        "status": selectors.status(newest, latest_job(newest) if newest else None),
        "playback": selectors.playback(current, request.user) if current else None,
        "captions": list(captioned.captions.all()) if captioned else [],
    }


@require_POST
def add_captions(request: HttpRequest, pk: int) -> HttpResponse:
    """Read an uploaded subtitle file for the newest revision."""
    video = permissions.require_change(request.user, pk)
    form = CaptionForm(request.POST, request.FILES)
    revision = video.revisions.first()
    if not form.is_valid() or revision is None:
        messages.error(request, _("请选择字幕文件。"))
        return redirect("videos:detail", pk)
    try:
        caption = services.upload_captions(
            revision=revision,
            data=form.cleaned_data["file"].read(),
            language=form.cleaned_data["language"],
            by=request.user,
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("字幕已保存，共 %d 条。") % len(caption.cues))
    return redirect("videos:detail", pk)


@require_POST
def remove_captions(request: HttpRequest, pk: int, caption_id: int) -> HttpResponse:
    """Delete captions of this video."""
    video = permissions.require_change(request.user, pk)
    caption = Caption.objects.filter(pk=caption_id, revision__video=video).first()
    if caption is None:
        raise NotFound(_("没有这份字幕，可能已被删除。"))
    services.remove_captions(caption=caption, by=request.user)
    messages.success(request, _("字幕已删除。"))
    return redirect("videos:detail", pk)


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue the newest revision's failed encoding again."""
    video = permissions.require_change(request.user, pk)
    revision = video.revisions.first()
    try:
        if revision is None:
            raise NotFound(_("没有可以重试的文件。"))
        services.retry(revision=revision, by=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("已重新排队转码。"))
    return redirect("videos:detail", pk)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete a video that no page uses."""
    video = permissions.require_change(request.user, pk)
    if not permissions.policy.user_has_permission_for_instance(request.user, "delete", video):
        raise NotAllowed(_("没有删除这个视频的权限。"))
    if request.method == "POST":
        try:
            services.delete_video(video=video, by=request.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("videos:detail", pk)
        messages.success(request, _("视频“%s”已删除。") % video.title)
        return redirect("videos:index")
    revisions = VideoRevision.objects.filter(video=video).count()
    return _page(request, "delete", _("删除视频"), {"video": video, "revisions": revisions})
