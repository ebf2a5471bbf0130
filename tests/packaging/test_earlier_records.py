"""The migration of the records that there were before the trail, filled, interrupted and run again."""

import json

from tests.packaging.test_migrations import in_process, new

__all__ = ["new"]
START = """
import datetime as dt, json
import django
django.setup()
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

TARGETS = [("trail", "0002_guards"), ("files", "0003_made"), ("institutions", "0012_provider_is_demonstration"),
           ("admin", "0003_logentry_add_action_flag_choices")]
day = lambda number: dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC) + dt.timedelta(days=number)
def apps_of(targets):
    return MigrationExecutor(connection).loader.project_state(targets).apps
def table(label):
    return apps.get_model(label)._base_manager
"""
# `at` is set by the database's default or Django's clock: it is changed behind them.
FILL = """
MigrationExecutor(connection).migrate(TARGETS)
apps = apps_of(TARGETS)
home = table("institutions.Institution").create(acronym="H", name="H")
def person(name, **values):
    return table("institutions.User").create(username=name, uid=name, email=f"{name}@secret.org", **values)
ann, root, gone = person("ann", institution=home), person("root", is_staff=True), 10**6
vle = table("institutions.VLE").create(institution=home, name="Moodle")
def read(at, kind, key, owner, reader_kind, reader, address="192.0.2.1"):
    row = table("files.FileRead").create(institution=home, file_id=key, kind=kind, owner_id=owner,
                                         reader_kind=reader_kind, reader_id=reader, address=address)
    table("files.FileRead").filter(pk=row.pk).update(at=at)
read(day(1), "sample", 1, ann.pk, "person", ann.pk)
read(day(2), "report_made", 2, gone, "vle", vle.pk)
read(day(3), "request", 3, None, "launched", gone)
def change(at, action, resource, key, changes, institution=home.pk):
    row = table("institutions.AdministrationRecord").create(
        by_kind="admin", by_id=root.pk, address="192.0.2.2", action=action, resource=resource, resource_id=key,
        institution_id=institution, changes=changes)
    table("institutions.AdministrationRecord").filter(pk=row.pk).update(at=at)
change(day(4), "update", "user", ann.pk, {"email": None, "send_admin": [False, True]})
change(day(5), "merge", "user", gone, {"from": 9, "legal_admin": [False, True]})
change(day(6), "create", "instrument", 7, {"enabled": [False, True]}, None)
types = apps.get_model("contenttypes", "ContentType")._base_manager
def log(at, app, model, key, flag, message):
    kind = None if app is None else types.get_or_create(app_label=app, model=model)[0]
    table("admin.LogEntry").create(action_time=at, user=root, content_type=kind, object_id=key, object_repr="secret",
                                   action_flag=flag, change_message=message)
fields = json.dumps([{"changed": {"fields": ["E-mail"]}},
                     {"added": {"name": "message locale", "object": "secret"}}, {"deleted": {}}])
log(day(7), "institutions", "user", str(ann.pk), 2, fields)
log(day(8), "institutions", "institution", "55", 3, "")
log(day(9), None, None, "9" * 30, 1, "Changed secret.")
# Since there is a trail both were written.
from kernel.recording import Entry, Origin, record
with transaction.atomic():
    now = dt.datetime.now(dt.UTC)
    read(now, "sample", 4, ann.pk, "person", ann.pk)
    change(now, "delete", "instrument", 8, {}, None)
    log(now, "institutions", "message", "5", 1, "[]")
    root_now = Origin("admin", root.pk, "root")
    record(Entry("read", "files/sample", 4, home.pk, ann.pk), by=Origin("person", ann.pk, "ann"))
    record(Entry("delete", "admin/instrument", 8), Entry("create", "pages/institutions/message", 5), by=root_now)
    read(now, "sample", 5, ann.pk, "person", ann.pk)  # of the version before, while the new one is started
"""
INTERRUPTED = """
from django.core.management import call_command
from trail import earlier
earlier.ROWS, write, calls = 2, earlier._write, []
def interrupted(*args):
    calls.append(args)
    if len(calls) == 5:
        raise SystemExit("interrupted")
    write(*args)
earlier._write = interrupted
call_command("migrate", verbosity=0)
"""
LEFT = """
apps = apps_of(TARGETS)
print(json.dumps([table(label).count() for label in (
    "files.FileRead", "institutions.AdministrationRecord", "admin.LogEntry", "trail.Line")]))
"""
LATE = """
from django.core.management import call_command
call_command("migrate", "trail", "0004", verbosity=0)
apps = apps_of([("trail", "0004_earlier_records")])
home = table("institutions.Institution").get().pk
print(table("files.FileRead").count())
table("files.FileRead").create(institution_id=home, file_id=6, kind="alert", reader_kind="person", reader_id=10**6)
call_command("migrate", verbosity=0)
"""
READ = """
from django.contrib.admin.models import LogEntry
from trail.models import Key, Line
from trail.reading import told
from trail.sealing import seal
from trail.verifying import verify
seal()
shown = told([*Line.objects.values_list("pk", flat=True)])
print(json.dumps({
    "lines": {line.request_id: [
        line.written_at.isoformat()[:10], line.institution_id, line.actor_kind, line.actor_id, line.verb,
        line.resource, line.row_key, line.person_id, shown[line.pk]["name"], shown[line.pk]["address"],
        shown[line.pk]["details"]] for line in Line.objects.exclude(request_id="").order_by("pk")},
    "stored": [[line.origin, line.details] for line in Line.objects.order_by("pk")],
    "keys": sorted(Key.objects.exclude(line_id__lte=3).values_list("person_id", flat=True)),
    "log": LogEntry.objects.count(), "count": Line.objects.count(), "faults": len(verify().faults),
    "tables": [name for name in connection.introspection.table_names() if name.endswith(("fileread", "record"))],
}))
"""


def test_what_was_recorded_before_the_trail_is_lines_of_it(db, new):
    url, _ = new

    def run(text: str, check: bool = True):
        return in_process(url, "-c", START + text, check=check)

    run(FILL)
    assert run(INTERRUPTED, check=False).returncode == 1
    assert json.loads(run(LEFT).stdout) == [0, 2, 4, 3 + 6], "a part is moved as a whole or not at all"
    assert run(LATE).stdout.split() == ["0"]
    found = json.loads(run(READ).stdout)
    home, ann, root, gone, vle = 1, 1, 2, 10**6, 1
    by = ["admin", root]
    where, today = ["root", "192.0.2.2"], found["lines"]["moved/file-read/6"][0]
    assert {key: line for key, line in found["lines"].items() if key != "moved/file-read/5"} == {
        "moved/file-read/1": [
            "2024-01-02", home, "person", ann, "read", "files/sample", "1", ann, "ann", "192.0.2.1", {},
        ],
        "moved/file-read/2": [
            "2024-01-03", home, "vle", vle, "read", "files/report_made", "2", gone, "Moodle", "192.0.2.1", None,
        ],
        "moved/file-read/3": [
            "2024-01-04", home, "launched", gone, "read", "files/request", "3", None, None, None, {},
        ],
        "moved/administration/1": [
            "2024-01-05", home, *by, "update", "admin/user", str(ann), ann, *where,
            {"email": [None, None], "send_admin": [False, True]},
        ],
        "moved/administration/2": [
            "2024-01-06", home, *by, "merge", "institution/user", str(gone), gone, *where, None,
        ],
        "moved/administration/3": [
            "2024-01-07", 0, *by, "create", "admin/instrument", "7", None, *where, {"enabled": [False, True]},
        ],
        "moved/admin-log/1": [
            "2024-01-08", home, *by, "update", "pages/institutions/user", str(ann), ann, "root", None,
            {"E-mail": [None, None], "message locale": [None, None]},
        ],
        "moved/admin-log/2": [
            "2024-01-09", 55, *by, "delete", "pages/institutions/institution", "55", None, "root", None, {},
        ],
        "moved/admin-log/3": ["2024-01-10", 0, *by, "create", "pages/unknown", "9" * 30, None, "root", None, {}],
        "moved/file-read/6": [today, home, "person", gone, "read", "files/alert", "6", None, None, None, {}],
    }  # fmt: skip
    assert found["lines"]["moved/file-read/5"][6:9] == ["5", ann, "ann"]
    assert found["count"] == 3 + 11, "what has a line already has not got another one"
    assert not [text for line in found["stored"] for text in line if "secret" in text or '"ann"' in text]
    assert (found["log"], found["faults"], found["tables"]) == (0, 0, [])
    assert found["keys"] == [ann] * 6 + [root] * 6
