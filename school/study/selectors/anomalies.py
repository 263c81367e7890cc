"""待核实 as screens need it: who may look and judge, the list of a node, evidence in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from school.core import wording
from school.members.models import Branch, Member, RoleGrant
from school.members.permissions import scope_for
from school.members.selectors.directory import subtree_q
from school.study.models import Anomaly, HourEntry, ItemRevision
from school.study.rules.anomalies import HOUR_USED, INSTANT_MS
from school.study.selectors.patterns import bounds

Role, Kind, State = RoleGrant.Role, Anomaly.Kind, Anomaly.State
SHOWN = 100


def may_look(member: Member, node: Branch) -> bool:
    """Whether a member may read the list of a node: who acts for it, and auditors."""
    scope = scope_for(member)
    return scope.may_write(node) or scope.has(Role.AUDITOR, node)


def anomalies_below(member: Member, node: Branch) -> QuerySet[Anomaly]:
    """The list of a node and below, without what the reader is part of; open ones first.

    Whoever had no branch that day is on the list of the whole school.
    """
    reach = subtree_q(node)
    if node.is_root():
        reach |= Q(branch=None)
    return _not_of(member, Anomaly.objects.filter(reach)).select_related("member", "branch")


def _not_of(member: Member, rows: QuerySet[Anomaly]) -> QuerySet[Anomaly]:
    """Without rows about a member or about a party of his."""
    own = Anomaly.objects.filter(member=member).exclude(party="").values("party")
    return rows.exclude(member=member).exclude(party__in=own)


def in_order(rows: QuerySet[Anomaly]) -> QuerySet[Anomaly]:
    """Open ones first, then the newest day."""
    return rows.order_by("judged_at", "-day", "party", "pk")


def anomaly_within(member: Member, pk: int) -> Anomaly | None:
    """One row within reach, or None."""
    rows = Anomaly.objects.select_related("member", "branch", "judged_by")
    found = _not_of(member, rows).filter(pk=pk).first()
    if found is None or member.pk in found.evidence.get("members", ()):
        return None
    return found if _reaches(member, found) else None


def _reaches(member: Member, anomaly: Anomaly) -> bool:
    scope = scope_for(member)
    if anomaly.branch is None:
        return any(scope.has_everywhere(role) for role in (Role.SCHOOL_ADMIN, Role.AUDITOR))
    return may_look(member, anomaly.branch)


def may_judge(member: Member, anomaly: Anomaly) -> bool:
    """Whether a member may judge: 教务 for that branch, never what he is part of himself."""
    if not anomaly.is_open or member.pk in {
        anomaly.member_id,
        *anomaly.evidence.get("members", ()),
    }:
        return False
    scope = scope_for(member)
    if anomaly.branch is None:
        return scope.has_everywhere(Role.SCHOOL_ADMIN)
    return scope.has(Role.SCHOOL_ADMIN, anomaly.branch)


def to_judge_count(member: Member, node: Branch) -> int:
    """How many open rows of a node wait for this member. One query; none for who only looks."""
    if not scope_for(member).has(Role.SCHOOL_ADMIN, node):
        return 0
    return anomalies_below(member, node).filter(state=State.OPEN).count()


def rest_of_party(member: Member, anomaly: Anomaly) -> list[Anomaly]:
    """Other open rows of the same pattern that the member may judge."""
    if not anomaly.party:
        return []
    rows = Anomaly.objects.filter(party=anomaly.party, kind=anomaly.kind, day=anomaly.day)
    rows = rows.filter(state=State.OPEN).exclude(pk=anomaly.pk).select_related("branch")
    return [row for row in rows if may_judge(member, row)]


def open_of_year(year: int) -> QuerySet[Anomaly]:
    """What of a year nobody has judged yet."""
    return Anomaly.objects.filter(state=State.OPEN, day__year=year)


def held_members() -> QuerySet:
    """Ids of members with an open row: their evidence stays until somebody has judged it."""
    return Anomaly.objects.filter(state=State.OPEN).order_by().values("member_id")


def entries_of(anomaly: Anomaly) -> list[HourEntry]:
    """What of the day is in the member's ledger, corrections too. One query."""
    rows = HourEntry.objects.filter(member_id=anomaly.member_id, studied_on=anomaly.day)
    return list(rows.order_by("pk")[:SHOWN])


# -- evidence in words ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of a table of times; ``own``: it is about the member whose page this is."""

    what: str
    begin: str
    end: str
    note: str = ""
    own: bool = False


@dataclass(frozen=True)
class Shown:
    """The evidence of a row for people.

    ``said``: sentences; ``rows``: times under the head ``about``; ``hours``: minutes of study in
    each hour of the clock; ``others``: the rest of the party within reach, masked, and ``beyond``
    how many more there are.
    """

    said: list[str]
    about: str = ""
    rows: list[Row] = field(default_factory=list)
    hours: list[dict] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    beyond: int = 0


def shown(reader: Member, anomaly: Anomaly) -> Shown:
    """What was found, in words, as far as it is the reader's to know. At most three queries."""
    words = {
        Kind.RHYTHM: _rhythm,
        Kind.LONG_DAY: _long_day,
        Kind.DEVICE: _device,
        Kind.LOCKSTEP: _lockstep,
        Kind.DEFERRED: _deferred,
    }
    return words[Kind(anomaly.kind)](reader, anomaly)


def _rhythm(_reader: Member, anomaly: Anomaly) -> Shown:
    return Shown([_sign(name, each) for name, each in anomaly.evidence["signs"].items()])


def _sign(name: str, sign: dict) -> str:
    if name == "instant":
        return _(
            "当日 %(answers)d 次在学确认，弹出后不到 %(limit)s 秒就都已作答，人一般做不到。"
        ) % {"answers": sign["answers"], "limit": _seconds(INSTANT_MS)}
    if name == "same":
        return _(
            "当日 %(answers)d 次在学确认，都在弹出后 %(low)s 至 %(high)s 秒之间作答，几乎没有差别。"
        ) % {
            "answers": sign["answers"],
            "low": _seconds(sign["low"]),
            "high": _seconds(sign["high"]),
        }
    if name == "even":
        return _(
            "连续 %(reports)d 次上报间隔都是 %(interval)s 秒左右，"
            "其间经过 %(check_ins)d 次在学确认；播放器每次确认都会停下，间隔本应被打断。"
        ) % {
            "reports": sign["reports"],
            "interval": _seconds(sign["interval"]),
            "check_ins": sign["check_ins"],
        }
    return _(
        "当日 %(visits)d 次学习（%(items)d 项内容，长短不一）每次都是 %(low)s 至 %(high)s 秒。"
    ) % {
        "visits": sign["visits"],
        "items": sign["items"],
        "low": _seconds(sign["low"]),
        "high": _seconds(sign["high"]),
    }


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000 // 100}"


def _long_day(_reader: Member, anomaly: Anomaly) -> Shown:
    evidence = anomaly.evidence
    said = _(
        "当日计入 %(total)s（含集体学习），分布在 %(used)d 个小时里"
        "（每小时满 %(least)d 分钟才算）。"
    ) % {
        "total": wording.duration(evidence["total"] // 1000),
        "used": evidence["used"],
        "least": HOUR_USED // 60_000,
    }
    hours = [
        {"label": f"{number:02d}:00", "minutes": ms // 60_000}
        for number, ms in enumerate(evidence["hours"])
    ]
    return Shown([said], hours=hours)


def _device(reader: Member, anomaly: Anomaly) -> Shown:
    members, turns = anomaly.evidence["members"], anomaly.evidence["turns"]
    said = _("当日同一个浏览器上有 %(count)d 个账号先后学习，前后相隔都不到 15 分钟。") % {
        "count": len(members)
    }
    names = _names(reader, anomaly, members)
    rows = [
        Row(
            names.get(member, _("其他党组织的党员")),
            _at(anomaly, begin),
            _at(anomaly, end),
            wording.duration((end - begin) // 1000),
            own=member == anomaly.member_id,
        )
        for member, begin, end in turns
    ]
    return Shown([said], _("账号"), rows, beyond=_gap(names, members))


def _lockstep(reader: Member, anomaly: Anomaly) -> Shown:
    members, visits = anomaly.evidence["members"], anomaly.evidence["visits"]
    said = _(
        "当日 %(members)d 名党员学习多项内容，开始和结束都相差不到 3 秒；这段时间没有登记集体学习。"
    ) % {"members": len(members)}
    titles = _titles(row[0] for row in visits)
    rows = [
        Row(
            titles.get(revision, ""),
            _at(anomaly, begin),
            _at(anomaly, end),
            _("%(count)d 人") % {"count": count},
        )
        for revision, begin, end, count in visits
    ]
    names = _names(reader, anomaly, members)
    others, beyond = _others(names, anomaly), _gap(names, members)
    return Shown([said], _("内容"), rows, others=others, beyond=beyond)


def _deferred(_reader: Member, anomaly: Anomaly) -> Shown:
    visits = anomaly.evidence["visits"]
    said = _(
        "%(visits)d 次学习（合计 %(total)s）都在结束一小时以后才一次传来；"
        "其间同一浏览器连接过服务器，或者页面打开半小时以后才开始学习。"
        "页面有网络时边学边传，没有网络时存下的也会在下次打开时先传。"
    ) % {"visits": len(visits), "total": wording.duration(anomaly.evidence["total"] // 1000)}
    titles = _titles(row[0] for row in visits)
    rows = [
        Row(
            titles.get(revision, ""),
            _at(anomaly, begin),
            _at(anomaly, end),
            _("%(at)s 传来") % {"at": _at(anomaly, received)},
        )
        for revision, begin, end, received in visits[:SHOWN]
    ]
    return Shown([said], _("内容"), rows)


def _titles(revisions: Iterable[int]) -> dict[int, str]:
    rows = ItemRevision.objects.filter(pk__in=list(revisions))
    return dict(rows.values_list("pk", "item__title"))


def _at(anomaly: Anomaly, ms: int) -> str:
    moment = bounds(anomaly.day)[0] + timedelta(milliseconds=ms)
    return f"{moment:%m-%d %H:%M:%S}" if ms >= 24 * 3_600_000 else f"{moment:%H:%M:%S}"


def _names(reader: Member, anomaly: Anomaly, members: Iterable[int]) -> dict[int, str]:
    """Members of a party the reader oversees, masked; the one it is about is known by the page."""
    rows = scope_for(reader).members().filter(pk__in=list(members)[:SHOWN]).order_by("staff_number")
    return {row.pk: row.masked_label for row in rows} | {anomaly.member_id: anomaly.member.name}


def _others(names: dict[int, str], anomaly: Anomaly) -> list[str]:
    return [name for pk, name in names.items() if pk != anomaly.member_id]


def _gap(names: dict[int, str], members: list[int]) -> int:
    return len(set(members) - set(names))
