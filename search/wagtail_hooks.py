"""Registration with the admin."""

from wagtail import hooks

from search.viewsets import glossary_viewset


@hooks.register("register_admin_viewset")
def register_glossary():
    return glossary_viewset
