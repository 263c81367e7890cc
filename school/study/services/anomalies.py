"""待核实: implausible study is listed with its evidence; people judge it, nothing else happens.

Finding writes rows of the list and nothing else, and judging does not change an hour either: what
has to be taken back is taken back in the ledger, by who may do that, with a reason.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from school.core import audit, clock
from school.core.errors import Conflict, DomainError, NotAllowed
from school.members.models import Member
from school.members.selectors.people import home_branch_ids
from school.study import presets
from school.study.models import Anomaly
from school.study.rules import anomalies as rules
from school.study.rules.anomalies import Limits, Visit
from school.study.selectors import patterns

Kind, State = Anomaly.Kind, Anomaly.State
OF_REPORTS = (Kind.RHYTHM, Kind.DEFERRED)
AT_ONCE = 500
MOST_TURNS = 100
# So long a gathering entered afterwards still explains what was listed.
LOOK_BACK = timedelta(days=31)

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Pattern:
    """What was found of one member: ``weight`` is what a judgement of it rests on."""

    member_id: int
    kind: str
    evidence: dict
    weight: object
    party: str = ""

    @property
    def digest(self) -> str:
        """A name for what carries weight in it."""
        return _name(self.weight)


@dataclass
class Found:
    """What looking through a day came to: rows that are new, changed, gone, and all in force."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    listed: int = 0


def _name(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def find_anomalies(
    *, day: date, rhythm_of: set[int] | None = None, tell: Tell | None = None
) -> Found:
    """Look through the evidence of a local day and list what looks implausible.

    It may be run again: what is listed stays once, open rows follow the evidence (a gathering
    entered afterwards takes them off the list), and what was judged stays judged unless something
    of weight is new. Statements grow with the evidence of the day, not with the school.

    Args:
        rhythm_of: whose reports are read for their rhythm and their delivery, the one part that
            reads them all; None for everybody. Rows of others stay as they are.
        tell: is told a share of 1 and what is being done.
    """
    tell = tell or (lambda _share, _step: None)
    found = list(_patterns(day, presets.anomaly_limits(), rhythm_of, tell))
    homes = _homes(sorted({each.member_id for each in found}), day)
    result = _list(day, found, homes, rhythm_of)
    tell(1.0, _("完成"))
    return result


def find_recent() -> int:
    """The nightly round: yesterday, days that something came in for, and days that a gathering
    entered since may explain. Returns how many rows are new."""
    yesterday = clock.today() - timedelta(days=1)
    found = find_anomalies(day=yesterday).new
    late = patterns.reported_late_on(yesterday)
    parties = Anomaly.objects.filter(
        state=State.OPEN, day__gte=yesterday - LOOK_BACK, day__lt=yesterday
    )
    days = set(parties.exclude(party="").order_by().values_list("day", flat=True))
    for day in sorted(days | set(late)):
        found += find_anomalies(day=day, rhythm_of=late.get(day, set())).new
    return found


def _patterns(
    day: date, limits: Limits, rhythm_of: set[int] | None, tell: Tell
) -> Iterator[Pattern]:
    opened = patterns.visits_of(day)
    tell(0.05, _("学习时段"))
    for member, spent in patterns.spent_on(day):
        if evidence := rules.long_day(spent, limits):
            used = [each >= rules.HOUR_USED for each in evidence["hours"]]
            yield Pattern(member, Kind.LONG_DAY, evidence, used)
    tell(0.15, _("设备与同步"))
    visits = rules.outside(patterns.on_the_day(opened, day), patterns.together_on(day))
    yield from _devices(day, visits, limits)
    yield from _steps(day, visits, limits)
    if rhythm_of is not None:
        opened = [each for each in opened if each.member_id in rhythm_of]
    members = len({each.member_id for each in opened}) or 1
    for done, (member, traces, deliveries) in enumerate(patterns.traces_of(opened, day)):
        tell(0.2 + 0.75 * done / members, _("学习节奏"))
        if signs := rules.rhythm(traces):
            yield Pattern(member, Kind.RHYTHM, {"signs": signs}, sorted(signs))
        if late := rules.deferred(deliveries):
            yield Pattern(member, Kind.DEFERRED, late, sorted(late["visits"]))


def _devices(day: date, visits: list[Visit], limits: Limits) -> Iterator[Pattern]:
    """One row for each account of a chain; of several chains of one account the longest."""
    chains = rules.device_chains(visits, limits)
    listed: set[int] = set()
    for chain in sorted(chains, key=lambda turns: len({t.member for t in turns}), reverse=True):
        members = sorted({turn.member for turn in chain})
        evidence = {"members": members, "turns": [list(turn) for turn in chain[:MOST_TURNS]]}
        party = _name([Kind.DEVICE.value, str(day), members])
        for member in members:
            if member not in listed:
                yield Pattern(member, Kind.DEVICE, evidence, members, party)
        listed.update(members)


def _steps(day: date, visits: list[Visit], limits: Limits) -> Iterator[Pattern]:
    for step in rules.lockstep(visits, limits):
        members = sorted(step.members)
        party = _name([Kind.LOCKSTEP.value, str(day), members])
        company = _company(step)
        for member in members:
            own = [
                [visit.revision, visit.begin, visit.end, company[visit.revision]]
                for visit in sorted(step.visits[member], key=lambda each: each.begin)
            ]
            yield Pattern(
                member, Kind.LOCKSTEP, {"members": members, "visits": own}, members, party
            )


def _company(step: rules.Party) -> dict[int, int]:
    """How many of a party did each item together."""
    there: dict[int, set[int]] = defaultdict(set)
    for member, visits in step.visits.items():
        for visit in visits:
            there[visit.revision].add(member)
    return {revision: len(members) for revision, members in there.items()}


def _homes(members: list[int], day: date) -> dict[int, int]:
    homes: dict[int, int] = {}
    for first in range(0, len(members), AT_ONCE):
        homes |= home_branch_ids(members[first : first + AT_ONCE], day)
    return homes


@transaction.atomic
def _list(
    day: date, found: list[Pattern], homes: dict[int, int], rhythm_of: set[int] | None
) -> Found:
    known: dict[tuple[int, str], list[Anomaly]] = defaultdict(list)
    rows = Anomaly.objects.select_for_update().filter(day=day).order_by("round")
    for row in rows:
        if row.kind not in OF_REPORTS or rhythm_of is None or row.member_id in rhythm_of:
            known[row.member_id, row.kind].append(row)
    new, changed = [], []
    for pattern in found:
        earlier = known.pop((pattern.member_id, str(pattern.kind)), [])
        if any(not row.is_open and row.digest == pattern.digest for row in earlier):
            continue
        if earlier and earlier[-1].is_open:
            if _follow(earlier[-1], pattern):
                changed.append(earlier[-1])
        else:
            new.append(_row(day, pattern, homes, len(earlier)))
    Anomaly.objects.bulk_create(new, batch_size=AT_ONCE, ignore_conflicts=True)
    fields = ["evidence", "digest", "party"]
    Anomaly.objects.bulk_update(changed, fields, batch_size=AT_ONCE)
    gone = [row.pk for rows in known.values() for row in rows if row.is_open]
    if gone and not patterns.is_pruned(day):
        Anomaly.objects.filter(pk__in=gone).delete()
    else:
        gone = []
    listed = Anomaly.objects.filter(day=day, state=State.OPEN).count()
    return Found(len(new), len(changed), len(gone), listed)


def _follow(row: Anomaly, pattern: Pattern) -> bool:
    """Bring an open row in step with the evidence; whether that changed it."""
    if row.evidence == pattern.evidence and row.party == pattern.party:
        return False
    row.evidence, row.digest, row.party = pattern.evidence, pattern.digest, pattern.party
    return True


def _row(day: date, pattern: Pattern, homes: dict[int, int], number: int) -> Anomaly:
    return Anomaly(
        member_id=pattern.member_id,
        branch_id=homes.get(pattern.member_id),
        kind=pattern.kind,
        day=day,
        round=number,
        evidence=pattern.evidence,
        digest=pattern.digest,
        party=pattern.party,
        found_at=clock.now(),
    )


@transaction.atomic
def judge_anomaly(*, anomaly: Anomaly, verdict: str, note: str, by: Member) -> Anomaly:
    """Say whether the study was real. No hour changes by it; the ledger is corrected apart.

    Args:
        verdict: ``plausible`` (学习属实) or ``correction`` (需要更正).

    Raises:
        NotAllowed: one's own, or of a pattern that one is part of.
        DomainError: no verdict, or no word on how it was found out.
        Conflict: it was judged already.
    """
    rows = Anomaly.objects.select_for_update(of=("self",)).select_related("member")
    anomaly = rows.get(pk=anomaly.pk)
    if by.pk in {anomaly.member_id, *anomaly.evidence.get("members", ())}:
        raise NotAllowed(_("涉及本人的学习记录要由其他教务人员核实。"))
    if verdict not in (State.PLAUSIBLE, State.CORRECTION):
        raise DomainError(_("请选择核实结论。"), field="verdict")
    if not note.strip():
        raise DomainError(_("请写明怎样核实的、依据是什么。"), field="note")
    if not anomaly.is_open:
        raise Conflict(
            _("这条记录已核实（%(state)s），请刷新页面。") % {"state": anomaly.get_state_display()}
        )
    anomaly.state, anomaly.note = verdict, note.strip()[:300]
    anomaly.judged_by, anomaly.judged_at = by, clock.now()
    anomaly.save(update_fields=["state", "note", "judged_by", "judged_at"])
    audit.record(
        "study.anomaly_judged",
        actor=by,
        subject=anomaly.member,
        fields={"anomaly": anomaly.pk, "kind": anomaly.kind, "finding": verdict},
    )
    return anomaly
