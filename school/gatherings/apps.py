from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatheringsConfig(AppConfig):
    name = "school.gatherings"
    label = "gatherings"
    verbose_name = _("集体学习")

    def ready(self) -> None:
        from school.gatherings import audit_names, personal_parts

        audit_names.register()
        personal_parts.register()
