"""Reads of reporting, named after the screens they serve."""
