"""Writes of plans: publish, exempt, targets, and the counters."""
