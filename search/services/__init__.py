"""Writes and use cases of search."""
