"""Figures of the product, each beside what it is compared with, measured in the same run."""
