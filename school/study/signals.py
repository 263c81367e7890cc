"""What studying tells the apps above. Each is sent inside the transaction that causes it."""

from django.dispatch import Signal

# completion: the new Completion row (``completion.reverses`` is set on a correction).
completed = Signal()

# coverage: the Coverage row a member's first evidence on a revision has just opened.
started = Signal()

# coverage: the Coverage row, as it was, that a gathering had met and no longer does.
unmet = Signal()

# entry: the new HourEntry row.
credited = Signal()
