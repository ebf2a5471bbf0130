"""Which account was merged into which one: known from the lines about merges, as long as these can be read."""

import json

from django.db import migrations, models

from trail.sealed import opened

DETAILS = 2
GONE = "DELETE FROM trail_key WHERE person_id = OLD.id;"
GONE_WITH_ACCOUNTS = f"{GONE} DELETE FROM trail_mergedaccount WHERE person_id = OLD.id;"


def fill(apps, schema_editor):
    line, key, merged = (apps.get_model("trail", name) for name in ("Line", "Key", "MergedAccount"))
    lines = line.objects.filter(verb="merge", resource="institution/user", person_id__isnull=False).order_by("pk")
    for pk, kept, details in lines.values_list("pk", "person_id", "details"):
        secret = key.objects.filter(line_id=pk, part=DETAILS).values_list("key", flat=True).first()
        told = json.loads(opened(details, secret) or "{}") or {}  # null where nothing is told
        if gone := told.get("from"):
            merged.objects.filter(person_id=gone).update(person_id=kept)
            merged.objects.update_or_create(account_id=gone, defaults={"person_id": kept})


def guarded(deed: str):
    """Keys, and numbers of merged accounts, go with the account."""

    def make(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                "CREATE OR REPLACE FUNCTION trail_person_gone() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN {deed} RETURN NULL; END $$",
                None,
            )
        else:
            schema_editor.execute("DROP TRIGGER trail_person_gone", None)
            schema_editor.execute(
                f"CREATE TRIGGER trail_person_gone AFTER DELETE ON institutions_user BEGIN {deed} END", None
            )

    return make


class Migration(migrations.Migration):

    dependencies = [
        ('trail', '0008_lists'),
    ]

    operations = [
        migrations.CreateModel(
            name='MergedAccount',
            fields=[
                ('account_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('person_id', models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.RunPython(guarded(GONE_WITH_ACCOUNTS), guarded(GONE)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
