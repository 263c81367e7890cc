"""Makes branches, people, plans and completions for tests of counting."""

import itertools
from datetime import date

from school.core import clock
from school.members.models import Branch, Member
from school.plans.models import StudyPlan
from school.plans.services.plans import create_plan, publish_plan
from school.study.models import Completion, ItemRevision, StudyItem
from school.study.services.completion import consider
from tests.factories import members

_numbers = itertools.count(1)
EARLY = date(2025, 1, 1)


def make_branch(parent: Branch | None = None, kind: str = "branch", name: str = "") -> Branch:
    """A branch founded long before anything happens."""
    names = {"name": name, "short_name": name} if name else {}
    return members.branch(parent, kind, founded_on=EARLY, **names)


def make_person(branch: Branch, since: date = EARLY, name: str = "李明", **more) -> Member:
    """A full member at home in a branch."""
    return members.member(branch, since=since, name=name, **more)


def make_item(kind: str = StudyItem.Kind.ARTICLE, title: str = "") -> StudyItem:
    """An item with one revision that asks for nothing but a word of recognition."""
    number = next(_numbers)
    item = StudyItem.objects.create(
        kind=kind,
        source_type="tests.plans",
        source_id=number,
        title=title or f"学习内容 {number}",
        path=f"/things/{number}/",
    )
    item.current = ItemRevision.objects.create(
        item=item,
        number=1,
        axis=ItemRevision.Axis.NONE,
        axis_length=0,
        published_at=clock.now(),
    )
    item.save()
    return item


def make_plan(owner: Branch, items: list[StudyItem], publish: bool = True, **changes) -> StudyPlan:
    """A plan for everybody; by default March to May 2026, published."""
    values = {
        "title": f"学习计划 {next(_numbers)}",
        "owner": owner,
        "starts_on": date(2026, 3, 1),
        "ends_on": date(2026, 5, 31),
        "items": [(item, True) for item in items],
    }
    plan = create_plan(**(values | changes))
    return publish_plan(plan=plan) if publish else plan


def complete(member: Member, item: StudyItem, on: date) -> Completion:
    """The member has done the item on a day, through the study service."""
    completion = consider(
        member_id=member.pk,
        revision=item.current,
        evidence=Completion.Evidence.MANUAL,
        on=on,
        origin="tests",
    )
    assert completion is not None
    return completion
