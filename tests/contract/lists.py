"""What every list promises, and what orderings compare: `read(query)` is the body of a list."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connection
from django.db.models import QuerySet

from files.links import url_read
from institutions.models import InformedConsent, Institution, Instrument, User
from kernel.models import Deriving
from learners.models import SENDCategory
from reports.models import Report, ReportInstrument
from tests.conftest import client_of
from tests.contract.calls import CALLS, ids_of, url_of
from tests.guards import lifted

Read = Callable[[str], dict[str, Any]]
NONSENSE = ("-1", "abc", "", "1.5", "null", "1e2", "%00")
HUGE = ("1001", "99999999999999999999", str(2**63))
ROWS = 15  # of fill(), so that there is more than a page of everything
LISTS_OF_LEARNERS = ("learner.list", "course_learner.list", "vle_learner.list", "vle_participant.list")
PAST = ("500", str(2**31), str(2**63 - 1), str(2**63), str(2**64), "9" * 40)


def reader(caller, world) -> Callable[..., dict[str, Any]]:
    """reader(caller, world)("vle.list", "limit=3"): the body of a list, for who sees most."""
    clients = {}

    def body(name: str, query: str = "", status: int = 200) -> dict[str, Any]:
        call = CALLS[name]
        who = "global" if name == "institution.list" else call.by
        if who not in clients:
            clients[who] = caller(who)
        answer = clients[who].get(f"{url_of(call, world)}?{query}")
        assert answer.status_code == status, (query, answer.content)
        return answer.json()

    return body


def keys(body) -> list[int]:
    return [row["id"] for row in body["results"]]


def assert_pages(read: Read, url: str) -> int:
    """Ten rows and absolute links; how many rows there are."""
    whole, first = read("limit=1000"), read("")
    assert len(first["results"]) == 10
    assert first["count"] == whole["count"] == len(whole["results"])
    assert (first["next"], first["previous"]) == (f"{url}?limit=10&offset=10", None)
    second = read("limit=4&offset=6")
    assert keys(second) == keys(whole)[6:10]
    assert second["previous"] == f"{url}?limit=4&offset=2"
    assert parse_qs(urlsplit(second["next"]).query) == {"limit": ["4"], "offset": ["10"]}
    return whole["count"]


def assert_tiles(read: Read) -> None:
    """Pages of four show each row once, in the order of the whole."""
    whole = keys(read("limit=1000"))
    assert len(set(whole)) == len(whole)
    assert [key for offset in range(0, len(whole) + 4, 4) for key in keys(read(f"limit=4&offset={offset}"))] == whole


def assert_ordered(read: Read, name: str, columns: list[str]) -> None:
    """By each column both ways, nulls last, then in the default order. All that are not are told at the end."""
    default, wrong = read("limit=1000")["results"], []
    for column in columns:
        value = {row["id"]: comparable(name, row, column) for row in default}
        known = [row["id"] for row in default if value[row["id"]] is not None]
        nulls = [row["id"] for row in default if value[row["id"]] is None]
        rising, falling = (keys(read(f"limit=1000&ordering={sign}{column}")) for sign in ("", "-"))
        if rising != sorted(known, key=value.__getitem__) + nulls:
            wrong.append(column)
        if falling != sorted(known, key=value.__getitem__, reverse=True) + nulls:
            wrong.append(f"-{column}")
    assert not wrong, wrong


def comparable(operation: str, row: dict, name: str):
    """What the database compares; None where it has null."""
    value = row[name]
    if name == "consent" and operation in LISTS_OF_LEARNERS:
        return value and InformedConsent.objects.get(institution__acronym="HOME", version=value["version"]).pk
    if name == "options":
        return value and value["strictness"]
    if (operation, name) == (
        "send.list",
        "data",
    ):  # SQLite compares the text, PostgreSQL list by list, the shorter one first
        lists = SENDCategory.objects.get(pk=row["id"]).data
        return json.dumps(lists) if connection.vendor == "sqlite" else [[len(one), one] for one in lists.values()]
    if (operation, name) == ("institution_report.list", "learner"):
        return value["last_name"], value["first_name"]
    if isinstance(value, dict):
        value = value["acronym" if operation == "admin_user.list" else "id"]
    if (operation, name) == ("ic.list", "version"):
        return [int(part) for part in value.split(".")]
    if name == "pdf":
        value = value and "the same file"  # at an address of its own each time
    if name == "data":
        value = value and url_read(value).file_id
    if name == "instruments":
        value = min(value, default=None)
    if name == "email":
        value = value or None  # answered "", stored null
    if isinstance(value, str) and name.endswith(("_at", "_from", "_login", "accepted", "rejected", "start", "end")):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and _collates():
        return "".join(c for c in value.casefold() if c.isalnum())
    return value


def _collates() -> bool:
    """The database compares words as a dictionary does, not code by code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'a' < 'B'")
        return bool(cursor.fetchone()[0])


def make_differ(world) -> None:
    """Columns that would be alike in all rows: a false ordering must show."""
    for model, column, values in (
        (User, "inst_admin", (True, False)),
        (User, "login_allowed", (False, True)),
        (Instrument, "identity", (False, True, False)),
        (Institution, "external_ic", (True, False)),
        (Institution, "mail_domain", (None, "b.org", "a.org")),
        (Report, "identity_level", (3, 0, 4)),
        (ReportInstrument, "enrolment", (0.2, 0.1, 0.3)),
        (ReportInstrument, "confidence", (0.9, 0.7, 0.8)),
        (ReportInstrument, "result", (0.4, 0.6, 0.5)),
        (ReportInstrument, "content_level", (1, 0, 4)),
        (ReportInstrument, "integrity_level", (0, 2, 1)),
        (InformedConsent, "valid_from", (datetime.fromisoformat("2200-01-01T00:00:00Z"),)),
    ):
        rows = model.objects.exclude(username__in=("root", "home-admin")) if model is User else model.objects.all()
        for n, row in enumerate(rows.order_by("pk")):
            if model is not InformedConsent or n % 3 == 2:
                model.objects.filter(pk=row.pk).update(**{column: values[n % len(values)]})


MARK = "xx-quagga{}-yy"


def marked_text(column: str, number: int = 0, text: str = MARK) -> str:
    return f"{text.format(number)}{'@example.org' if column == 'email' else ''}"


def mark(operation: str, column: str, get, world, text: str = MARK) -> int:
    """Write a rare text into one column of one row, and of the other institution's look-alike; the row's key."""
    resource = CALLS[operation].resource
    row = _own(get(operation, "limit=1000"))[1]
    away = [] if resource.is_shared else _away(operation, world)
    for n, marked in enumerate([row, *away[:1]]):
        *path, name = column.split("__")
        target = resource.model.objects.get(pk=resource.key_of(marked))
        for relation in path:
            target = getattr(target, relation)
        value = marked_text(name, n, text)
        if isinstance(target, Deriving):  # with what is derived from the column
            setattr(target, name, value)
            target.save(update_fields=[name])
        else:
            with lifted():
                QuerySet(type(target)).filter(pk=target.pk).update(**{name: value})  # records, too
    assert away or resource.is_shared
    return row["id"]


def _own(body) -> list[dict]:
    """Without the UI options that all institutions see."""
    return [row for row in body["results"] if not row.get("is_global")]


def _away(operation: str, world) -> list[dict]:
    url = url_of(CALLS[operation], world, **ids_of(world, world.away))
    reader = world.away.people.get(CALLS[operation].by, world.away.people["admin"])
    return _own(client_of(reader).get(f"{url}?limit=1000").json())
