"""Makes yearly requirements, posts and hours for tests of targets."""

from datetime import date

from school.core import jobs
from school.members.models import Branch, Member, Post, PostHolding
from school.plans.models import TargetSet
from school.plans.services.target_sets import RungDraft, SetDraft, draft_set, publish_set
from school.study.models import HourEntry
from school.study.services.ledger import post_offline

EVERYTHING = ("group", "lecture", "training", "manual")


def make_post(code: str = "secretary", name: str = "书记", rank: int = 10) -> Post:
    """A post; the same code again is the same post."""
    return Post.objects.get_or_create(code=code, defaults={"name": name, "rank": rank})[0]


def hold(member: Member, branch: Branch, post: Post, since: date, until: date | None = None):
    """The member holds a post for a time."""
    return PostHolding.objects.create(
        member=member, branch=branch, post=post, since=since, until=until
    )


def secretaries(**changes) -> RungDraft:
    """56 a year for secretaries, with a training."""
    values = {"label": "支部书记", "credit": 5600, "posts": (make_post(),), "training": True}
    return RungDraft(**(values | changes))


def everybody(**changes) -> RungDraft:
    """32 a year."""
    return RungDraft(**({"label": "党员", "credit": 3200} | changes))


def make_set(by: Member, *rungs: RungDraft, publish: bool = True, **changes) -> TargetSet:
    """A requirement of 2026 for secretaries and members, published and worked out."""
    values = {
        "year": 2026,
        "name": "党员集中学习培训",
        "solo_counts": False,
        "sources": EVERYTHING,
        "rungs": rungs or (secretaries(), everybody()),
    }
    row = draft_set(draft=SetDraft(**(values | changes)), by=by)
    return publish_now(row, by) if publish else row


def publish_now(row: TargetSet, by: Member) -> TargetSet:
    """Publish a draft and run its job."""
    jobs.run(publish_set(wanted=row, by=by).pk)
    row.refresh_from_db()
    return row


def train(member: Member, day: date, hours: int = 8, source: str = "training") -> HourEntry:
    """The member took part in a training (or another gathering) of some hours."""
    number = HourEntry.objects.count() + 1
    return post_offline(
        member_id=member.pk,
        title="集中培训",
        seconds=hours * 3600,
        source=source,
        studied_on=day,
        origin=f"tests:{number}",
    )
