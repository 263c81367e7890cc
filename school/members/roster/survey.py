"""What reading a roster found, for the page and the marked sheet."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from school.core.scrub import scrub
from school.members.roster.planning import Outcome, RowPlan, said
from school.members.rules.masks import mask_numbers

# Rows of each outcome the page shows; the marked sheet has all that are wrong or odd.
SHOWN = 100


@dataclass
class Survey:
    """What reading a roster found: rows by outcome, the first of each for the page."""

    counts: Counter = field(default_factory=Counter)
    findings: list[dict] = field(default_factory=list)
    notes: dict[int, tuple[list[str], list[str]]] = field(default_factory=dict)
    _shown: Counter = field(default_factory=Counter)

    def add(self, plan: RowPlan) -> None:
        """Count a row and keep what the page and the marked sheet say of it."""
        self.counts["total"] += 1
        self.counts[str(plan.outcome)] += 1
        errors, warnings = said(plan.judged.errors), said(plan.judged.warnings)
        if errors or warnings:
            self.notes[plan.row] = (errors, warnings)
        if warnings and not errors:
            self.counts["warned"] += 1
        for kind in self._kinds(plan, warnings):
            if self._shown[kind] < SHOWN:
                self._shown[kind] += 1
                self.findings.append(self._shown_row(kind, plan, errors, warnings))

    @staticmethod
    def _kinds(plan: RowPlan, warnings: list[str]) -> Iterable[str]:
        if plan.outcome != Outcome.UNCHANGED:
            yield str(plan.outcome)
        if warnings and plan.outcome != Outcome.REJECTED:
            yield "warned"

    @staticmethod
    def _shown_row(kind: str, plan: RowPlan, errors: list[str], warnings: list[str]) -> dict:
        values = plan.judged.values
        return {
            "kind": kind,
            "row": plan.row,
            "name": mask_numbers(values.get("name", "")),
            "staff": values.get("staff_number") or getattr(plan.member, "staff_number", ""),
            "errors": errors,
            "warnings": warnings,
            "changes": [[label, *map(scrub, both)] for label, *both in plan.changes],
            "branch": mask_numbers(values.get("branch", "")),
        }
