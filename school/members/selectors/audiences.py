"""Who is in an audience, and which audiences a member is in."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from school.core import clock
from school.members.models import (
    Audience,
    AudienceRule,
    Member,
    Membership,
    MemberStanding,
    PostHolding,
)

PUBLIC = "public"
MEMBERS = "members"


def token(audience: Audience | None) -> str:
    """How a search document names its audience; None means all members."""
    if audience is None or audience.scope == Audience.Scope.MEMBERS:
        return MEMBERS
    if audience.scope == Audience.Scope.PUBLIC:
        return PUBLIC
    return f"a:{audience.pk}"


def audience_tokens(member: Member | None) -> list[str]:
    """All tokens a reader may see; guests see only what is public."""
    if member is None or not member.is_authenticated:
        return [PUBLIC]
    return [PUBLIC, MEMBERS, *(f"a:{pk}" for pk in sorted(rule_audience_ids(member)))]


def rule_audience_ids(member: Member) -> set[int]:
    """Rule-based audiences the member is in today; one query, kept on the object."""
    known = getattr(member, "_rule_audience_ids", None)
    if known is None:
        known = _match(member, clock.today())
        member._rule_audience_ids = known
    return known


def visible_q(member: Member | None, field: str = "audience") -> Q:
    """Condition on rows with an ``audience`` key that a reader may see."""
    public = Q(**{f"{field}__scope": Audience.Scope.PUBLIC})
    if member is None or not member.is_authenticated:
        return public
    return (
        public
        | Q(**{f"{field}__isnull": True})
        | Q(**{f"{field}__scope": Audience.Scope.MEMBERS})
        | Q(**{f"{field}_id__in": rule_audience_ids(member)})
    )


def in_audience(audience: Audience | None, member: Member | None) -> bool:
    """Whether a reader belongs to an audience; None means all members."""
    if audience is not None and audience.scope == Audience.Scope.PUBLIC:
        return True
    if member is None or not member.is_authenticated:
        return False
    if audience is None or audience.scope == Audience.Scope.MEMBERS:
        return True
    return audience.pk in rule_audience_ids(member)


def _match(member: Member, day: date) -> set[int]:
    """The database holds each rule against the member's own few rows: one query."""
    homes = Membership.objects.on(day).filter(
        member=member,
        kind=Membership.Kind.HOME,
        branch__path__startswith=OuterRef("branch__path"),
    )
    posts = PostHolding.objects.on(day).filter(member=member, post=OuterRef("post"))
    kinds = MemberStanding.objects.on(day).filter(member=member, kind=OuterRef("kind"))
    rules = AudienceRule.objects.filter(
        Q(branch=None) | Exists(homes), Q(post=None) | Exists(posts), Q(kind="") | Exists(kinds)
    )
    hit, excluded = set(), set()
    for audience, excludes in rules.order_by().values_list("audience_id", "excludes"):
        (excluded if excludes else hit).add(audience)
    return hit - excluded


def audience_members(audience: Audience | None, day: date | None = None) -> QuerySet[Member]:
    """Members of an audience on a day who have a home branch that day."""
    day = day or clock.today()
    homes = Membership.objects.on(day).filter(kind=Membership.Kind.HOME)
    everyone = Member.objects.filter(pk__in=homes.values("member_id"))
    if audience is None or audience.scope != Audience.Scope.RULES:
        return everyone
    included, excluded = Q(pk__in=()), Q(pk__in=())
    for rule in audience.rules.select_related("branch"):
        if rule.excludes:
            excluded |= _rule_q(rule, day)
        else:
            included |= _rule_q(rule, day)
    return everyone.filter(included).exclude(excluded)


def _rule_q(rule: AudienceRule, day: date) -> Q:
    condition = Q()
    if rule.branch:
        homes = Membership.objects.on(day).filter(
            kind=Membership.Kind.HOME, branch__path__startswith=rule.branch.path
        )
        condition &= Q(pk__in=homes.values("member_id"))
    if rule.post_id:
        holders = PostHolding.objects.on(day).filter(post_id=rule.post_id)
        condition &= Q(pk__in=holders.values("member_id"))
    if rule.kind:
        standing = MemberStanding.objects.on(day).filter(kind=rule.kind)
        condition &= Q(pk__in=standing.values("member_id"))
    return condition
