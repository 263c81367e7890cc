"""Studying together: check-in, who approves, what absentees make up, files of evidence."""

from school.settings import env

# "none": closing books at once; "parent": the branch above looks first.
GATHERING_APPROVAL = "none"

# A code is shown for so many seconds; the one before is still taken.
GATHERING_CODE_SECONDS = 30
# Wrong codes of one member within so many minutes, then a pause.
GATHERING_CODE_TRIES = 10
GATHERING_CODE_MINUTES = 10
# Check-in opens so many minutes before a session; within the grace nobody is late.
GATHERING_CHECK_IN_BEFORE_MINUTES = 60
GATHERING_GRACE_MINUTES = 10

# Who was there for at least this share of the time has seen what was shown.
GATHERING_VIEWING_SHARE = 0.5
# Days in which who was not there makes the items up.
GATHERING_MAKE_UP_DAYS = 14
# People on the list of one gathering; more are registered by branch.
GATHERING_PEOPLE = 500

# Photos and PDFs of signed sheets; nothing under it is ever served by its path.
GATHERING_DIR = env.data_dir() / "gatherings"
GATHERING_FILE_BYTES = 20 * 1024**2
GATHERING_FILES = 10
GATHERING_PICTURE_PIXELS = 50_000_000
GATHERING_PICTURE_SIDE = 2400
