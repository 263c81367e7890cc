"""Questions inside a film and which of them a member has answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from school.core import clock
from school.study import registry
from school.study.models import Coverage, GatePass, ItemRevision
from school.study.registry import Outstanding
from school.study.selectors.policy import settled_policy


@dataclass(frozen=True, slots=True)
class GateState:
    """A question of a film for one member: ``position`` in milliseconds, ``path`` to ask it."""

    position: int
    key: str
    path: str
    passed: bool


def gates_of(member_id: int, revision: ItemRevision, cycle: int) -> list[GateState]:
    """The questions of a revision in the order in which they come. No query without any."""
    gates = registry.gates(revision)
    if not gates:
        return []
    passes = GatePass.objects.filter(member_id=member_id, revision=revision, cycle=cycle)
    passed = set(passes.values_list("key", flat=True))
    return [GateState(gate.position, gate.key, gate.path, gate.key in passed) for gate in gates]


def barrier_of(gates: Iterable[GateState]) -> int | None:
    """Where the first question waits that was not answered; None when none does."""
    return min((gate.position for gate in gates if not gate.passed), default=None)


def questions_answered(revision: ItemRevision, member_id: int, cycle: int) -> Outstanding | None:
    """Requirement: each question in the film, unless they are for thought only.

    Who saw it in a gathering was there in person and is not asked again.
    """
    gates = gates_of(member_id, revision, cycle)
    missing = sum(not gate.passed for gate in gates)
    if not missing:
        return None
    policy = settled_policy(member_id, revision, completed=False, day=clock.today())
    rows = Coverage.objects.filter(member_id=member_id, revision=revision, cycle=cycle)
    if not policy.questions or rows.filter(met_on__isnull=False).exists():
        return None
    text = _("回答视频中的问题（还有 %(count)d 个）") % {"count": missing}
    return Outstanding(text, revision.item.path)
