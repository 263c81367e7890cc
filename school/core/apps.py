from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def make_cache_table(**_kwargs) -> None:
    """The embedded default caches in the database; the table must exist before the first page."""
    from django.core.management import call_command

    call_command("createcachetable", verbosity=0)


class CoreConfig(AppConfig):
    name = "school.core"
    label = "core"
    verbose_name = _("公共")

    def ready(self) -> None:
        from school.core import checks  # noqa: F401

        post_migrate.connect(make_cache_table, sender=self)
