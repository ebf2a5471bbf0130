"""Signed cuts, and guards that let lines and links be deleted behind them alone.

A line can be deleted if a cut of its institution reaches its place in the chain of that institution and if it is old; a
link if its line is gone. A link is put in for a line of its institution, behind what was cut. So who
has the service's rights in the database leaves a cut that is never changed, and cannot sign it without a key; who has a
key, too, cannot reach what was written lately. Heads stay.
"""

from django.db import migrations, models

TEXT = "The trail is never changed."
DAYS = 90
IS_CUT = """
EXISTS (
    SELECT 1 FROM trail_link JOIN trail_cut ON trail_cut.institution_id = trail_link.institution_id
    AND trail_cut.position >= trail_link.position
    WHERE trail_link.line_id = OLD.id AND trail_link.institution_id = OLD.institution_id
)
"""
# Of a new link: it has its line in the chain of the line's institution, behind what was cut.
IS_NEXT = """
EXISTS (
    SELECT 1 FROM trail_line WHERE trail_line.id = NEW.line_id AND trail_line.institution_id = NEW.institution_id
) AND NOT EXISTS (
    SELECT 1 FROM trail_cut WHERE trail_cut.institution_id = NEW.institution_id AND trail_cut.position >= NEW.position
)
"""
IS_BEHIND = """
NOT EXISTS (SELECT 1 FROM trail_line WHERE trail_line.id = OLD.line_id) AND EXISTS (
    SELECT 1 FROM trail_cut WHERE trail_cut.institution_id = OLD.institution_id AND trail_cut.position >= OLD.position
)
"""
TABLES = {"trail_line": IS_CUT, "trail_link": IS_BEHIND}


def kept(events: str, table: str) -> str:
    return f"CREATE TRIGGER {table}_kept BEFORE {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION trail_refused()"


def postgresql(schema: str) -> list[str]:
    """The functions look up tables in this schema, and nowhere else: a caller's temporary table is not meant."""
    old = f"OLD.written_at < statement_timestamp() - interval '{DAYS} days'"
    statements = []
    for table, condition in TABLES.items():
        allowed = f"{old} AND {condition}" if table == "trail_line" else condition
        statements += [
            f"""
            CREATE FUNCTION {table}_cut() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, {schema}, pg_temp AS $$
            BEGIN
                IF {allowed} THEN RETURN OLD; END IF;
                RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'insufficient_privilege';
            END $$
            """,
            f"DROP TRIGGER {table}_kept ON {table}",
            kept("UPDATE OR TRUNCATE", table),
            f"CREATE TRIGGER {table}_kept_rows BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_cut()",
        ]
    statements += [
        f"""
        CREATE FUNCTION trail_link_put() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, {schema}, pg_temp AS $$
        BEGIN
            IF {IS_NEXT} THEN RETURN NEW; END IF;
            RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'insufficient_privilege';
        END $$
        """,
        "CREATE TRIGGER trail_link_kept_put BEFORE INSERT ON trail_link FOR EACH ROW EXECUTE FUNCTION trail_link_put()",
    ]
    return [*statements, kept("UPDATE OR DELETE OR TRUNCATE", "trail_cut")]


POSTGRESQL_BACK = [
    "DROP TRIGGER trail_cut_kept ON trail_cut",
    "DROP TRIGGER trail_link_kept_put ON trail_link",
    "DROP FUNCTION trail_link_put()",
    *(
        statement
        for table in TABLES
        for statement in (
            f"DROP TRIGGER {table}_kept_rows ON {table}",
            f"DROP TRIGGER {table}_kept ON {table}",
            kept("UPDATE OR DELETE OR TRUNCATE", table),
            f"DROP FUNCTION {table}_cut()",
        )
    ),
]
_REFUSED = f"BEGIN SELECT RAISE(ABORT, '{TEXT}'); END"
_IS_OLD = f"OLD.written_at < STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW', '-{DAYS} days')"
SQLITE = [
    "DROP TRIGGER trail_line_kept_delete",
    "DROP TRIGGER trail_link_kept_delete",
    f"CREATE TRIGGER trail_line_kept_delete BEFORE DELETE ON trail_line WHEN NOT ({_IS_OLD} AND {IS_CUT}) {_REFUSED}",
    f"CREATE TRIGGER trail_link_kept_delete BEFORE DELETE ON trail_link WHEN NOT ({IS_BEHIND}) {_REFUSED}",
    f"CREATE TRIGGER trail_link_kept_put BEFORE INSERT ON trail_link WHEN NOT ({IS_NEXT}) {_REFUSED}",
    f"CREATE TRIGGER trail_cut_kept_update BEFORE UPDATE ON trail_cut {_REFUSED}",
    f"CREATE TRIGGER trail_cut_kept_delete BEFORE DELETE ON trail_cut {_REFUSED}",
]
SQLITE_BACK = [
    "DROP TRIGGER trail_link_kept_put",
    "DROP TRIGGER trail_cut_kept_update",
    "DROP TRIGGER trail_cut_kept_delete",
    *(
        statement
        for table in TABLES
        for statement in (
            f"DROP TRIGGER {table}_kept_delete",
            f"CREATE TRIGGER {table}_kept_delete BEFORE DELETE ON {table} {_REFUSED}",
        )
    ),
]


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        statements = SQLITE
    else:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(current_schema())")
            statements = postgresql(cursor.fetchone()[0])
    for statement in statements:
        schema_editor.execute(statement, None)


def drop(apps, schema_editor):
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):

    dependencies = [
        ('trail', '0004_earlier_records'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('institution_id', models.BigIntegerField()),
                ('first_position', models.BigIntegerField(help_text='The place of the first line that it has deleted.')),
                ('position', models.BigIntegerField(help_text='The place of the last one.')),
                ('digest', models.CharField(help_text='Of the link at this place.', max_length=64)),
                ('first_at', models.DateTimeField(help_text='When the first of the lines was written.')),
                ('last_at', models.DateTimeField(help_text='When the last one was written.')),
                ('heads', models.CharField(help_text='Digest of the heads of these places: see chain.py.', max_length=64)),
                ('days', models.PositiveIntegerField(help_text='The period for which lines were kept.')),
                ('by', models.CharField(help_text='Kind and name of who has cut.', max_length=150)),
                ('made_at', models.DateTimeField()),
                ('key_name', models.CharField(max_length=16)),
                ('signature', models.CharField(max_length=128)),
            ],
            options={
                'indexes': [models.Index(fields=['institution_id', 'position'], name='trail_cut_of_institution')],
                'constraints': [models.UniqueConstraint(fields=('institution_id', 'first_position'), name='trail_cut_begins_once'), models.CheckConstraint(condition=models.Q(('first_position__gte', 1), ('position__gte', models.F('first_position'))), name='trail_cut_of_lines')],
            },
        ),
        migrations.RunPython(make, drop),
    ]
