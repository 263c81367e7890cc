"""Sets of yearly targets: the list, and what publishing one would do."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Q

from school.core.models import Job
from school.members.models import Member
from school.plans.models import AnnualTarget, TargetSet
from school.plans.rules.targets import Asked, Part
from school.plans.selectors.target_people import dues_of
from school.study.models import HourEntry

# Study alone, at one's own pace: whether it counts is the question no preset answers.
SOLO = (HourEntry.Source.ONLINE, HourEntry.Source.QUIZ)
SHOWN = 50


def counting_sources(wanted: TargetSet) -> list[str]:
    """Sources of the ledger whose credit counts for a set."""
    solo = [source.value for source in SOLO] if wanted.solo_counts else []
    return sorted({*wanted.sources, *solo})


def other_sources() -> list[tuple[str, str]]:
    """Sources besides study alone, as a form offers them."""
    return [(s.value, s.label) for s in HourEntry.Source if s not in SOLO]


def differs(wanted: TargetSet, asked: Asked | None, held: AnnualTarget | None) -> bool:
    """Whether what is written is not what the set asks."""
    if asked is None:
        return held is not None and held.in_force
    if held is None or not held.in_force:
        return True
    return (
        held.set_id != wanted.pk
        or held.credit != asked.due
        or held.sources != counting_sources(wanted)
        or held.basis != wanted.basis
        or held.rung != asked.rung
        or held.change != asked.change
        or held.starts_on != asked.starts_on
        or [tuple(part) for part in held.parts] != [_plain(part) for part in asked.parts]
        or [(c["kind"], c["since"], c["by"], c["label"]) for c in held.conditions]
        != [(c.kind, c.since.isoformat(), c.by.isoformat(), c.label) for c in asked.conditions]
    )


def _plain(part: Part) -> tuple[str, int, int]:
    return part.label, part.months, part.due


@dataclass(frozen=True)
class Group:
    """Members with the same target: rung, credit, and whether it is a share of the year."""

    rung: str
    due: int
    members: int
    share: bool = False


@dataclass(frozen=True)
class Case:
    """One member whose target is worked out by months, or changes."""

    member: Member
    asked: Asked | None
    old: int | None = None


@dataclass(frozen=True)
class SetPreview:
    """What publishing a set would do.

    ``shares`` and ``changes`` name at most ``SHOWN`` people; ``made`` … ``same`` count all.
    """

    groups: list[Group]
    members: int
    outside: int
    made: int
    changed: int
    ended: int
    same: int
    trained: int
    newly: int
    shares: list[Case] = field(default_factory=list)
    share_count: int = 0
    changes: list[Case] = field(default_factory=list)


def preview_of(wanted: TargetSet) -> SetPreview:
    """Who would get which target, and what changes against what is written now."""
    groups: Counter = Counter()
    tally: Counter = Counter()
    shares: list[tuple] = []
    changes: list[tuple] = []
    for window in dues_of(wanted):
        for due in window:
            asked, held = due.asked, due.held
            before = held.credit if held is not None and held.in_force else None
            tally[_fate(asked, before)] += 1
            if before is not None and (asked is None or asked.due != before):
                changes.append((due.member_id, asked, before))
            if asked is None:
                continue
            share = sum(part.months for part in asked.parts) < 12 or len(asked.parts) > 1
            groups[(asked.rung if not share else "", asked.due if not share else 0, share)] += 1
            if share:
                shares.append((due.member_id, asked, before))
            kinds = {each.kind for each in asked.conditions}
            tally["trained"] += "training" in kinds
            tally["newly"] += "new_post" in kinds
    return SetPreview(
        groups=_groups(groups),
        members=sum(groups.values()),
        outside=tally["outside"],
        made=tally["made"],
        changed=tally["changed"],
        ended=tally["ended"],
        same=tally["same"],
        trained=tally["trained"],
        newly=tally["newly"],
        shares=_cases(shares[:SHOWN]),
        share_count=len(shares),
        changes=_cases(changes[:SHOWN]),
    )


def _fate(asked: Asked | None, before: int | None) -> str:
    if asked is None:
        return "outside" if before is None else "ended"
    if before is None:
        return "made"
    return "same" if before == asked.due else "changed"


def _groups(groups: Counter) -> list[Group]:
    rows = [Group(rung, due, n, share) for (rung, due, share), n in groups.items()]
    return sorted(rows, key=lambda row: (row.share, -row.due, row.rung))


def _cases(rows: Iterable[tuple]) -> list[Case]:
    rows = list(rows)
    people = Member.objects.in_bulk([member for member, _asked, _old in rows])
    return [Case(people[member], asked, old) for member, asked, old in rows]


def listed() -> list[TargetSet]:
    """All sets with how many members each is asked of now, the newest year first. One query."""
    asked = Count("targets", filter=Q(targets__in_force=True))
    return list(
        TargetSet.objects.annotate(people=asked).order_by("-year", "name", "-version", "-pk")
    )


def source_labels(wanted: TargetSet) -> list[str]:
    """What counts for a set, in words."""
    labels = dict(HourEntry.Source.choices)
    return [str(labels.get(source, source)) for source in counting_sources(wanted)]


def held_groups(wanted: TargetSet) -> list[Group]:
    """How many members hold which target of a set now. One query."""
    rows = (
        AnnualTarget.objects.in_force()
        .filter(set=wanted)
        .order_by("-credit", "rung")
        .values_list("rung", "credit")
        .annotate(members=Count("pk"))
    )
    return [Group(rung, credit, members) for rung, credit, members in rows]


def last_job(wanted: TargetSet) -> Job | None:
    """The job that brought a set's targets in step, or does so now. One query."""
    rows = Job.objects.filter(subject_type=TargetSet._meta.label_lower, subject_id=str(wanted.pk))
    return rows.order_by("-pk").first()
