"""Registration with the Wagtail admin; nothing else."""

from wagtail import hooks

from quizzes.viewsets import QuizGroup, bank_chooser, paper_chooser, question_chooser


@hooks.register("register_admin_viewset")
def register_quizzes():
    return [QuizGroup(), question_chooser, bank_chooser, paper_chooser]
