from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediaConfig(AppConfig):
    name = "media"
    label = "media"
    verbose_name = _("视频与图片")

    def ready(self) -> None:
        from wagtail.permissions import register_permission_policy

        from media import audit_names, checks, personal_parts, tasks  # noqa: F401
        from media.models import Video
        from media.permissions import policy

        audit_names.register()
        personal_parts.register()
        register_permission_policy(Video, policy)
