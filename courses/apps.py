from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursesConfig(AppConfig):
    name = "courses"
    label = "courses"
    verbose_name = _("课程")

    def ready(self) -> None:
        from courses import audit_names, documents, places, receivers  # noqa: F401
        from courses.services import access
        from school.members.registry import register_grant_effect

        audit_names.register()
        documents.register()
        places.register()
        register_grant_effect(access.sync_grant)
