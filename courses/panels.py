"""Panels of the instructor's desk on the admin's first page."""

from wagtail.admin.ui.components import Component

from courses.selectors import desk


class ManuscriptsPanel(Component):
    """我的稿件: own pages by state, with who has them."""

    name = "manuscripts"
    template_name = "courses/admin/manuscripts.html"
    order = 150

    def get_context_data(self, parent_context) -> dict:
        user = parent_context["request"].user
        return {"manuscripts": desk.manuscripts(user)}
