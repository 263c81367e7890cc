"""What must be true before the school starts: schema, static files, demo content, free jobs.

Each step looks first whether it has anything to do, so that a second start is quick.
"""

import hashlib
import sys
from pathlib import Path

from deploy.processes import Family
from deploy.steps import ROOT, Failed, Steps, digest, done, mark

STEPS = 4


def everything(steps: Steps, family: Family, *, seed: list[str] | None) -> None:
    """Bring database, static files and content to where the programs can start.

    Raises:
        Failed: a step failed; the message says which.
    """
    with steps.step("载入程序"):
        import django
        from django.core.exceptions import ImproperlyConfigured

        try:
            django.setup()
        except ImproperlyConfigured as error:
            raise Failed(f"配置不完整：{error}") from error
    with steps.step("更新数据库"):
        if not migrate():
            steps.note = "已是最新"
    with steps.step("收集静态文件"):
        if not collect_static():
            steps.note = "已是最新"
    if seed is not None:
        seed_once(steps, family, seed)
    else:
        steps.total -= 1
    release_jobs()


def migrate() -> bool:
    """Apply pending migrations and make the cache table; False when nothing was pending."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        call_command("migrate", interactive=False, verbosity=0)
    cache = settings.CACHES["default"]
    in_database = cache["BACKEND"].endswith("DatabaseCache")
    if in_database and cache["LOCATION"] not in connection.introspection.table_names():
        call_command("createcachetable", verbosity=0)
    connection.close()
    return bool(pending)


def static_digest() -> str:
    """Changes whenever a source of static files may have: names, sizes and times of our own
    files, and the lock files for everybody else's."""
    from django.conf import settings

    total = hashlib.sha256()
    folders = [Path(e[1] if isinstance(e, tuple) else e) for e in settings.STATICFILES_DIRS]
    # Not ".data/static": that is where they are collected to.
    folders += sorted(ROOT.glob("[!.]*/static")) + sorted(ROOT.glob("school/*/static"))
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            info = path.stat()
            total.update(f"{path}\0{info.st_size}\0{info.st_mtime_ns}\0".encode())
    storage = settings.STORAGES["staticfiles"]["BACKEND"]
    return digest(total.hexdigest(), storage, ROOT / "requirements.txt", sys.version)


def collect_static() -> bool:
    """Collect static files when their sources have changed; False when they have not."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".collected"
    key = static_digest()
    if done(stamp, key):
        return False
    call_command("collectstatic", interactive=False, verbosity=0, clear=stamp.exists())
    mark(stamp, key)
    return True


def seed_once(steps: Steps, family: Family, options: list[str]) -> None:
    """Fill an empty school with the demo content; an interrupted seeding is continued.

    Raises:
        Failed: seeding failed.
    """
    from django.conf import settings
    from django.db import connection

    from school.demo.accounts import ACCOUNTS
    from school.members.models import Branch, Member

    stamp = Path(settings.DATA_DIR) / "seeded"
    with steps.step("建立演示学校"):
        demo = Member.objects.filter(staff_number=ACCOUNTS[0].staff_number)
        foreign = Branch.objects.exists() and not demo.exists()
        connection.close()
        if stamp.exists() or foreign:
            steps.note = "已有数据"
            return
        print(flush=True)
        if family.call([sys.executable, "manage.py", "seed", "--quiet-accounts", *options]):
            raise Failed("建立演示学校失败，原因见上。改正后重新运行，会从中断处继续。")
        mark(stamp, "")


def release_jobs() -> None:
    """Jobs that were running when the school was last stopped are queued again at once."""
    from django.conf import settings
    from django.db import connection

    from school.core import jobs

    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        # Nobody else can be at work on this data directory: what is half taken was interrupted.
        messages = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        for leftover in (*messages.glob("*.taken"), *messages.glob("*.tmp")):
            leftover.unlink(missing_ok=True)
        jobs.release_interrupted()
    jobs.resend()
    connection.close()
