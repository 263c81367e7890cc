"""What the audit trail calls things done to questions and papers."""

from django.utils.translation import gettext_lazy as _

from school.core.audit import names


def register() -> None:
    """Say what this app's entries are called."""
    names.name_actions(
        {
            "quizzes.paper_published": _("发布试卷"),
            "quizzes.paper_withdrawn": _("撤下试卷"),
            "quizzes.question_saved": _("保存试题"),
            "quizzes.question_retired": _("停用试题"),
            "quizzes.question_restored": _("恢复试题"),
            "quizzes.questions_imported": _("导入试题"),
            "quizzes.questions_exported": _("导出试题"),
        }
    )
    names.name_fields(
        {
            "revised": _("修订"),
        }
    )
    names.name_subjects(
        {"quizzes.paper": None, "quizzes.question": None, "quizzes.questionbank": None}
    )
