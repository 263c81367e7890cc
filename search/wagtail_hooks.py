"""Registration with the admin."""

from wagtail import hooks

from search.viewsets import SearchViewSetGroup


@hooks.register("register_admin_viewset")
def register_search_menu():
    return SearchViewSetGroup()
