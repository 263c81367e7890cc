"""A school of any size for measuring: plain rows in bulk, the counters by the real service."""

import random
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from datetime import time as clock_time

from django.db import transaction
from django.db.models import Max

from school.core import clock
from school.demo.people import FOUNDED, SEED
from school.members.models import Branch, BranchPlacement, Member, Membership, MemberStanding
from school.study import spans
from school.study.models import (
    Completion,
    Coverage,
    HourEntry,
    ItemRevision,
    StudyDay,
    StudyItem,
)

BATCH = 2_000
PER_GENERAL = 20
ARTICLE = 900


def grow(*, members: int, branches: int, items: int, days: int, tell: Callable[[str], None]) -> str:
    """Add a tree, members, items and their study; the same numbers give the same school.

    Args:
        branches: leaf branches; general branches of twenty leaves stand above them.
        days: study is spread over so many days before today.

    Returns:
        One line that says what was made. Running it again with a root of that size changes nothing.
    """
    started = time.monotonic()
    code = f"S{branches}X{members}"
    if Branch.objects.filter(code=code).exists():
        return f"规模学校 {code} 已存在，没有改动。"
    with transaction.atomic():
        leaves = _tree(code, branches)
        tell(f"党组织 {len(leaves)} 个支部")
        people = _members(code, leaves, members)
        tell(f"党员 {len(people)} 人")
        revisions = _items(code, items)
        tell(f"学习内容 {len(revisions)} 项")
        studied = _study(people, revisions, days)
        tell(f"学习记录 {studied} 条")
    seconds = time.monotonic() - started
    size = f"{branches} 个支部，{members} 人，{items} 项，{studied} 条"
    return f"规模学校 {code}：{size}，{seconds:.1f} 秒"


def _tree(code: str, branches: int) -> list[int]:
    root = Branch.add_root(
        code=code, name=f"规模学校 {code}", short_name=code[:20], kind=Branch.Kind.COMMITTEE,
        founded_on=FOUNDED,
    )  # fmt: skip
    generals = -(-branches // PER_GENERAL)
    rows = [_node(root.path, code, "G", index, 2) for index in range(1, generals + 1)]
    for index in range(branches):
        above = rows[index // PER_GENERAL]
        above.numchild += 1
        leaf = _node(above.path, code, "B", index + 1, 3, above.numchild)
        rows.append(leaf)
    Branch.objects.bulk_create(rows, batch_size=BATCH)
    Branch.objects.filter(pk=root.pk).update(numchild=generals)
    by_path = dict(Branch.objects.filter(path__startswith=root.path).values_list("path", "pk"))
    BranchPlacement.objects.bulk_create(
        [
            BranchPlacement(
                branch_id=pk,
                parent_id=by_path.get(path[: -Branch.steplen]),
                since=FOUNDED,
            )
            for path, pk in by_path.items()
        ],
        batch_size=BATCH,
    )
    return [pk for path, pk in sorted(by_path.items()) if len(path) == len(root.path) + 8]


def _node(above, code, letter, index, depth, place=None) -> Branch:
    path = Branch._get_path(above, depth, place or index)
    kind = Branch.Kind.GENERAL_BRANCH if depth == 2 else Branch.Kind.BRANCH
    word = "总支" if depth == 2 else "支部"
    return Branch(
        path=path, depth=depth, numchild=0, code=f"{code}-{letter}{index}",
        name=f"第{index}{word}", short_name=f"第{index}{word}", kind=kind, founded_on=FOUNDED,
    )  # fmt: skip


def _members(code: str, leaves: list[int], members: int) -> list[int]:
    first = (Member.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    Member.objects.bulk_create(
        [
            Member(
                staff_number=f"{code}-{n}", name=f"学员{n}", password="!", must_set_password=False,
                first_run_done_at=clock.now(), profile_confirmed_at=clock.now(),
            )
            for n in range(members)
        ],
        batch_size=BATCH,
    )  # fmt: skip
    ids = list(
        Member.objects.filter(pk__gte=first, staff_number__startswith=f"{code}-")
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    since = clock.today() - timedelta(days=730)
    MemberStanding.objects.bulk_create(
        [MemberStanding(member_id=pk, kind=MemberStanding.Kind.FULL, since=since) for pk in ids],
        batch_size=BATCH,
    )
    Membership.objects.bulk_create(
        [
            Membership(member_id=pk, branch_id=leaves[index % len(leaves)], since=since)
            for index, pk in enumerate(ids)
        ],
        batch_size=BATCH,
    )
    return ids


def _items(code: str, items: int) -> list[ItemRevision]:
    base = (StudyItem.objects.aggregate(last=Max("source_id"))["last"] or 0) + 1_000_000
    made = StudyItem.objects.bulk_create(
        [
            StudyItem(
                kind=StudyItem.Kind.ARTICLE, source_type=f"demo.scale.{code}"[:60],
                source_id=base + n, title=f"规模内容 {n}", path="/",
            )
            for n in range(items)
        ]
    )  # fmt: skip
    revisions = ItemRevision.objects.bulk_create(
        [
            ItemRevision(
                item=each, number=1, axis=ItemRevision.Axis.TEXT, axis_length=ARTICLE,
                study_ms=216_000, award=25, published_at=clock.now(),
            )
            for each in made
        ]
    )  # fmt: skip
    for item, revision in zip(made, revisions, strict=True):
        item.current = revision
    StudyItem.objects.bulk_update(made, ["current"], batch_size=500)
    return revisions


def _study(people: list[int], revisions: list[ItemRevision], days: int) -> int:
    """About a third of all (member, item) pairs, at most twelve a member, done on some day."""
    rng = random.Random(SEED)
    whole = spans.pack([0, ARTICLE])
    today, count = clock.today(), 0
    rows: list[tuple[int, ItemRevision, datetime]] = []
    for member in people:
        for revision in rng.sample(revisions, min(len(revisions), rng.randrange(0, 13))):
            day = today - timedelta(days=rng.randrange(max(1, days)))
            rows.append(
                (member, revision, datetime.combine(day, clock_time(12), tzinfo=clock.LOCAL))
            )
        if len(rows) >= BATCH:
            count += _write(rows, whole)
            rows = []
    return count + _write(rows, whole)


def _write(rows: list[tuple[int, ItemRevision, datetime]], whole: bytes) -> int:
    Coverage.objects.bulk_create(
        [
            Coverage(
                member_id=m, revision=r, spans=whole, covered=ARTICLE, studied_ms=r.study_ms,
                resume_at=ARTICLE, updated_at=t, met_on=clock.local_day(t),
            )
            for m, r, t in rows
        ],
        batch_size=BATCH,
    )  # fmt: skip
    StudyDay.objects.bulk_create(
        [
            StudyDay(member_id=m, revision=r, day=clock.local_day(t), studied_ms=r.study_ms)
            for m, r, t in rows
        ],
        batch_size=BATCH,
    )
    Completion.objects.bulk_create(
        [
            Completion(
                member_id=m, item_id=r.item_id, revision=r, effective_on=clock.local_day(t),
                recorded_at=t, evidence=Completion.Evidence.STUDY,
            )
            for m, r, t in rows
        ],
        batch_size=BATCH,
    )  # fmt: skip
    HourEntry.objects.bulk_create(
        [
            HourEntry(
                member_id=m, item_id=r.item_id, title=r.item.title, seconds=r.study_ms // 1000,
                credit=r.award, source=HourEntry.Source.ONLINE, studied_on=clock.local_day(t),
                recorded_at=t, counts_for_year=clock.local_day(t).year,
                origin=f"scale:{uuid.uuid5(uuid.NAMESPACE_OID, f'{m}:{r.pk}')}",
            )
            for m, r, t in rows
        ],
        batch_size=BATCH,
    )  # fmt: skip
    return len(rows)
