"""Questions that films ask while they play."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from quizzes.models import LessonGate, Question, QuestionVersion
from quizzes.selectors import taking
from quizzes.selectors.lessons import lesson_items
from quizzes.services.outcome import PAGE_SOURCE
from school.core.errors import NotFound
from school.members.models import Member
from school.members.selectors.audiences import in_audience
from school.study.models import ItemRevision
from school.study.registry import Gate


def film_gates(revision: ItemRevision) -> list[Gate]:
    """What the film of a published lesson asks; what lies beyond its end is never reached."""
    if revision.item.source_type != PAGE_SOURCE:
        return []
    rows = LessonGate.objects.filter(
        page_id=revision.item.source_id,
        question__retired_at=None,
        question__current__isnull=False,
    )
    return [
        Gate(row.at_seconds * 1000, row.key, reverse("quizzes:gate", args=[row.pk]))
        for row in rows
        if row.at_seconds * 1000 < revision.axis_length
    ]


@dataclass(frozen=True, slots=True)
class AskedGate:
    """A question as it is put to a member now, and the revision it belongs to."""

    gate: LessonGate
    version: QuestionVersion
    revision: ItemRevision

    @property
    def order(self) -> list[str]:
        """Option ids as they are shown."""
        return [option["id"] for option in self.version.options]


def gate_for(member: Member, gate_id: int) -> AskedGate:
    """A question of a film that the member may study.

    Raises:
        NotFound: there is none (any more), or the lesson is not for this member.
    """
    gate = (
        LessonGate.objects.select_related("question__current__question", "page")
        .filter(pk=gate_id, question__retired_at=None, question__current__isnull=False)
        .first()
    )
    items = lesson_items([gate.page_id]).select_related("current", "audience") if gate else []
    item = next(iter(items), None)
    if item is None or item.current is None or not in_audience(item.audience, member):
        raise NotFound(_("这个问题已撤下，请刷新页面后继续学习。"))
    return AskedGate(gate, gate.question.current, item.current)


def gate_context(asked: AskedGate, given: list[str] | None = None) -> dict:
    """What the fragment shows: the question, or the marked question once ``given`` is known."""
    version, order = asked.version, asked.order
    shown = taking.shown_options(version, order, given or [])
    return {
        "gate": asked.gate,
        "version": version,
        "kind": asked.gate.question.get_kind_display(),
        "multiple": asked.gate.question.kind == Question.Kind.MULTIPLE,
        "options": shown,
        "blanks": taking.shown_blanks(version, given or []),
    }
