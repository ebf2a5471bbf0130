"""What Django's models cannot say: lines are written through a view, neither lines nor their proofs are changed, and
keys of sealed texts go with the account, in whatever way it is deleted.

SQLite drops triggers with the table that they are on: who remakes one of these tables has to make them again.
"""

from django.db import migrations

GUARDED = ("trail_line", "trail_link", "trail_head")
TEXT = "The trail is never changed."
GIVEN = (
    "institution_id", "actor_kind", "actor_id", "signed_in", "signed_in_by", "origin", "request_id", "verb", "resource",
    "row_key", "person_id", "details",
)  # fmt: skip
COLUMNS = ", ".join(GIVEN)
NEW = ", ".join(f"NEW.{name}" for name in GIVEN)

# The view has what a writer gives: the columns of a line, and the keys of what is sealed in it.
VIEW = f"""
CREATE VIEW trail_entry AS SELECT {COLUMNS}, {{bytes}} AS actor_key, {{bytes}} AS person_key FROM trail_line
"""
POSTGRESQL = [
    VIEW.format(bytes="NULL::bytea"),
    f"""
    CREATE FUNCTION trail_entry_written() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE written bigint;
    BEGIN
        INSERT INTO trail_line (written_at, written_in, {COLUMNS})
        VALUES (statement_timestamp(), pg_current_xact_id()::text::bigint, {NEW}) RETURNING id INTO written;
        IF NEW.actor_key IS NOT NULL THEN
            INSERT INTO trail_key (line_id, part, person_id, key) VALUES (written, 1, COALESCE(NEW.actor_id, NEW.person_id), NEW.actor_key);
        END IF;
        IF NEW.person_key IS NOT NULL THEN
            INSERT INTO trail_key (line_id, part, person_id, key) VALUES (written, 2, COALESCE(NEW.person_id, NEW.actor_id), NEW.person_key);
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER trail_entry_written INSTEAD OF INSERT ON trail_entry
    FOR EACH ROW EXECUTE FUNCTION trail_entry_written()
    """,
    f"""
    CREATE FUNCTION trail_refused() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'insufficient_privilege'; END $$
    """,
    *(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION trail_refused()"
        for table in GUARDED
    ),
    """
    CREATE FUNCTION trail_person_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN DELETE FROM trail_key WHERE person_id = OLD.id; RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER trail_person_gone AFTER DELETE ON institutions_user
    FOR EACH ROW EXECUTE FUNCTION trail_person_gone()
    """,
    "CREATE INDEX trail_line_written_in ON trail_line USING brin (written_in) WITH (pages_per_range = 16)",
]
POSTGRESQL_BACK = [
    "DROP INDEX trail_line_written_in",
    "DROP TRIGGER trail_person_gone ON institutions_user",
    "DROP FUNCTION trail_person_gone()",
    *(f"DROP TRIGGER {table}_kept ON {table}" for table in GUARDED),
    "DROP VIEW trail_entry",
    "DROP FUNCTION trail_entry_written()",
    "DROP FUNCTION trail_refused()",
]
SQLITE = [
    VIEW.format(bytes="NULL"),
    # One transaction writes at a time, so that the last line is this one.
    f"""
    CREATE TRIGGER trail_entry_written INSTEAD OF INSERT ON trail_entry BEGIN
        INSERT INTO trail_line (written_at, written_in, {COLUMNS})
        VALUES (STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW'), 0, {NEW});
        INSERT INTO trail_key (line_id, part, person_id, key)
        SELECT (SELECT MAX(id) FROM trail_line), 1, COALESCE(NEW.actor_id, NEW.person_id), NEW.actor_key WHERE NEW.actor_key IS NOT NULL;
        INSERT INTO trail_key (line_id, part, person_id, key)
        SELECT (SELECT MAX(id) FROM trail_line), 2, COALESCE(NEW.person_id, NEW.actor_id), NEW.person_key WHERE NEW.person_key IS NOT NULL;
    END
    """,
    *(
        f"CREATE TRIGGER {table}_kept_{what.lower()} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, '{TEXT}'); END"
        for table in GUARDED
        for what in ("UPDATE", "DELETE")
    ),
    """
    CREATE TRIGGER trail_person_gone AFTER DELETE ON institutions_user BEGIN
        DELETE FROM trail_key WHERE person_id = OLD.id;
    END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER trail_person_gone",
    *(f"DROP TRIGGER {table}_kept_{what}" for table in GUARDED for what in ("update", "delete")),
    "DROP VIEW trail_entry",
]


def make(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, None)


def drop(apps, schema_editor):
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):

    dependencies = [
        ('trail', '0001_initial'),
        ('institutions', '0011_search_pairs'),
    ]

    operations = [
        migrations.RunPython(make, drop),
    ]
