"""A tree of many members for the figures of people, and those figures."""

from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import connection

from school.members.models import Branch, BranchPlacement, Member, Membership, MemberStanding

SINCE = date(2020, 1, 1)
BATCH = 2000
PER_BRANCH = 100


def grow(root: Branch, members: int, *, prefix: str = "P") -> Branch:
    """A committee below ``root`` with branches of 100 members each; straight into the tables.

    The services enrol one by one and tell everybody, which is measured elsewhere; what is wanted
    here is only a list to read.
    """
    node = root.add_child(
        code=f"{prefix}-N",
        name=f"{prefix}测量党委",
        short_name=f"{prefix}测量",
        kind=Branch.Kind.COMMITTEE,
        founded_on=SINCE,
    )
    BranchPlacement.objects.create(branch=node, parent=root, since=SINCE)
    leaves = []
    for number in range(-(-members // PER_BRANCH)):
        leaf = node.add_child(
            code=f"{prefix}-{number:05}",
            name=f"{prefix}第{number}党支部",
            short_name=f"{prefix}{number}支部",
            kind=Branch.Kind.BRANCH,
            founded_on=SINCE,
        )
        BranchPlacement.objects.create(branch=leaf, parent=node, since=SINCE)
        leaves.append(leaf)
    unusable = make_password(None)
    for start in range(0, members, BATCH):
        numbers = range(start, min(start + BATCH, members))
        made = Member.objects.bulk_create(
            Member(staff_number=f"{prefix}{n:07}", name=f"测{n}", password=unusable)
            for n in numbers
        )
        # Neighbours in the list come from branches all over the node.
        Membership.objects.bulk_create(
            Membership(member=m, branch=leaves[n % len(leaves)], since=SINCE)
            for n, m in zip(numbers, made, strict=True)
        )
        MemberStanding.objects.bulk_create(
            MemberStanding(member=m, kind="activist" if n % 300 == 0 else "full", since=SINCE)
            for n, m in zip(numbers, made, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    node.refresh_from_db()
    return node
