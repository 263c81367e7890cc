"""Writes that follow from publishing: study items, search rows, sections, who may edit where."""
