"""Append-only in the database itself: changing or deleting a row of the trail is refused there.

One exception is documented: an entry or a seal that a row of ``AuditPrune`` covers may go. That
row is itself append-only and signed, so nothing leaves without a trace.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

PRUNE = "core_auditprune"
# Table → condition under which a row may be deleted (OLD is the row); None: never.
TABLES = {
    "core_auditentry": f"SELECT 1 FROM {PRUNE} WHERE through_id >= OLD.id",
    "core_auditseal": f"SELECT 1 FROM {PRUNE} WHERE through_seal >= OLD.id",
    PRUNE: None,
}

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION core_audit_refuse() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$ LANGUAGE plpgsql;
"""


def names(table: str, vendor: str) -> list[str]:
    """Names of the triggers a table carries."""
    last = "no_truncate" if vendor == "postgresql" else "no_replace"
    return [f"{table}_{what}" for what in ("no_update", "no_delete", last)]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make what is missing; does nothing where all stand."""
    for table in TABLES:
        for statement in _missing(connection, table):
            with connection.cursor() as cursor:
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for reversing the migration, and for tests that tamper."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for name in names(table, connection.vendor):
                place = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")


def absent(connection: BaseDatabaseWrapper) -> list[str]:
    """Triggers that should stand and do not, or are switched off."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    wanted = [name for table in TABLES for name in names(table, connection.vendor)]
    return [name for name in wanted if name not in present]


def _missing(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    lacking = set(absent(connection))
    update, delete, last = names(table, connection.vendor)
    if not lacking & {update, delete, last}:
        return []
    made = _postgresql if connection.vendor == "postgresql" else _sqlite
    statements = dict(zip((update, delete, last), made(table), strict=True))
    wanted = [text for name, text in statements.items() if name in lacking]
    return [POSTGRESQL_FUNCTION, *wanted] if connection.vendor == "postgresql" else wanted


def _sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    allowed = f"WHEN NOT EXISTS ({TABLES[table]})" if TABLES[table] else ""
    update, delete, replace = names(table, "sqlite")
    return [
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {allowed} {refuse}",
        # INSERT OR REPLACE would delete the old row without asking the trigger above.
        f"CREATE TRIGGER {replace} BEFORE INSERT ON {table}"
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
    ]


def _postgresql(table: str) -> list[str]:
    refuse = "EXECUTE FUNCTION core_audit_refuse()"
    update, delete, truncate = names(table, "postgresql")
    made = [f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} FOR EACH ROW {refuse}"]
    if TABLES[table]:
        made.append(
            f"CREATE OR REPLACE FUNCTION {delete}() RETURNS trigger AS $$ BEGIN"
            f" IF EXISTS ({TABLES[table]}) THEN RETURN OLD; END IF;"
            " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql;"
            f" CREATE TRIGGER {delete} BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {delete}()"
        )
    else:
        made.append(f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
    made.append(f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} {refuse}")
    return made
