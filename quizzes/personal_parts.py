"""What quizzes hold about a person, for export."""

from django.utils.translation import gettext_lazy as _

from quizzes.models import Answer, Attempt
from school.members.models import Member
from school.members.personal_data import Part, Row, register_part, rows_part, written


def _attempts(member: Member) -> list[Row]:
    """Each attempt with its answers; the drawn paper itself is the school's."""
    attempts = Attempt.objects.filter(member=member).order_by("pk")
    rows = written(attempts, leave_out=("member", "sheet"))
    for row, attempt in zip(rows, attempts, strict=True):
        row[str(_("作答"))] = written(Answer.objects.filter(attempt=attempt), ("attempt",))
    return rows


def register() -> None:
    """Say what is held about a member."""
    register_part(Part("attempts", _("答卷"), ("quizzes.attempt.member",), _attempts))
    rows_part("quizzes.mistake.member", _("错题"))
