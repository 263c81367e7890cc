"""Pages of gatherings: the branch's desk, its papers, the answer from above, the member's own."""
