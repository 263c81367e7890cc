"""Nouns of reporting: what a branch has told the branch above."""

from school.reports.models.filing import Filing, FilingRow, FilingSnapshot

__all__ = ["Filing", "FilingRow", "FilingSnapshot"]
