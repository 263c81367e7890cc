"""What a change of the tree would do, worked out before anything is written.

The same ``TreeChange`` is shown as the preview and carried out by the services, so what was
confirmed is what happens. Everything that stands against a change is refused here.
"""

from school.members.selectors.tree_changes.change import (
    CREATED,
    DISSOLVED,
    EDITABLE,
    EDITED,
    MERGED,
    MOVED,
    SPLIT,
    Placing,
    TreeChange,
)
from school.members.selectors.tree_changes.founding import plan_create, plan_edit
from school.members.selectors.tree_changes.placing import (
    plan_dissolve,
    plan_merge,
    plan_move,
    plan_split,
)

__all__ = [
    "CREATED",
    "DISSOLVED",
    "EDITABLE",
    "EDITED",
    "MERGED",
    "MOVED",
    "Placing",
    "SPLIT",
    "TreeChange",
    "plan_create",
    "plan_dissolve",
    "plan_edit",
    "plan_merge",
    "plan_move",
    "plan_split",
]
