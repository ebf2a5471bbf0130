"""What migrations call: rows of the records that there were before the trail become lines of it.

A moved line has the instant of its row, and names the row as its request: that is how it can be told from others. What
tells of people is sealed with keys of their accounts, as in all lines; of accounts that are gone nothing is kept.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction

from trail.sealed import new_key, seal

MARK = "moved/"  # begins the request of a moved line
ROWS = 500  # in one transaction
NEAR = timedelta(seconds=5)  # a row and the line of the same deed are written one after the other
_MODULES = {"vle": "institutions.VLE", "provider": "institutions.Provider"}
_ORIGIN, _DETAILS = 1, 2


@dataclass(frozen=True)
class Earlier:
    """What one row told, as a line tells it."""

    key: int
    at: datetime
    actor_kind: str
    actor_id: int
    verb: str
    resource: str
    row: str
    institution: int | None = None  # None: the person's own, if there is one
    person: int | None = None
    address: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def deed(self) -> tuple[str, str, str, int]:
        """What the line of the same deed has in common with it: other ids may stand before the row's."""
        return self.verb, self.resource.rpartition("/")[2], self.row, self.actor_id


def move(apps: Any, label: str, name: str, as_told: Callable[[Any], Earlier], *, is_last: bool = False) -> None:
    """Move all rows of this model into the trail, some at a time, each time in one transaction.

    Whatever ends it, the next call goes on with the rows that are left. `is_last`: in the transaction of the migration
    that drops the table, which nobody writes to meanwhile.
    """
    model = apps.get_model(label)
    if is_last and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN ACCESS EXCLUSIVE MODE")
    while _part_moved(apps, model, name, as_told):
        pass


@transaction.atomic
def _part_moved(apps: Any, model: Any, name: str, as_told: Callable[[Any], Earlier]) -> bool:
    """Whether there were rows to move."""
    rows = list(model._base_manager.select_for_update().order_by("pk")[:ROWS])
    if not rows:
        return False
    told = [as_told(row) for row in rows]
    written = _written_already(apps, told)
    _write(apps, name, [row for row in told if not _is_near(row, written)])
    model._base_manager.filter(pk__in=[row.pk for row in rows])._raw_delete(connection.alias)
    return True


def _is_near(row: Earlier, written: dict[tuple, list[datetime]]) -> bool:
    return any(abs(at - row.at) <= NEAR for at in written.get(row.deed, ()))


def _written_already(apps: Any, rows: Iterable[Earlier]) -> dict[tuple, list[datetime]]:
    """When the deeds of these rows were written into the trail, too: since there is one, both were told of them."""
    lines = apps.get_model("trail", "Line")._base_manager.exclude(request_id__startswith=MARK).order_by("pk")
    first = lines.values_list("written_at", flat=True).first()
    since = [row for row in rows if first is not None and row.at >= first - NEAR]
    found: dict[tuple, list[datetime]] = {row.deed: [] for row in since}
    if since:
        instants = [row.at for row in since]
        lines = lines.filter(written_at__range=(min(instants) - NEAR, max(instants) + NEAR))
        columns = ("verb", "resource", "row_key", "actor_id", "written_at")
        for verb, resource, row_key, actor, at in lines.values_list(*columns).iterator():
            deed = verb, resource.rpartition("/")[2], row_key.rpartition("/")[2], actor
            if deed in found:
                found[deed].append(at)
    return found


def _write(apps: Any, name: str, rows: list[Earlier]) -> None:
    line, key = apps.get_model("trail", "Line"), apps.get_model("trail", "Key")
    people = _people(apps, rows)
    names = _module_names(apps, rows)
    transaction_id = _transaction_id()
    lines, keys = [], []
    for row in rows:
        texts, secrets = _texts(row, people, names)
        keys.append(secrets)
        home = row.institution or people.get(row.person or 0, ("", 0))[1] or 0
        lines.append(
            line(
                institution_id=home, written_at=row.at, written_in=transaction_id, actor_kind=row.actor_kind,
                actor_id=row.actor_id, signed_in="", request_id=f"{MARK}{name}/{row.key}", verb=row.verb,
                resource=row.resource[:100], row_key=row.row[:100], person_id=row.person, **texts,
            )
        )  # fmt: skip
    made = line._base_manager.bulk_create(lines)
    key._base_manager.bulk_create(
        key(line_id=each.pk, part=part, person_id=person, key=secret)
        for each, secrets in zip(made, keys, strict=True)
        for part, person, secret in secrets
    )


def _texts(
    row: Earlier, people: dict[int, tuple[str, int | None]], names: dict[tuple[str, int], str]
) -> tuple[dict[str, str], list[tuple[int, int, bytes]]]:
    """The origin and the details as they are stored, and the keys of what is sealed: (part, person, key)."""
    keys = []
    if row.actor_kind in _MODULES:
        origin = _json({"name": names.get((row.actor_kind, row.actor_id), ""), "address": row.address})
    elif row.actor_id in people:
        keys.append((_ORIGIN, row.actor_id, new_key()))
        origin = seal(_json({"name": people[row.actor_id][0], "address": row.address}), keys[-1][2])
    else:
        origin = _json({})
    details = _json(row.details)
    if row.person in people:
        keys.append((_DETAILS, row.person, new_key()))
        details = seal(details, keys[-1][2])
    elif row.person is not None:
        details = _json(None)
    return {"origin": origin, "details": details}, keys


def _people(apps: Any, rows: Iterable[Earlier]) -> dict[int, tuple[str, int | None]]:
    """{key: (username, institution)} of the accounts that are still there."""
    keys = {row.actor_id for row in rows if row.actor_kind not in _MODULES} | {row.person for row in rows}
    found = apps.get_model("institutions", "User")._base_manager.filter(pk__in=keys - {None})
    return {key: (username, home) for key, username, home in found.values_list("pk", "username", "institution_id")}


def _module_names(apps: Any, rows: Iterable[Earlier]) -> dict[tuple[str, int], str]:
    names = {}
    for kind, label in _MODULES.items():
        keys = {row.actor_id for row in rows if row.actor_kind == kind}
        for key, name in apps.get_model(label)._base_manager.filter(pk__in=keys).values_list("pk", "name"):
            names[kind, key] = name
    return names


def _transaction_id() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return cursor.fetchone()[0]


def _json(values: Any) -> str:
    return orjson.dumps(values, default=str).decode()


# The records that there were.


def file_read(row: Any) -> Earlier:
    """files.FileRead: who read a file, or what was made of such data."""
    return Earlier(
        row.pk, row.at, row.reader_kind, row.reader_id, "read", f"files/{row.kind}", str(row.file_id),
        row.institution_id, row.owner_id, row.address,
    )  # fmt: skip


def administration(row: Any) -> Earlier:
    """institutions.AdministrationRecord: changes through /api/v2/admin/, and people who were merged."""
    is_merge = row.action == "merge"
    changes = {name: [None, None] if values is None else values for name, values in row.changes.items()}
    return Earlier(
        row.pk, row.at, row.by_kind, row.by_id, row.action, f"{'institution' if is_merge else 'admin'}/{row.resource}",
        str(row.resource_id), row.institution_id, row.resource_id if row.resource == "user" else None, row.address,
        changes,
    )  # fmt: skip


_VERBS = {1: "create", 2: "update", 3: "delete"}
_OF_PEOPLE = {"institutions/user", "institutions/instructor", "learners/learner"}  # their keys are the accounts'


def admin_log(apps: Any) -> Callable[[Any], Earlier]:
    """admin.LogEntry: changes in the pages of /admin/. It told the names of fields, no values."""
    types = apps.get_model("contenttypes", "ContentType")._base_manager.values_list("pk", "app_label", "model")
    resources = {key: f"{app}/{model}" for key, app, model in types}

    def as_told(row: Any) -> Earlier:
        resource = resources.get(row.content_type_id, "unknown")
        is_number = (row.object_id or "").isdecimal() and len(row.object_id) < 19
        key = int(row.object_id) if is_number else None
        return Earlier(
            row.pk, row.action_time, "admin", row.user_id, _VERBS.get(row.action_flag, "update"), f"pages/{resource}",
            row.object_id or "", key if resource == "institutions/institution" else None,
            key if resource in _OF_PEOPLE else None, None, {name: [None, None] for name in _fields(row.change_message)},
        )  # fmt: skip

    return as_told


def _fields(message: str) -> Iterator[str]:
    """The fields and the rows inside the page that a message names: others may name people."""
    try:
        parts = orjson.loads(message)
    except orjson.JSONDecodeError:
        return
    for part in parts if isinstance(parts, list) else ():
        for what in part.values():
            yield from map(str, what.get("fields", ()))
            if "name" in what:
                yield str(what["name"])
