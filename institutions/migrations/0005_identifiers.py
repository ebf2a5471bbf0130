"""Usernames, e-mails and uids are unique within an institution, and identifiers are the same in every spelling.

Stored identifiers are normalised. Nothing is changed if two rows would become one, or an identifier would be empty or
too long for its column: such rows are listed instead, for somebody to decide about them.
"""

import django.contrib.auth.validators
from django.core.management import CommandError
from django.db import migrations, models

from kernel.text import as_identifier, identifier_key

ROWS = 1000
HELP = (
    "Nothing was changed. Uids, e-mails, usernames and the ids of VLEs are compared without invisible characters and "
    "blanks at their ends, uids and e-mails without case. Change or delete one of each of these rows with the version "
    "that is running, then migrate again:"
)
# Table -> its identifiers: columns that are stored in their normal form.
IDENTIFIERS = {
    ("institutions", "User"): ("username", "email", "uid"),
    ("courses", "Course"): ("vle_course_id",),
    ("courses", "Activity"): ("vle_activity_type", "vle_activity_id"),
}


def _batches(rows):
    """The rows in the order of their keys, as lists of at most ROWS."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:ROWS]):
        yield batch
        last = batch[-1].pk


def _ways_to_be_one(row):
    """(what must be unique, the values that are compared) of a row. Without a uid or e-mail nothing is compared."""
    match row._meta.model_name:
        case "user":
            home = "no institution" if row.institution_id is None else f"institution {row.institution_id}"
            yield f"people of {home} with one username", as_identifier(row.username)
            if row.email:
                yield f"people of {home} with one e-mail", identifier_key(row.email)
            if row.institution_id is not None:
                yield f"people of {home} with one uid", identifier_key(row.uid)
        case "course":
            home = f"VLE {row.vle_id} of institution {row.institution_id}"
            yield f"courses of {home} with one id there", as_identifier(row.vle_course_id)
        case "activity":
            home = f"VLE {row.vle_id} of institution {row.institution_id}"
            values = as_identifier(row.vle_activity_type), as_identifier(row.vle_activity_id)
            yield f"activities of {home} with one type and id there", values


def _unfit(row, names):
    """The identifiers that are not empty now and would be, or that would not fit into their columns."""
    for name in names:
        value = as_identifier(getattr(row, name) or "")
        if getattr(row, name) and (not value or len(value) > row._meta.get_field(name).max_length):
            yield name


def refuse_what_would_be_lost(apps, schema_editor):
    """CommandError with the ids of the rows; no values, which are personal data.

    `institutions.apps` calls it before the first migration of all.
    """
    problems = []
    for table, names in IDENTIFIERS.items():
        rows_of = {}
        for batch in _batches(apps.get_model(*table)._base_manager):
            for row in batch:
                for way in _ways_to_be_one(row):
                    rows_of.setdefault(way, []).append(row.pk)
                problems += [
                    f"  {name} is nothing but invisible characters, or too long: {row._meta.model_name} {row.pk} of "
                    f"institution {row.institution_id}"
                    for name in _unfit(row, names)
                ]
        problems += [f"  {what}: {keys}" for (what, _), keys in rows_of.items() if len(keys) > 1]
    if problems:
        raise CommandError("\n".join([HELP, *problems]))


def normalise(apps, schema_editor):
    for table, names in IDENTIFIERS.items():
        rows = apps.get_model(*table)._base_manager
        for batch in _batches(rows):
            if changed := [row for row in batch if _normalised(row, names)]:
                rows.bulk_update(changed, names, batch_size=200)
    people = apps.get_model("institutions", "User")._base_manager
    for batch in _batches(people):
        for person in batch:
            person.email_key = identifier_key(person.email) if person.email else None
            person.uid_key = identifier_key(person.uid)
        people.bulk_update(batch, ["email_key", "uid_key"], batch_size=200)
    # PostgreSQL alters no table of which deferred constraints are not checked yet.
    schema_editor.connection.check_constraints()


def _normalised(row, names):
    """Whether an identifier of the row was not in its normal form, in which it is now."""
    before = [getattr(row, name) for name in names]
    for name in names:
        value = getattr(row, name)
        setattr(row, name, None if value is None else as_identifier(value))
    return before != [getattr(row, name) for name in names]


class Migration(migrations.Migration):
    dependencies = [
        ("institutions", "0004_consent_texts"),
        ("courses", "0002_initial"),
    ]

    operations = [
        migrations.RunPython(refuse_what_would_be_lost, migrations.RunPython.noop),
        migrations.RemoveConstraint("user", "user_email_once"),
        migrations.RemoveConstraint("user", "user_uid_once_per_institution"),
        migrations.AlterField(
            "user",
            "username",
            models.CharField(max_length=150, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()]),
        ),
        migrations.AddField("user", "email_key", models.TextField(editable=False, null=True)),
        migrations.AddField("user", "uid_key", models.TextField(default="", editable=False)),
        migrations.RunPython(normalise, migrations.RunPython.noop),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(fields=("email_key", "institution"), name="user_email_once_per_institution"),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(fields=("institution", "username"), name="user_username_once_per_institution"),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(fields=("institution", "uid_key"), name="user_uid_once_per_institution"),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                condition=models.Q(("institution", None)), fields=("email_key",), name="user_email_once_outside"
            ),
        ),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                condition=models.Q(("institution", None)), fields=("username",), name="user_username_once_outside"
            ),
        ),
    ]
