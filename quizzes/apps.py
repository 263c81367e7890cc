from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuizzesConfig(AppConfig):
    name = "quizzes"
    label = "quizzes"
    verbose_name = _("测验")

    def ready(self) -> None:
        """Tell the layers below what this app adds to them."""
        from wagtail.admin.panels import FieldPanel, InlinePanel
        from wagtail.permissions import register_permission_policy

        from courses.models import LessonPage
        from courses.registry import register_lesson_panel
        from quizzes import (
            audit_names,
            personal_parts,
            receivers,  # noqa: F401
        )
        from quizzes.forms import LessonForm, MomentInput
        from quizzes.models import Paper, Question, QuestionBank, Sitting
        from quizzes.permissions import AuthoringPolicy
        from quizzes.selectors.gates import film_gates
        from quizzes.selectors.lessons import lesson_panel, quiz_passed
        from school.core import navigation
        from school.study.registry import register_gates, register_requirement

        audit_names.register()
        personal_parts.register()
        for model in (QuestionBank, Question, Paper, Sitting):
            register_permission_policy(model, AuthoringPolicy(model))
        register_requirement(quiz_passed)
        register_gates(film_gates)
        register_lesson_panel(lesson_panel)
        # courses may not know of quizzes, so the panel is added from above, before any edit form
        # of the page exists.
        LessonPage.base_form_class = LessonForm
        LessonPage.content_panels = [
            *LessonPage.content_panels,
            InlinePanel(
                "quizzes",
                heading=_("课后测验"),
                label=_("测验"),
                panels=[FieldPanel("paper")],
            ),
            InlinePanel(
                "gates",
                heading=_("视频中的问题"),
                label=_("问题"),
                panels=[
                    FieldPanel("at_seconds", widget=MomentInput),
                    FieldPanel("question"),
                    FieldPanel("any_answer"),
                ],
            ),
        ]
        navigation.register(
            navigation.Place(
                "mistakes",
                _("错题本"),
                "quizzes:mistakes",
                icon="mistakes",
                order=50,
                slot=navigation.MENU,
            )
        )
