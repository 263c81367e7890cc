from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def make_cache_table(**_kwargs) -> None:
    """The embedded default caches in the database; the table must exist before the first page."""
    from django.core.management import call_command

    call_command("createcachetable", verbosity=0)


def guard_audit_trail(using: str, **_kwargs) -> None:
    """Whatever a migration rebuilt, the trail stays append-only in the database."""
    from django.db import connections

    from school.core.audit import triggers

    tables = connections[using].introspection.table_names()
    if set(triggers.TABLES) <= set(tables):
        triggers.install(connections[using])


class CoreConfig(AppConfig):
    name = "school.core"
    label = "core"
    verbose_name = _("公共")

    def ready(self) -> None:
        from school.core import checks, host  # noqa: F401

        post_migrate.connect(make_cache_table, sender=self)
        post_migrate.connect(guard_audit_trail, sender=self)
        host.follow()
        self._register_policies()

    @staticmethod
    def _register_policies() -> None:
        from wagtail.permissions import register_permission_policy

        from school.core.models import AuditEntry, Job
        from school.core.viewsets import audit_policy, job_policy

        register_permission_policy(Job, job_policy)
        register_permission_policy(AuditEntry, audit_policy)
