from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatheringsConfig(AppConfig):
    name = "school.gatherings"
    label = "gatherings"
    verbose_name = _("集体学习")

    def ready(self) -> None:
        from school.core import navigation
        from school.gatherings import audit_names, personal_parts
        from school.gatherings.selectors import hours, missed_ids, missed_items
        from school.plans.registry import register_asked
        from school.study import registry as study

        audit_names.register()
        personal_parts.register()
        register_asked(missed_items, missed_ids)
        study.register_hour_evidence("attendance", hours.attended_hours)
        study.register_pending(hours.pending_rows)
        study.register_open_matter(hours.not_closed)
        study.register_together(hours.together)
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
