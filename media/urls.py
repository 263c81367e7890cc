from django.urls import path, re_path

from media.views import delivery, uploads

app_name = "media"

SIGNED = r"^v/(?P<expiry>\d{1,12})/(?P<signed>[\w-]{22})/(?P<package>\d{1,18}-[0-9a-f]{8})/"

urlpatterns = [
    re_path(SIGNED + r"(?P<name>[a-z0-9]+\.[a-z0-9]+)$", delivery.file, name="file"),
    re_path(
        SIGNED + r"captions/(?P<caption_id>\d{1,18})-(?P<version>\d{1,9})\.vtt$",
        delivery.captions,
        name="captions",
    ),
    path("files/images/<str:name>", delivery.picture, name="picture"),
    path("uploads/", uploads.Uploads.as_view(), name="uploads"),
    path("uploads/<str:token>/", uploads.OneUpload.as_view(), name="upload"),
]
