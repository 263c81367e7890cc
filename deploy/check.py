"""Everything that can be said about the code without running it: `python -m deploy.check`."""

import os
import subprocess
import sys
import tempfile
import time

from deploy.steps import ROOT

PYTHON = sys.executable
# Where types carry the meaning: the rules, the evidence and its services, people, counting. Query
# sets with annotations and screens are left out; their stubs report more noise than mistakes.
TYPED = [
    "school/core",
    "school/study",
    "school/members/rules",
    "school/members/services",
    "school/gatherings/services",
    "school/notices/services.py",
    "school/plans/services",
    "school/reports/services",
    "quizzes/rules",
    "courses/rules",
    "media/rules",
    "search/query.py",
    "search/plan.py",
]

# What a production host would set; the values are for this check only.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "school.settings.production",
    "SECRET_KEY": "only-for-the-deployment-check-0123456789-abcdefghijklmnopqrstuvwxyz",
    "FIELD_KEY": "only-for-the-deployment-check-9876543210-abcdefghijklmnopqrstuvwxyz",
    "AUDIT_KEY": "only-for-the-deployment-check-5647382910-zyxwvutsrqponmlkjihgfedcba",
    "ALLOWED_HOSTS": "school.example",
    "SITE_URL": "https://school.example",
    "DATABASE_URL": "postgres://school@localhost/school",
    "REDIS_URL": "redis://localhost:6379/0",
    "ELASTICSEARCH_URL": "http://localhost:9200",
    "TRUSTED_PROXY": "1",
}


def exists(path: str) -> bool:
    return (ROOT / path).exists()


def checks() -> list[tuple[str, list[str], dict[str, str]]]:
    """Title, command and extra environment of each check."""
    manage = [PYTHON, "manage.py"]
    tests = [PYTHON, "-m", "pytest", "-q", "-p", "no:randomly", "--durations=0"]
    return [
        ("ruff check", [PYTHON, "-m", "ruff", "check", "."], {}),
        ("ruff format", [PYTHON, "-m", "ruff", "format", "--check", "."], {}),
        ("types", [PYTHON, "-m", "mypy", *filter(exists, TYPED)], {}),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        (
            "deployment",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            PRODUCTION,
        ),
        ("layers and docs", [*tests, "tests/architecture"], {}),
    ]


def main() -> int:
    failed = []
    with tempfile.TemporaryDirectory(prefix="school-check-") as data_dir:
        for title, command, extra in checks():
            print(f"— {title}", flush=True)
            started = time.monotonic()
            environment = {**os.environ, "DATA_DIR": data_dir, **extra}
            if subprocess.call(command, cwd=ROOT, env=environment):
                failed.append(title)
            print(f"  {time.monotonic() - started:.0f} s", flush=True)
    print("make check: " + ("failed: " + ", ".join(failed) if failed else "all passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
