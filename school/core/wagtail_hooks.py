"""Registration of the machine room; the menus of users and groups, which are unrouted, go."""

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
