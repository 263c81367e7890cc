from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from school.core import clock
from school.core.navigation import MAIN, MENU, Place, register


class StudyConfig(AppConfig):
    name = "school.study"
    label = "study"
    verbose_name = _("学习")

    def ready(self) -> None:
        from school.members.registry import register_activity
        from school.study import audit_names, personal_parts
        from school.study.selectors.activity import studied_since

        audit_names.register()
        personal_parts.register()
        from school.study import tasks  # noqa: F401
        from school.study.places import (
            anomalies_open,
            disputes_open,
            disputes_pending,
            late_open,
            late_pending,
        )
        from school.study.registry import (
            register_evidence_hold,
            register_open_matter,
            register_pending,
            register_requirement,
        )
        from school.study.selectors.anomalies import held_members
        from school.study.selectors.disputes import disputing_members
        from school.study.selectors.gates import questions_answered
        from school.study.selectors.late import waiting_for_late
        from school.study.selectors.years import held_by_arrivals, late_rows, waiting_arrivals
        from school.study.services.sinks import queue

        if settings.STUDY_SINK == "buffered":
            # Sessions are opened by the clock that stamps their reports.
            clock.take_authority_from(queue.moment)
        register_activity(studied_since)
        register_requirement(questions_answered)
        register_pending(late_rows)
        register_open_matter(waiting_arrivals)
        register_pending(disputes_pending)
        register_open_matter(disputes_open)
        register_pending(late_pending)
        register_open_matter(late_open)
        register_evidence_hold(waiting_for_late)
        register_open_matter(anomalies_open)
        register_evidence_hold(held_members)
        register_evidence_hold(disputing_members)
        register_evidence_hold(held_by_arrivals)
        register(Place("me", _("我的"), "study:me", icon="me", order=50, slot=MAIN))
        # 我的 lists the places of the member's menu, so these stand in both.
        register(
            Place("disputes", _("学时申诉"), "study:disputes", icon="edit", order=12, slot=MENU)
        )
        register(Place("hours", _("我的学时"), "study:hours", icon="clock", order=10, slot=MENU))
