"""What changes among people tells the apps above. Sent inside the transaction that causes it."""

from django.dispatch import Signal

# member, old_branch (None: joined), new_branch (None: left), on (local day).
membership_changed = Signal()

# member_ids, on (local day): homes of many changed at once (a merge, a split).
memberships_changed = Signal()

# member, on (local day): kind or state changed.
standing_changed = Signal()

# branch, old_parent, new_parent, on (local day).
placement_changed = Signal()

# branch: sections were given to it.
sections_changed = Signal()

# transfer: a member was sent to another branch.
transfer_sent = Signal()

# transfer: it was received, returned or withdrawn (its state says which).
transfer_settled = Signal()

# correction: a member asked for own data to be corrected.
correction_asked = Signal()

# correction: the branch has confirmed or declined it.
correction_answered = Signal()

# member (already without name and numbers): apps that keep copies of names drop them.
member_erased = Signal()
