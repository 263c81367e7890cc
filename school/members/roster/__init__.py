"""Rosters as files: reading hostile ones, matching heads, judging rows, planning, writing sheets."""
