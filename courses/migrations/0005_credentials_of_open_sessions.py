"""Open sessions get a credential of their VLE, so that they are shut out with it when it is revoked."""

from collections import defaultdict

from django.db import migrations

PART = 500
LONGEST = 24 * 60  # minutes


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    credentials = defaultdict(list)
    for credential in apps.get_model("institutions", "Credential").objects.using(alias).order_by("created_at", "pk"):
        credentials[credential.vle_id].append(credential)
    sessions = apps.get_model("courses", "AssessmentSession").objects.using(alias)
    open_sessions = sessions.filter(closed_at=None, credential=None)
    chosen = defaultdict(list)
    for pk, began, vle in open_sessions.values_list("pk", "started_at", "activity__vle").iterator():
        if vle in credentials:
            chosen[opener(credentials[vle], began)].append(pk)
    for credential, keys in chosen.items():
        for start in range(0, len(keys), PART):
            sessions.filter(pk__in=keys[start : start + PART]).update(credential=credential)


def shorten(apps, schema_editor):
    """Exams last a day at most; open ones may have been given 30."""
    sessions = apps.get_model("courses", "AssessmentSession").objects.using(schema_editor.connection.alias)
    sessions.filter(closed_at=None, max_ttl__gt=LONGEST).update(max_ttl=LONGEST)


def opener(credentials, began):
    """The oldest credential that was good when the session began: of several, it is the first to end. Else the newest."""
    for each in credentials:
        ended = min((end for end in (each.expires_at, each.revoked_at) if end is not None), default=None)
        if each.created_at <= began and (ended is None or ended > began):
            return each.pk
    return credentials[-1].pk


class Migration(migrations.Migration):
    # Not in the migration before: PostgreSQL makes no index while rows of the same transaction wait to be checked.
    dependencies = [("courses", "0004_session_credential")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(shorten, migrations.RunPython.noop),
    ]
