"""Rosters as files: reading hostile ones, judging rows, planning changes, writing sheets."""
