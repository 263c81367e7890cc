from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SearchConfig(AppConfig):
    name = "search"
    label = "search"
    verbose_name = _("搜索")

    def ready(self) -> None:
        from school.core import navigation
        from school.members.models import RoleGrant
        from school.members.registry import register_role_permissions
        from search import checks, receivers, tasks  # noqa: F401

        navigation.register(
            navigation.Place(
                "search",
                _("搜索"),
                "search:page",
                icon="search",
                slot=navigation.TOOL,
                visible=navigation.anyone,
            )
        )
        terms = [f"search.{verb}_glossaryterm" for verb in ("view", "add", "change", "delete")]
        register_role_permissions(RoleGrant.Role.SCHOOL_ADMIN, *terms)
