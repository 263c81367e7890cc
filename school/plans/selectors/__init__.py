"""Reads of plans: facts for counting, counts of nodes, task lists, the year's progress."""
