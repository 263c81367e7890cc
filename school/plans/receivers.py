"""What happens elsewhere and changes the figures. Connected in ``PlansConfig.ready``."""

from datetime import date

from school.members.models import AudienceRule, Branch, Member, PostHolding
from school.plans.models import StudyPlan, TargetRung
from school.plans.selectors.plans import counting_plans
from school.plans.services.counting import move_counts, settle, settle_many
from school.plans.services.settling import follow_people, want_settling
from school.study.models import Completion, Coverage, HourEntry

PUBLISHED = StudyPlan.State.PUBLISHED


def _plans_with(item_id: int) -> list[StudyPlan]:
    rows = StudyPlan.objects.filter(state=PUBLISHED, items__item_id=item_id)
    return list(rows.select_related("audience").distinct())


def count_completion(sender, completion: Completion, **kwargs) -> None:
    """A completion or its correction: the plans that hold the item."""
    if plans := _plans_with(completion.item_id):
        settle(member_ids=[completion.member_id], plans=plans)


def count_start(sender, coverage: Coverage, **kwargs) -> None:
    """First evidence on an item, or what a gathering met taken back: the plans that hold it."""
    if plans := _plans_with(coverage.revision.item_id):
        settle(member_ids=[coverage.member_id], plans=plans)


def count_credit(sender, entry: HourEntry, **kwargs) -> None:
    """Hours earned or taken back: plans that ask hours, by themselves or through the year."""
    trained = entry.source == HourEntry.Source.TRAINING
    if (entry.credit or trained) and (plans := counting_plans()):
        settle(member_ids=[entry.member_id], plans=plans)


def count_membership(
    sender, member: Member, old_branch: Branch | None, new_branch: Branch | None, on: date, **kwargs
) -> None:
    """Joined, transferred or left."""
    follow_people(member_ids=[member.pk])
    if plans := counting_plans():
        settle(member_ids=[member.pk], plans=plans)


def count_memberships(sender, member_ids: list[int], on: date, **kwargs) -> None:
    """Homes of many changed at once: branches were merged or split."""
    follow_people(member_ids=member_ids)
    if plans := counting_plans():
        settle_many(member_ids=member_ids, plans=plans)


def count_standing(sender, member: Member, on: date, **kwargs) -> None:
    """Kind or state changed."""
    follow_people(member_ids=[member.pk])
    if plans := counting_plans():
        settle(member_ids=[member.pk], plans=plans)


def count_post(sender, instance: PostHolding, **kwargs) -> None:
    """A post was taken or given up: the holder's targets, and plans for holders of posts."""
    follow_people(member_ids=[instance.member_id])
    plans = StudyPlan.objects.filter(state=PUBLISHED, audience__rules__post__isnull=False)
    if plans := list(plans.select_related("audience").distinct()):
        settle(member_ids=[instance.member_id], plans=plans)


def count_placement(
    sender, branch: Branch, old_parent: Branch | None, new_parent: Branch, on: date, **kwargs
) -> None:
    """A branch moved in the tree: sets may name branches, so all are looked at again."""
    want_settling()
    move_counts(branch=branch, old_parent=old_parent, new_parent=new_parent, on=on)


def want_recount(sender, instance: AudienceRule, **kwargs) -> None:
    """An audience changed: the roller recounts its plans."""
    StudyPlan.objects.filter(state=PUBLISHED, audience_id=instance.audience_id).update(
        recount_wanted=True
    )
    if TargetRung.objects.filter(audience_id=instance.audience_id).exists():
        want_settling()
