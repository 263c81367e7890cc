"""What studying tells the apps above. Each is sent inside the transaction that causes it."""

from django.dispatch import Signal

# completion: the new Completion row (``completion.reverses`` is set on a correction).
completed = Signal()

# coverage: the Coverage row a member's first evidence on a revision has just opened.
started = Signal()

# entry: the new HourEntry row.
credited = Signal()
