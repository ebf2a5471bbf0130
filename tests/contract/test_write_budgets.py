"""Statements of every write, pinned: what stands in write_budgets.json, on both databases.

Every statement counts that Django's CaptureQueriesContext shows: the query that finds the caller, savepoints, and the
begin and the end of the transaction, for which a test has a savepoint and its release. `BUDGETS=write` writes the file
anew; LIMITS are what it may not exceed.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import ActivityInstrument
from tests import captures
from tests.contract import calls as tree_calls
from tests.contract import vle_calls
from tests.courses import sittings
from tests.learners.lapi import url_of as capture_url
from tests.world import World

FILE = Path(__file__).with_name("write_budgets.json")
NEW_MEMBER, KNOWN_MEMBER, OPENING = "vle_learner.create", "vle_learner.create known", "vle_assessment open"
LIMITS = {
    NEW_MEMBER: 14, KNOWN_MEMBER: 6, "12.2": 12, "12.5": 9, "4.5": 5, OPENING: 9, "lapi_verification": 9,
    "lapi_verification without a session": 9, "lapi_enrolment": 9, "lapi_alert": 10, "vle_attachment": 10,
}  # fmt: skip
Sent = Callable[[], Any]  # sends the request: the answer


def _of_calls() -> dict[str, Callable[..., Sent]]:
    """The writes of the two lists of calls: name -> what prepares one, with the fixture `caller` and the world."""

    def of_tree(number: str) -> Callable[..., Sent]:
        def prepared(caller, world: World) -> Sent:
            call, client = tree_calls.CALLS[number], caller(tree_calls.RIGHT_CALLER.get(number, "admin"))
            if call.before is not None:
                call.before(world)
            url = tree_calls.url_of(call, world)
            return lambda: tree_calls.request(client, call.method, url, call.body)

        return prepared

    def of_vle(name: str) -> Callable[..., Sent]:
        def prepared(caller, world: World) -> Sent:
            client = caller("vle")
            return lambda: vle_calls.send(client, vle_calls.CALLS[name], world)

        return prepared

    writes = {number: of_tree(number) for number, call in tree_calls.CALLS.items() if call.method != "get"}
    return writes | {name: of_vle(name) for name, call in vle_calls.CALLS.items() if call.method != "get"}


def _known_member(caller, world: World) -> Sent:
    again = _of_calls()[NEW_MEMBER](caller, world)
    assert again().status_code == 201
    return again


def _ready(world: World) -> None:
    """bob may be assessed in the quiz, which takes documents, too."""
    for instrument in (captures.KS, captures.FA):
        sittings.enrolled(sittings.consented(world.home, "bob"), instrument)
    ActivityInstrument.objects.create(activity=world.home.activity, instrument_id=captures.FA)


def _sitting(**more: Any) -> Callable[..., Sent]:
    def prepared(caller, world: World) -> Sent:
        _ready(world)
        client, url = sittings.vle_client(world.home.vle), sittings.url_of(world.home.vle)
        body = dict(sittings.NEW)
        if more:
            body = {"session_id": client.post(url, body, format="json").json()["id"], **more}
        return lambda: client.post(url, body, format="json")

    return prepared


def _capture(word: str, in_activity: bool = True, in_session: bool = True, **more: Any) -> Callable[..., Sent]:
    def prepared(caller, world: World) -> Sent:
        _ready(world)
        home, place = world.home, {}
        session = captures.session_for(home, "bob")
        if in_activity:
            place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
            place |= {"session_id": session.pk} if in_session else {}
        client = captures.as_learner(home, "bob", session if in_activity and in_session else None)
        body = captures.sample(learner_id=str(home.learners["bob"].learner_id), **place) | more
        url = capture_url(word, home, "bob")
        return lambda: client.post(url, body, format="json")

    return prepared


def _attachment(caller, world: World) -> Sent:
    _ready(world)
    home = world.home
    path = f"{vle_calls.ACTIVITY}attachment/{home.learners['bob'].learner_id}/"
    url = vle_calls.BASE + path.format(**vle_calls.ids_of(home))
    body = captures.sample(instruments=[captures.FA], session_id=captures.session_for(home, "bob").pk)
    client = caller("vle")
    return lambda: client.post(url, body, format="json")


ALERT = {"level": "alert", "data": {"message_code": "none"}, "raised_at": "2026-01-01T00:00:00Z"}
WRITES: dict[str, Callable[..., Sent]] = {
    **_of_calls(),
    KNOWN_MEMBER: _known_member,
    OPENING: _sitting(),
    "vle_assessment continue": _sitting(close=False),
    "vle_assessment close": _sitting(close=True),
    "lapi_verification": _capture("verification"),
    "lapi_verification without a session": _capture("verification", in_session=False),
    "lapi_alert": _capture("alert", **ALERT),
    "lapi_enrolment": _capture("enrolment", in_activity=False),
    "vle_attachment": _attachment,
}


def test_every_write_has_a_budget_below_its_limit():
    budgets = json.loads(FILE.read_text())
    assert budgets.keys() == WRITES.keys()
    assert {name: budgets[name] for name, limit in LIMITS.items() if budgets[name] > limit} == {}


@pytest.mark.parametrize("name", WRITES)
def test_number_of_statements_is_the_budget(name, caller, world):
    send = WRITES[name](caller, world)
    assert connection.features.supports_json_field  # which SQLite is asked once in each process
    with CaptureQueriesContext(connection) as captured:
        answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    statements = [query["sql"] for query in captured]
    assert "signin_callersession" in statements[0]
    if os.environ.get("BUDGETS") == "write":
        budgets = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps({n: (budgets | {name: len(statements)}).get(n) for n in WRITES}, indent=1) + "\n")
    assert len(statements) == json.loads(FILE.read_text())[name], "\n".join(statements)
