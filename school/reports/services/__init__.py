"""Writes of reporting: filings."""
