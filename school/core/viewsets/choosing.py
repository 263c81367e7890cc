"""A chooser that only chooses."""

from wagtail.admin.viewsets.chooser import ChooserViewSet


class ChooseOnlyViewSet(ChooserViewSet):
    """Things are made on their own pages: the chooser's address for making one does not exist."""

    def get_urlpatterns(self):
        return [each for each in super().get_urlpatterns() if each.name != "create"]
