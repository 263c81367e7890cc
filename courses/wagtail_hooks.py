"""The desk of instructors, menus without what makes no sense here, attachments by audience."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from wagtail import hooks

from courses.panels import ManuscriptsPanel
from courses.selectors.attachments import may_fetch

HIDDEN_MENU_ITEMS = {"help", "reports"}
HIDDEN_PANELS = {"user_objects_in_workflow_moderation", "locked_pages"}


@hooks.register("construct_homepage_panels")
def show_manuscripts(request, panels) -> None:
    panels[:] = [panel for panel in panels if getattr(panel, "name", "") not in HIDDEN_PANELS]
    panels.append(ManuscriptsPanel())


@hooks.register("construct_main_menu")
def hide_menu_items(request, menu_items) -> None:
    if not request.user.is_superuser:
        menu_items[:] = [item for item in menu_items if item.name not in HIDDEN_MENU_ITEMS]


@hooks.register("before_serve_document")
def guard_attachment(document, request):
    """A foreign attachment does not exist; guests are asked to sign in."""
    if may_fetch(document, request.user):
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    raise Http404
