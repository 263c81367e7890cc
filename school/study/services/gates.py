"""Passing a question inside a film."""

from django.db import transaction

from school.core import clock
from school.members.models import Member
from school.study.models import GatePass, ItemRevision, StudySession
from school.study.selectors.cycles import cycle_for
from school.study.selectors.gates import barrier_of, gates_of
from school.study.services.completion import consider
from school.study.services.locks import lock_member
from school.study.services.sinks.pending import post_pending


def pass_gate(*, member: Member, revision: ItemRevision, key: str) -> bool:
    """Book a question as answered; what follows it counts from now on in every open visit.

    The caller has marked the answer and holds no transaction: what was reported before the answer
    is posted first, so that it is judged with the question still open, whichever sink took it in.
    Passing it again changes nothing; whether it was new.
    """
    post_pending(member.pk)
    return _pass(member, revision, key)


@transaction.atomic
def _pass(member: Member, revision: ItemRevision, key: str) -> bool:
    lock_member(member.pk)
    now = clock.authority()
    cycle = cycle_for(member.pk, revision.pk, clock.local_day(now))
    _row, made = GatePass.objects.get_or_create(
        member=member, revision=revision, cycle=cycle, key=key, defaults={"passed_at": now}
    )
    held_back = StudySession.objects.filter(
        member=member, revision=revision, cycle=cycle, barrier__isnull=False
    )
    held_back.update(barrier=barrier_of(gates_of(member.pk, revision, cycle)))
    if made:
        consider(member_id=member.pk, revision=revision, cycle=cycle, origin=f"gate:{key}")
    return made
