"""What every list promises, and what orderings compare: `read(query)` is the body of a list."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import connection

from files.links import url_read
from institutions.models import InformedConsent, Institution, Instrument, User
from learners.models import SENDCategory
from reports.models import Report, ReportInstrument

Read = Callable[[str], dict[str, Any]]
NONSENSE = ("-1", "abc", "", "1.5", "null", "1e2", "%00")
HUGE = ("1001", "99999999999999999999", str(2**63))
PAST = ("500", str(2**31), str(2**63 - 1), str(2**63), str(2**64), "9" * 40)


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


def assert_ordered(read: Read, number: str, name: str) -> None:
    """By the column both ways, nulls last, then in the default order. `number` says how the column is compared."""
    default = read("limit=1000")["results"]
    value = {row["id"]: comparable(number, row, name) for row in default}
    known = [row["id"] for row in default if value[row["id"]] is not None]
    nulls = [row["id"] for row in default if value[row["id"]] is None]
    rising, falling = (keys(read(f"limit=1000&ordering={sign}{name}")) for sign in ("", "-"))
    assert rising == sorted(known, key=value.__getitem__) + nulls
    assert falling == sorted(known, key=value.__getitem__, reverse=True) + nulls


def comparable(number: str, row: dict, name: str):
    """What the database compares; None where it has null."""
    value = row[name]
    if name == "consent" and number in ("12.1", "16.1"):
        return value and InformedConsent.objects.get(institution__acronym="HOME", version=value["version"]).pk
    if name == "options":
        return value and value["strictness"]
    if (number, name) == ("13.1", "data"):  # SQLite compares the text, PostgreSQL list by list, the shorter one first
        lists = SENDCategory.objects.get(pk=row["id"]).data
        return json.dumps(lists) if connection.vendor == "sqlite" else [[len(one), one] for one in lists.values()]
    if isinstance(value, dict):
        value = value["id"]
    if name == "version":
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
