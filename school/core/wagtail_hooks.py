"""Registration of the machine room; the menus of users and groups, which are unrouted, go."""

from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks

from school.core.viewsets import AuditViewSet, JobViewSet

UNROUTED = {"users", "groups"}


@hooks.register("register_admin_viewset")
def register_jobs():
    return JobViewSet()


@hooks.register("register_admin_viewset")
def register_audit():
    return AuditViewSet()


@hooks.register("construct_settings_menu")
def hide_unrouted(request, menu_items) -> None:
    menu_items[:] = [item for item in menu_items if item.name not in UNROUTED]


@hooks.register("insert_global_admin_css")
def school_colours() -> str:
    """The desk in the colours of the school."""
    return format_html('<link rel="stylesheet" href="{}">', static("school/css/admin.css"))
