"""Celery: broker, queues, schedule. Tasks carry only ids; the Job row decides (docs/decisions)."""

from celery.schedules import crontab

from school.settings import env
from school.settings.parts.school import STUDY_DRAIN_SECONDS

CELERY_BROKER_URL = env.broker_url()
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"media.tasks.*": {"queue": "video"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False

if CELERY_BROKER_URL.startswith("filesystem"):
    _folder = env.data_dir() / "broker"
    for _name in ("messages", "control"):
        (_folder / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_folder / "messages"),
        "data_folder_out": str(_folder / "messages"),
        "control_folder": str(_folder / "control"),
        "polling_interval": 0.3,
    }
    CELERY_BROKER_TRANSPORT = "school.core.broker:Transport"
    # Remote control would only add a third queue to poll.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
else:
    # Longer than any encoding; a redelivered message finds the job leased and does nothing.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}

CELERY_BEAT_SCHEDULE_FILENAME = str(env.data_dir() / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "resend-expired-jobs": {"task": "school.core.tasks.resend_jobs", "schedule": 20.0},
    "seal-audit-trail": {"task": "school.core.tasks.seal_audit", "schedule": 60.0},
    "prune-audit-trail": {
        "task": "school.core.tasks.prune_audit",
        "schedule": crontab(hour=3, minute=20),
    },
    "verify-audit-trail": {
        "task": "school.core.tasks.verify_audit",
        "schedule": crontab(hour=4, minute=20),
    },
    # Grants that begin or end by their date; the screens ask the dates themselves.
    "follow-grant-dates": {"task": "school.members.tasks.follow_grant_dates", "schedule": 300.0},
    "drain-search-outbox": {"task": "search.tasks.drain_outbox", "schedule": 5.0},
    "fold-counters": {"task": "school.plans.tasks.fold_counters", "schedule": 60.0},
    "follow-targets": {"task": "school.plans.tasks.follow_targets", "schedule": 120.0},
    "check-targets": {
        "task": "school.plans.tasks.check_targets",
        "schedule": crontab(hour=2, minute=40),
    },
    "close-overdue-attempts": {"task": "quizzes.tasks.close_overdue_attempts", "schedule": 15.0},
    "settle-study": {"task": "school.study.tasks.settle_study", "schedule": 300.0},
    "follow-hour-rule": {
        "task": "school.study.tasks.follow_hour_rule",
        "schedule": crontab(hour=0, minute=1),
    },
    "look-after-years": {
        "task": "school.study.tasks.look_after_years",
        "schedule": crontab(hour=8, minute=30),
    },
    "raise-overdue-disputes": {
        "task": "school.study.tasks.raise_disputes",
        "schedule": crontab(hour=0, minute=20),
    },
    "sweep-sign-in": {"task": "school.members.tasks.sweep_sign_in", "schedule": 3600.0},
    "sweep-rosters": {"task": "school.members.tasks.sweep_rosters", "schedule": 3600.0},
    "prune-evidence": {
        "task": "school.study.tasks.prune_evidence",
        "schedule": crontab(hour=2, minute=40),
    },
    "find-anomalies": {
        "task": "school.study.tasks.find_anomalies",
        "schedule": crontab(hour=3, minute=40),
    },
    "sweep-uploads": {"task": "media.tasks.sweep_uploads", "schedule": 3600.0},
}
if env.text("STUDY_SINK") == "buffered":
    CELERY_TASK_ROUTES["school.study.tasks.drain*"] = {"queue": "study"}
    CELERY_BEAT_SCHEDULE["drain-study"] = {
        "task": "school.study.tasks.drain_study",
        "schedule": STUDY_DRAIN_SECONDS,
        "options": {"expires": 4 * STUDY_DRAIN_SECONDS},
    }
