"""The desk of instructors, and menus without what makes no sense here. Registration only."""

from wagtail import hooks

from courses.panels import ManuscriptsPanel

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
