from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatheringsConfig(AppConfig):
    name = "school.gatherings"
    label = "gatherings"
    verbose_name = _("集体学习")

    def ready(self) -> None:
        from school.core import navigation
        from school.gatherings import audit_names, personal_parts
        from school.gatherings.selectors import missed_ids, missed_items
        from school.gatherings.selectors.hours import attended_hours, not_closed
        from school.plans.registry import register_asked
        from school.study.registry import register_hour_evidence, register_open_matter

        audit_names.register()
        personal_parts.register()
        register_asked(missed_items, missed_ids)
        register_hour_evidence("attendance", attended_hours)
        register_open_matter(not_closed)
        navigation.register(
            navigation.Place(
                "gatherings",
                _("集体学习签到"),
                "gatherings:own",
                icon="people",
                slot=navigation.MENU,
                order=25,
            )
        )
