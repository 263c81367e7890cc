"""What apps above add to studying. Filled in ``AppConfig.ready``.

``register_requirement``: what an item asks for besides being seen (for example: its quiz must be
passed). A requirement answers for one revision and one member; coverage is built in.

``register_year_panel``: what a member owes in a year (targets come from plans).

``register_pending``: what of a member's year is not in the ledger yet because somebody has to look
at it (待核实, 逾期上传, 核实中); the member's page lists it above the entries.

``register_wishes``: what asks for a stricter first view of an item by a member (a running plan that
requires it).

``register_gates``: questions inside a film, which are asked while it plays.

``register_evidence_hold``: whose evidence must not be pruned yet (an open dispute).

``register_together``: when members were in a registered gathering, so that people who study in one
room at one time are not taken for something else.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from school.study.models import ItemRevision
from school.study.rules.policy import Wish


@dataclass(frozen=True)
class Outstanding:
    """A requirement not met yet: what to do, in Chinese, and where."""

    text: str
    path: str = ""


Requirement = Callable[[ItemRevision, int, int], Outstanding | None]

_requirements: list[Requirement] = []


def register_requirement(requirement: Requirement) -> Requirement:
    """Add a check ``(revision, member_id, cycle) -> Outstanding | None`` (None: met, not asked)."""
    _requirements.append(requirement)
    return requirement


def outstanding(revision: ItemRevision, member_id: int, cycle: int) -> list[Outstanding]:
    """All registered requirements that a member has still to meet."""
    checked = (check(revision, member_id, cycle) for check in _requirements)
    return [missing for missing in checked if missing]


Wishes = Callable[[int, int, date], Iterable[Wish]]

_wishes: list[Wishes] = []


def register_wishes(wishes: Wishes) -> Wishes:
    """Add ``(member_id, item_id, day) -> wishes``; together they can only narrow the item's policy.

    Asked once when a session is opened and once when a page is shown, never by a report.
    """
    _wishes.append(wishes)
    return wishes


def wishes(member_id: int, item_id: int, day: date) -> list[Wish]:
    """What is asked of a member's first view of an item on a local day."""
    return [wish for ask in _wishes for wish in ask(member_id, item_id, day)]


@dataclass(frozen=True)
class Gate:
    """A question inside a film: where it waits (milliseconds), its name, and where it is asked.

    ``key`` stays the same while the question does (at most 40 characters). ``path``: GET gives the
    question as a fragment, POST takes an answer and says whether it passed.
    """

    position: int
    key: str
    path: str


GateSource = Callable[[ItemRevision], Iterable[Gate]]

_gates: list[GateSource] = []


def register_gates(source: GateSource) -> GateSource:
    """Add questions ``(revision) -> gates``."""
    _gates.append(source)
    return source


def gates(revision: ItemRevision) -> list[Gate]:
    """All questions inside a revision's film, in the order in which they come."""
    if revision.axis != ItemRevision.Axis.MEDIA:
        return []
    found = (gate for source in _gates for gate in source(revision))
    return sorted(found, key=lambda gate: (gate.position, gate.key))


@dataclass(frozen=True)
class TargetLine:
    """One target of a member's year in words and numbers (hundredths of 学时).

    ``formula``: how ``due`` came about; ``sources``: what counts ("" means everything);
    ``outlook``: where the present pace leads ("" when nothing honest can be said);
    ``conditions``: what else is asked, each {text, state, tone}; ``met``: all of it is there.
    ``let_off``: in words, when the member is not asked (免学); all other parts are empty then.
    """

    label: str
    due: int = 0
    credited: int = 0
    outside: int = 0
    met: bool = False
    basis: str = ""
    formula: str = ""
    sources: str = ""
    outlook: str = ""
    conditions: tuple[dict[str, str], ...] = ()
    let_off: str = ""

    @property
    def open_conditions(self) -> int:
        """How many conditions are not met."""
        return sum(1 for each in self.conditions if each["tone"] != "done")


@dataclass(frozen=True)
class YearPanel:
    """The nearest unmet target of a member's year, in hundredths of 学时.

    ``outside``: credit of the year that this target does not count. ``targets``: all of them;
    ``last``: those of the year before while that one is open.
    """

    label: str
    due: int
    credited: int
    outside: int = 0
    due_on: date | None = None
    path: str = ""
    targets: tuple[TargetLine, ...] = ()
    last: tuple[TargetLine, ...] = ()

    @property
    def open_conditions(self) -> int:
        """How many conditions of the target shown are not met."""
        return next((t.open_conditions for t in self.targets if t.label == self.label), 0)


Panel = Callable[[int, int], YearPanel | None]

_panels: list[Panel] = []


def register_year_panel(panel: Panel) -> Panel:
    """Add targets ``(member_id, year) -> YearPanel | None``; the first answer is shown."""
    _panels.append(panel)
    return panel


def year_panel(member_id: int, year: int) -> YearPanel | None:
    """What a member owes in a year, or None when nothing is asked."""
    answers = (panel(member_id, year) for panel in _panels)
    return next((answer for answer in answers if answer), None)


@dataclass(frozen=True)
class PendingRow:
    """Something of a member's year that is not credited yet, and who has it.

    ``seconds`` of study and ``credit`` (hundredths of 学时) are None where not known yet;
    ``state`` in words (逾期上传，待核实), ``note`` says what happens next and who has it.
    """

    title: str
    studied_on: date
    state: str
    note: str = ""
    seconds: int | None = None
    credit: int | None = None
    path: str = ""


Pending = Callable[[int, int], Iterable[PendingRow]]

_pending: list[Pending] = []


def register_pending(source: Pending) -> Pending:
    """Add a source ``(member_id, year) -> rows`` of what waits; at most two queries each."""
    _pending.append(source)
    return source


def pending_rows(member_id: int, year: int) -> list[PendingRow]:
    """All that waits in a member's year, newest study first."""
    rows = [row for source in _pending for row in source(member_id, year)]
    return sorted(rows, key=lambda row: row.studied_on, reverse=True)


@dataclass(frozen=True)
class OpenMatter:
    """Something of a year that is not settled yet: how many, and where they are worked off."""

    label: str
    count: int
    path: str = ""


OpenMatters = Callable[[int], OpenMatter]

_open_matters: list[OpenMatters] = []


def register_open_matter(source: OpenMatters) -> OpenMatters:
    """Add ``(year) -> OpenMatter``, looked at before a year is closed (gatherings, disputes)."""
    _open_matters.append(source)
    return source


def open_matters(year: int) -> list[OpenMatter]:
    """What of a year waits for somebody, without what has a count of 0."""
    found = (source(year) for source in _open_matters)
    return [matter for matter in found if matter.count]


@dataclass(frozen=True, slots=True)
class HourEvidence:
    """Offline time a member really spent, kept by an app above: what its line must say."""

    member_id: int
    origin: str
    seconds: int
    source: str
    day: date
    title: str = ""


Evidence = Callable[[int, int], Iterable[HourEvidence]]

_evidence: dict[str, Evidence] = {}


def register_hour_evidence(kind: str, source: Evidence) -> Evidence:
    """Add where lines of one kind of origin (the word before its colon) come from.

    ``source`` answers ``(first, last)`` member number with all that has to be in the ledger.
    """
    _evidence[kind] = source
    return source


def hour_evidence() -> dict[str, Evidence]:
    """The registered sources by kind of origin."""
    return dict(_evidence)


EvidenceHold = Callable[[], QuerySet]

_evidence_holds: list[EvidenceHold] = []


def register_evidence_hold(hold: EvidenceHold) -> EvidenceHold:
    """Add a query of the ids of members whose reports have to stay, whatever their age."""
    _evidence_holds.append(hold)
    return hold


def evidence_holds() -> list[QuerySet]:
    """Ids of members, one query for each hold."""
    return [hold() for hold in _evidence_holds]


# (member, begin, end) of time in a registered gathering.
Presence = tuple[int, datetime, datetime]
Together = Callable[[datetime, datetime], Iterable[Presence]]

_together: list[Together] = []


def register_together(source: Together) -> Together:
    """Add ``(first, last) -> presences`` of gatherings that touch a time; one query each."""
    _together.append(source)
    return source


def together(first: datetime, last: datetime) -> Iterator[Presence]:
    """When members were together, over all that is registered."""
    return (presence for source in _together for presence in source(first, last))
