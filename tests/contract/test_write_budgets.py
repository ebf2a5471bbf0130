"""Statements of every write, pinned: what stands in write_budgets.json, on both databases.

On PostgreSQL they also lock rows in the one order of all writes: see lock_order.py.

Every statement counts that Django's CaptureQueriesContext shows: the query that finds the caller, savepoints, and the
begin and the end of the transaction, for which a test has a savepoint and its release. `BUDGETS=write` writes the file
anew; LIMITS are what it may not exceed.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from institutions.models import Institution
from tests.contract import calls
from tests.contract.lock_order import followed
from tests.courses import sittings
from tests.files.conftest import PDF
from tests.world import World

FILE = Path(__file__).with_name("write_budgets.json")
NEW_MEMBER, KNOWN_MEMBER = "vle_learner.create", "vle_learner.create of a member"
BY_SESSION = "lapi_verification.send by the token of a session"
UPLOAD, UPLOADS_TO = "provider_model.upload", ("post", "/models/{token}/")
# One of the statements writes into the trail; of captures one looks whether it is sent again, and of those that are
# verified one writes the job.
LIMITS = {
    NEW_MEMBER: 15, KNOWN_MEMBER: 7, "learner.create": 13, "learner.patch": 10, "group.patch": 6,
    "vle_assessment.open": 10, "lapi_verification.send": 12, BY_SESSION: 12, "lapi_enrolment.send": 12,
    "lapi_alert.send": 11, "vle_attachment.send": 13,
}  # fmt: skip
Sent = Callable[[], Any]  # sends the request: the answer


def _declared(name: str, by: str = "") -> Callable[..., Sent]:
    """What prepares a declared write, with the fixture `caller` and the world."""

    def prepared(caller, world: World) -> Sent:
        call, client = calls.CALLS[name], caller(by or calls.CALLS[name].by)
        if call.before is not None:
            call.before(world)
        url, body = calls.url_of(call, world), calls.body_of(call, world)
        return lambda: calls.request(client, call.method, url, body)

    return prepared


def _known_member(caller, world: World) -> Sent:
    again = _declared(NEW_MEMBER)(caller, world)
    assert again().status_code == 201
    return again


def _sitting(close: bool) -> Callable[..., Sent]:
    """An assessment session that is open already is continued, or closed."""

    def prepared(caller, world: World) -> Sent:
        opened = _declared("vle_assessment.open")(caller, world)()
        client, url = sittings.vle_client(world.home.vle), sittings.url_of(world.home.vle)
        return lambda: client.post(url, {"session_id": opened.json()["id"], "close": close}, format="json")

    return prepared


def _form(name: str, **values: Any) -> Callable[..., Sent]:
    """What prepares a declared write whose body is a form with a file."""

    def prepared(caller, world: World) -> Sent:
        call, client = calls.CALLS[name], caller(calls.CALLS[name].by)
        if call.before is not None:
            call.before(world)
        url = calls.url_of(call, world)
        files = {
            key: SimpleUploadedFile("a.pdf", PDF, "application/pdf") for key, value in values.items() if value is PDF
        }
        return lambda: getattr(client, call.method)(url, values | files, format="multipart")

    return prepared


def _model_upload(caller, world: World) -> Sent:
    """To the address that stands in the answer which locks the model."""
    locked = _declared("provider_enrolment.create")(caller, world)()
    path = urlsplit(locked.json()["model_upload_url"]["url"]).path
    return lambda: APIClient().post(path, {"file": SimpleUploadedFile("model.json", b"{}")}, format="multipart")


def _empty_institution(caller, world: World) -> Sent:
    """One that has anything is not deleted."""
    client, empty = caller("global"), Institution.objects.create(name="Empty", acronym="EMPTY")
    return lambda: client.delete(f"/api/v2/admin/institution/{empty.pk}/")


WRITES: dict[str, Callable[..., Sent]] = {
    **{name: _declared(name) for name, call in calls.CALLS.items() if call.method != "get" and call.status < 400},
    KNOWN_MEMBER: _known_member,
    BY_SESSION: _declared("lapi_verification.send", by="ann's session"),
    "vle_assessment.open continued": _sitting(close=False),
    "vle_assessment.open closed": _sitting(close=True),
    "document.create with a PDF": _form("document.create", language="ca", html="", pdf=PDF),
    "document.put with a PDF": _form("document.put", language="en", html="", pdf=PDF),
    "me_contest.file": _form("me_contest.file", file=PDF),
    UPLOAD: _model_upload,
    "admin_institution.delete": _empty_institution,
}


def test_every_write_has_a_budget_below_its_limit():
    budgets = json.loads(FILE.read_text())
    assert budgets.keys() == WRITES.keys()
    assert {name: budgets[name] for name, limit in LIMITS.items() if budgets[name] > limit} == {}


@pytest.mark.parametrize("name", WRITES)
def test_number_of_statements_is_the_budget(name, caller, world):
    send = WRITES[name](caller, world)
    assert connection.features.supports_json_field  # which SQLite is asked once in each process
    with CaptureQueriesContext(connection) as captured, followed() as order:
        answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    if connection.vendor == "postgresql":  # SQLite locks no rows
        assert order.faults == []
    statements = [query["sql"] for query in captured]
    assert ("signin_callersession" in statements[0]) == (name != UPLOAD)  # its address says who it is
    if os.environ.get("BUDGETS") == "write":
        budgets = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps({n: (budgets | {name: len(statements)}).get(n) for n in WRITES}, indent=1) + "\n")
    assert len(statements) == json.loads(FILE.read_text())[name], "\n".join(statements)
