"""Pages of reporting: boards and filings."""
