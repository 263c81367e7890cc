from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "school.plans"
    label = "plans"
    verbose_name = _("计划")

    def ready(self) -> None:
        from school.core.navigation import Place, register
        from school.members import signals as people
        from school.members.registry import register_tree_notes
        from school.plans import audit_names, personal_parts, places, receivers, tasks  # noqa: F401
        from school.plans.selectors.tree_notes import plan_notes
        from school.study import signals as study
        from school.study.registry import register_wishes, register_year_panel

        audit_names.register()
        personal_parts.register()
        study.completed.connect(receivers.count_completion)
        study.started.connect(receivers.count_start)
        study.unmet.connect(receivers.count_start)
        study.credited.connect(receivers.count_credit)
        people.membership_changed.connect(receivers.count_membership)
        people.memberships_changed.connect(receivers.count_memberships)
        people.standing_changed.connect(receivers.count_standing)
        people.placement_changed.connect(receivers.count_placement)
        register_tree_notes(plan_notes)
        post_save.connect(receivers.count_post, sender="members.PostHolding")
        for signal in (post_save, post_delete):
            signal.connect(receivers.want_recount, sender="members.AudienceRule")
        register_year_panel(places.year_panel)
        register_wishes(places.wishes)
        register(
            Place(
                "tasks", _("任务"), "plans:tasks", icon="tasks", order=30, badge=places.task_badge
            )
        )
