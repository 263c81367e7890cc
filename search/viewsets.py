"""Admin screens of search."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup

from search.models import GlossaryTerm


class GlossaryTermViewSet(ModelViewSet):
    """The host's glossary: words kept whole, with their synonyms."""

    model = GlossaryTerm
    icon = "search"
    menu_label = _("搜索词")
    menu_order = 100
    url_prefix = "search-terms"
    url_namespace = "search_terms"
    list_display = ["term", "synonyms", "weight"]
    # Terms are few and short; the plain database filter finds them by any part.
    search_fields = ["term", "synonyms"]
    search_backend_name = None
    form_fields = ["term", "synonyms", "weight"]
    inspect_view_enabled = False


class SearchViewSetGroup(ModelViewSetGroup):
    """The menu 搜索."""

    menu_label = _("搜索")
    menu_icon = "search"
    menu_order = 850
    items = (GlossaryTermViewSet,)
