"""Pages of plans and exemptions."""
