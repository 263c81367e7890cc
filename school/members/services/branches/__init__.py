"""Writes of the branch tree, one module each. Every change is worked out first
(``selectors.tree_changes``), carried out under one lock, and leaves one entry in the trail."""

from school.members.services.branches.dissolving import dissolve_branch
from school.members.services.branches.founding import create_branch, edit_branch
from school.members.services.branches.merging import merge_branch
from school.members.services.branches.moving import move_branch
from school.members.services.branches.splitting import split_branch

__all__ = [
    "create_branch",
    "dissolve_branch",
    "edit_branch",
    "merge_branch",
    "move_branch",
    "split_branch",
]
