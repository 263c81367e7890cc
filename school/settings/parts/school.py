"""The school's own presets. Each can be changed; docs/settings.md explains every one."""

from school.settings import env

# Counting (one place, used by every screen): which member kinds stand in 应学.
SCHOOL_COUNTED_KINDS = ("full", "probationary")

# Lights of a board: done ÷ (due × elapsed share of the window).
SCHOOL_LIGHT_NORMAL = 1.0
SCHOOL_LIGHT_SLOW = 0.7
SCHOOL_LIGHT_START_SHARE = 0.1

# A period is filed until this many days after its end.
SCHOOL_FILING_GRACE_DAYS = 5

# Who approves 免学: "above" (who acts for a branch above the member's), "school" (教务), "either".
SCHOOL_EXEMPTION_APPROVAL = "either"

# Sizes of branches that the tree points out (school.members.rules.tree.SizeLimits).
SCHOOL_BRANCH_SIZES = {
    "branch_least": 3,
    "branch_most": 50,
    "general_least": 50,
    "general_most": 100,
    "committee_least": 100,
}

# Working days: weekdays off and weekends worked in return, as 2026-10-01; see docs/settings.md.
SCHOOL_HOLIDAYS = env.items("HOLIDAYS")
SCHOOL_WORKED_WEEKENDS = env.items("WORKED_WEEKENDS")

# 学时申诉: working days for each step, after which it goes up.
STUDY_DISPUTE_DAYS = 5

# Judge of study time.
STUDY_UNCOVERED_MS = 2_000
STUDY_UNCOVERED_SHARE = 0.02
STUDY_TEXT_UNCOVERED_SHARE = 0.10
STUDY_TEXT_CEILING = 1.5
STUDY_TEXT_IDLE_SECONDS = 180
STUDY_TEXT_IDLE_CHARACTERS = 100
STUDY_RATE_REQUIRED = 1.0
STUDY_RATE_ELECTIVE = 1.5
STUDY_RATE_SLACK_MS = 250
STUDY_SEEK_FREE = False
STUDY_CHECK_IN_MINUTES = (8, 15)
STUDY_TEXT_CHECK_IN_MINUTES = None
STUDY_QUESTIONS = True
STUDY_REVIEW_SHARE = 0.0
STUDY_CHARACTERS_PER_MINUTE = 250
STUDY_TEXT_RATE = 3.0
STUDY_REPORT_SECONDS = 30
STUDY_SESSION_HOURS = 12
STUDY_EVIDENCE_DAYS = 7
STUDY_REPORT_BYTES = 64 * 1024
STUDY_OPENS_PER_MINUTE = 30
STUDY_SEGMENTS_PER_REPORT = 200
STUDY_REPORTS_PER_MINUTE = 120
STUDY_SPANS = 1_000

# Where reports go: "direct" (posted inside the request) or "buffered" (through Redis, posted by
# workers for many members at once; docs/scale.md says from when on).
STUDY_SINK = env.text("STUDY_SINK")
STUDY_REDIS_URL = env.study_redis_url()
STUDY_SHARDS = 4
STUDY_DRAIN_SECONDS = 5.0
STUDY_DRAIN_MEMBERS = 200

# Evidence that comes after STUDY_EVIDENCE_DAYS waits for a person: so many reports are kept of one
# visit, and so many that wait of one member.
STUDY_LATE_PER_SESSION = 2_000
STUDY_LATE_PER_MEMBER = 4_000

# Evidence of closed years is kept at least so many days after it came.
STUDY_EVIDENCE_KEEP_DAYS = 180

# 待核实: a day is listed from so many hours of study, or so many hours of the clock with study in
# them; a browser with so many accounts in turn; so many members in step (docs/judge.md).
STUDY_ANOMALY_HOURS = 16
STUDY_ANOMALY_CLOCK_HOURS = 18
STUDY_ANOMALY_ACCOUNTS = 4
STUDY_ANOMALY_TOGETHER = 3

# Year: stays open until this local day of the next year.
STUDY_YEAR_CLOSES = (1, 31)
# After that day: "remind" tells those who run the hours every week, "close" closes the year.
STUDY_YEAR_END = "remind"
# A session without a report for so many minutes is over; what counts by time is then booked.
STUDY_SETTLE_MINUTES = 10
# Up to so many members the effect of a rule is worked out at once, else by a background job.
STUDY_EFFECT_MEMBERS = 200

# The notice on personal information.
PRIVACY_NOTICE_VERSION = "2026-01"

# Audit trail: entries are kept so long in the database, then go to files; never under 180 days.
AUDIT_RETENTION_DAYS = 1095
AUDIT_EXPORT_ROWS = 50_000

# Full personal numbers: how many a person may have shown in an hour, how long a reason must be,
# how many times a day one may take the own data along.
PERSONAL_REVEALS_PER_HOUR = 20
PERSONAL_REASON_CHARACTERS = 5
PERSONAL_EXPORTS_PER_DAY = 3

# Reminders: one matter reaches a person at most once in this many days.
NOTICES_REMINDER_DAYS = 3

# Video.
VIDEO_MAX_BYTES = 4 * 1024**3
VIDEO_MAX_SECONDS = 3 * 3600
VIDEO_RUNGS = (1080, 720, 480, 360)
UPLOAD_EXPIRY_HOURS = 48

# The pattern page shows every component; only development switches it on.
PATTERN_PAGE = False

# Whether `manage.py seed` makes accounts with published passwords without being told to.
DEMO_ACCOUNTS = True

# Months for which a letter of introduction (组织关系介绍信) holds, from the day of sending.
TRANSFER_LETTER_MONTHS = 3
