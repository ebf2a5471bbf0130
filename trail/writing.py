"""Writing lines: one statement, whatever their number, which waits for nobody."""

import json
from typing import Any

import orjson
from django.db import connection

from kernel.batches import batched
from kernel.recording import Entry, Origin
from trail.models import NO_INSTITUTION
from trail.sealed import new_key, seal

COLUMNS = (
    "institution_id", "actor_kind", "actor_id", "signed_in", "signed_in_by", "origin", "request_id", "verb", "resource",
    "row_key", "person_id", "details", "actor_key", "person_key",
)  # fmt: skip
LINES = 1000  # in one statement: 14,000 values, of the 32,766 that SQLite takes
LONGEST = 20_000  # letters of the details of one line: what is longer is named, not told
_MARKS = f"({', '.join(['%s'] * len(COLUMNS))})"


def write(origin: Origin, entries: tuple[Entry, ...]) -> None:
    """A line for each entry, in the transaction that is open."""
    for part in batched(entries, LINES):
        values = [value for entry in part for value in _values(origin, entry)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO trail_entry ({', '.join(COLUMNS)}) VALUES {', '.join([_MARKS] * len(part))}",  # noqa: S608 - names of columns
                values,
            )


def _values(origin: Origin, entry: Entry) -> tuple[Any, ...]:
    """Name and address of people are sealed; so are details that tell of one."""
    known = _json({"name": origin.name, "address": origin.address})
    details = _details(entry)
    actor_key = person_key = None
    # Who tries to sign in to an account is sealed as if it were its person.
    if origin.person_id is not None or (not origin.kind and entry.person is not None):
        actor_key = new_key()
        known = seal(known, actor_key)
    if entry.sealed and (entry.person is not None or origin.person_id is not None):
        person_key = new_key()
        details = seal(details, person_key)
    return (
        NO_INSTITUTION if entry.institution is None else entry.institution,
        origin.kind,
        origin.id,
        origin.signed_in,
        origin.signed_in_by,
        known,
        origin.request_id,
        entry.verb,
        entry.resource[:100],
        str(entry.row)[:100],
        entry.person,
        details,
        actor_key,
        person_key,
    )


def _details(entry: Entry) -> str:
    text = _json(entry.details)
    return text if len(text) <= LONGEST else _json(dict.fromkeys(entry.details))


def _json(values: Any) -> str:
    try:
        return orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a character, or an integer that is too long for it
        return json.dumps(values, default=str)
