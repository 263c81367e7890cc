"""Answering a question in a film."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from quizzes.rules import marking
from quizzes.selectors.gates import AskedGate
from quizzes.services.attempts import checked_answer
from school.core.errors import DomainError
from school.members.models import Member
from school.study.services.gates import pass_gate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer came to; ``given`` as it was understood."""

    passed: bool
    right: bool
    given: list[str]


def answer_gate(*, member: Member, asked: AskedGate, given: Sequence[str]) -> Outcome:
    """Mark an answer; the right one, or any where the question says so, opens what follows.

    A wrong one changes nothing and may be tried again.

    Raises:
        DomainError: nothing was answered, or it does not fit the question.
    """
    cleaned = checked_answer(asked.version, asked.order, given)
    if not any(cleaned):
        raise DomainError(_("请先作答，再提交。"))
    version = asked.version
    right = marking.mark(asked.gate.question.kind, version.key, cleaned, version.marks).right
    passed = right or asked.gate.any_answer
    if passed:
        pass_gate(member=member, revision=asked.revision, key=asked.gate.key)
    return Outcome(passed, right, cleaned)
