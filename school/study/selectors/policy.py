"""By which rules a member studies a revision."""

from datetime import date

from school.study import presets, registry
from school.study.models import ItemRevision
from school.study.rules import policy as rules
from school.study.rules.policy import Policy, Wish


def policy_of(revision: ItemRevision) -> Policy:
    """The revision's own policy: the school's presets and what the item says for itself."""
    if revision.axis != ItemRevision.Axis.MEDIA:
        text = presets.text_policy(revision.max_rate)
        return rules.own(text, Wish(check_in=revision.check_in))
    return rules.own(
        presets.policy(),
        Wish(
            max_rate=revision.max_rate,
            seek_free=revision.seek_free,
            check_in=revision.check_in,
            questions=revision.questions,
            review=revision.review,
        ),
    )


def settled_policy(
    member_id: int, revision: ItemRevision, *, completed: bool, day: date, together: bool = False
) -> Policy:
    """The policy of a visit: the revision's own, narrowed by running plans on a first view.

    Args:
        completed: what has been completed is no first view; nothing narrows it any more.
        day: local day on which it is studied.
        together: it has been completed in a gathering only, see ``rules.seen_together``.
    """
    item = policy_of(revision)
    if completed:
        return rules.again(item)
    asked = registry.wishes(member_id, revision.item_id, day)
    if revision.axis != ItemRevision.Axis.MEDIA:
        # A text has neither speed nor order nor questions; somebody to be there it may ask for.
        asked = [Wish(check_in=wish.check_in) for wish in asked]
    policy = rules.strictest(item, asked)
    return rules.seen_together(policy) if together else policy


def permitted_rate(member_id: int, revision: ItemRevision, *, completed: bool, day: date) -> int:
    """Highest rate that counts, hundredths: see ``settled_policy``."""
    return settled_policy(member_id, revision, completed=completed, day=day).max_rate
