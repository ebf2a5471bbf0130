"""The stored copies of what is now made when it is read go, with the pictures in them.

Their objects are erased by the next `manage.py erase_files`.
"""

from django.db import migrations

KINDS = "('report', 'report_audit', 'session')"
STATEMENTS = (
    f"""
INSERT INTO files_pendingerasure (storage_key, created_at)
SELECT storage_key, CURRENT_TIMESTAMP FROM files_storedfile WHERE kind IN {KINDS}
ON CONFLICT (storage_key) DO NOTHING""",  # noqa: S608
    f"DELETE FROM files_storedfile WHERE kind IN {KINDS}",  # noqa: S608
)


def erase(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("files", "0003_made"),
        ("reports", "0006_contents_made_when_read"),
    ]

    operations = [
        migrations.RunPython(erase, migrations.RunPython.noop, elidable=True),
    ]
