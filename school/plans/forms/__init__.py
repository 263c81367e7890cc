"""Forms of plans, exemptions and yearly requirements."""
