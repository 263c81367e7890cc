"""What changes among people tells the apps above. Sent inside the transaction that causes it."""

from django.dispatch import Signal

# member, old_branch (None: joined), new_branch (None: left), on (local day).
membership_changed = Signal()

# member, on (local day): kind or state changed.
standing_changed = Signal()

# branch, old_parent, new_parent, on (local day).
placement_changed = Signal()
