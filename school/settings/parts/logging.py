"""Logging: plain lines on standard error; personal numbers never reach a logger."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "school.core.scrub.ScrubbingFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Says at every start that a broker of files has no host name.
        "kombu.connection": {"level": "ERROR"},
        "school": {"level": "INFO"},
        "media": {"level": "INFO"},
        "search": {"level": "INFO"},
        "courses": {"level": "INFO"},
        "quizzes": {"level": "INFO"},
    },
}

# Error pages and error mails: no secrets, no personal numbers.
DEFAULT_EXCEPTION_REPORTER_FILTER = "school.core.scrub.ReporterFilter"
