"""Rosters in and out: limits of what is read, how long files stay, who may take how much out."""

from school.settings import env

# Uploads and exports wait here; nothing under it is ever served by its path.
ROSTER_DIR = env.data_dir() / "rosters"
ROSTER_MAX_BYTES = 30 * 1024**2
ROSTER_MAX_UNPACKED_BYTES = 600 * 1024**2
ROSTER_MAX_ROWS = 200_000
ROSTER_MAX_COLUMNS = 100

# The process that opens a workbook may use this much memory and processor time, no more.
ROSTER_READER_MEMORY_BYTES = 1536 * 1024**2
ROSTER_READER_SECONDS = 120

# Days until the files of an import or an export are removed.
ROSTER_KEEP_DAYS = 7

# Rows of one export, by role; the largest of somebody's roles counts.
ROSTER_EXPORT_ROWS = {"secretary": 1_000, "committee_admin": 50_000, "school_admin": 200_000}
