"""/admin/instrument/: instruments of all institutions, also those that are not enabled."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from institutions.models import Instrument, Provider
from institutions.services.instruments import instrument_update
from kernel.domain import Unknown
from reports.models import Request
from tests.contract.filling import fill
from tests.institutions.administration import BASE, assert_bodies, assert_boxes, call, records

URL = f"{BASE}instrument/"
# What the dashboard sends; the schema is JSON as text.
BODY = {
    "name": "Gait recognition", "acronym": "gait", "description": None, "queue": None, "options_schema": "null",
    "enabled": True, "requires_enrolment": True, "identity": True, "originality": False, "authorship": False,
    "integrity": False,
}  # fmt: skip
SCHEMA = {"type": "object", "properties": {"online": {"type": "boolean", "title": "Online", "default": True}}}
KEYS = [
    "id", "options_schema", "name", "acronym", "queue", "enabled", "requires_enrolment", "description", "identity",
    "originality", "authorship", "integrity", "created_at", "updated_at", "timeout_minutes",
]  # fmt: skip
FACE = f"{URL}1/"


@pytest.fixture
def root(as_):
    return as_("global")


@pytest.fixture
def spare(db) -> Instrument:
    """An instrument that nothing uses."""
    return Instrument.objects.create(name="Spare", acronym="spare", queue="spare", options_schema=SCHEMA)


def test_bodies_that_are_no_objects(root):
    assert_bodies(root, URL)


def test_boxes_above_columns(root, world):
    fill(world, 8)
    assert_boxes(root, URL, {"name": "keyST", "acronym": "KS"})


def test_disabled_ones_are_seen_here_alone(root, spare, world):
    assert root.get(f"{URL}{spare.pk}/").json()["enabled"] is False
    assert spare.pk in [row["id"] for row in root.get(URL).json()["results"]]
    assert root.get(f"/api/v2/institution/{world.home.institution.pk}/instrument/{spare.pk}/").status_code == 404


def test_instrument_as_the_dashboard_makes_one(root):
    answer = call(root, "post", URL, BODY)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == KEYS
    assert row | dict.fromkeys(("id", "created_at", "updated_at")) == BODY | {
        "id": None, "queue": "tesla_gait", "options_schema": None, "created_at": None, "updated_at": None,
        "timeout_minutes": 60,
    }  # fmt: skip
    assert root.get(f"{URL}{row['id']}/").json() == row


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (json.dumps(SCHEMA), SCHEMA), (SCHEMA, SCHEMA), ("{}", {}), ("null", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_schema_is_sent_as_text_or_object_and_answered_as_an_object(sent, stored, root, spare):
    made = call(root, "post", URL, BODY | {"options_schema": sent})
    assert (made.status_code, made.json()["options_schema"]) == (201, stored)
    changed = call(root, "put", f"{URL}{spare.pk}/", {"name": "S", "acronym": "spare", "options_schema": sent})
    assert changed.json()["options_schema"] == stored
    listed = next(row for row in root.get(URL).json()["results"] if row["id"] == spare.pk)
    assert listed["options_schema"] == stored


def test_switches_that_nobody_touched_are_off(root):
    switches = ("enabled", "requires_enrolment", "identity", "originality", "authorship", "integrity")
    for number, more in enumerate((dict.fromkeys(switches), {})):
        row = call(root, "post", URL, {"name": "N", "acronym": f"n{number}", **more}).json()
        assert [row[name] for name in switches] == [False] * 6
        assert (row["queue"], row["description"]) == (f"tesla_n{number}", None)


def test_put_resets_nothing_that_it_leaves_out(root):
    before = root.get(FACE).json()
    for more in ({}, {"queue": None, "enabled": None, "identity": None}, {"queue": ""}):
        after = call(root, "put", FACE, {"name": "Face recognition", "acronym": "fr", **more}).json()
        assert after == before | {"updated_at": after["updated_at"]}
    assert call(root, "patch", FACE, {"queue": "faces", "enabled": False}).json()["queue"] == "faces"
    assert Instrument.objects.get(pk=1).enabled is False


@pytest.mark.parametrize("acronym", ["a b", "a/b", "é"])
def test_an_acronym_that_makes_no_queue_is_to_blame(acronym, root, spare):
    for queue in ({}, {"queue": None}, {"queue": ""}):
        answer = call(root, "post", URL, {"name": "N", "acronym": acronym, **queue})
        assert (answer.status_code, list(answer.json())) == (400, ["acronym"])
    answer = call(root, "post", f"{URL}{spare.pk}/provider/", {"name": "P", "acronym": acronym, "version": "1"})
    assert (answer.status_code, list(answer.json())) == (400, ["acronym"])
    assert call(root, "post", URL, {"name": "N", "acronym": acronym, "queue": "own"}).status_code == 201
    answer = call(root, "patch", f"{URL}{spare.pk}/", {"acronym": f"{acronym}2"})
    assert (answer.status_code, answer.json()["queue"]) == (200, "spare")  # it keeps its own


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None), ("name", ""), ("name", "x" * 251), ("name", "a\nb"), ("acronym", None), ("acronym", ""),
        ("acronym", "fr"), ("acronym", "x" * 31), ("queue", "tesla_ks"), ("queue", "a b"), ("queue", "x" * 251),
        ("queue", "a\x00"), ("description", "a\x00"), ("description", []), ("enabled", "perhaps"), ("identity", 7),
        ("options_schema", "nope"), ("options_schema", "[]"), ("options_schema", "5"), ("options_schema", [1]),
        ("options_schema", {"type": 5}), ("options_schema", '{"properties": []}'),
        ("timeout_minutes", 0), ("timeout_minutes", 43_201), ("timeout_minutes", 2**63), ("timeout_minutes", "x"),
        ("options_schema", {"$ref": "http://x.org/schema"}), ("options_schema", {"title": "\u0000"}),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(name, value, root, spare):
    where = f"{URL}{spare.pk}/"
    for answer in (call(root, "post", URL, BODY | {name: value}), call(root, "patch", where, {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name]), answer.content
    assert Instrument.objects.count() == 6
    assert records() == []


@pytest.fixture
def elsewhere():
    """A server that has a schema: its address, and the paths it was asked for."""
    paths: list[str] = []

    class Schemas(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Schemas) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/schema", paths
        server.shutdown()


def test_nothing_is_fetched_for_a_schema(root, spare, elsewhere):
    address, paths = elsewhere
    answer = call(root, "patch", f"{URL}{spare.pk}/", {"options_schema": {"$ref": address}})
    assert (answer.status_code, list(answer.json()), paths) == (400, ["options_schema"], [])


def test_queue_of_the_acronym_must_be_free_and_a_name(root):
    Instrument.objects.create(name="x", acronym="x", queue="tesla_gait")
    for acronym, blamed in (("gait", "queue"), ("a b", "acronym")):
        answer = call(root, "post", URL, BODY | {"acronym": acronym})
        assert (answer.status_code, list(answer.json())) == (400, [blamed])
        assert call(root, "post", URL, BODY | {"acronym": acronym, "queue": f"q{len(acronym)}"}).status_code == 201


def test_required(root, spare):
    for method, url in (("post", URL), ("put", f"{URL}{spare.pk}/")):
        answer = call(root, method, url, {})
        assert (answer.status_code, set(answer.json())) == (400, {"name", "acronym"})


# Deleting.


def test_instrument_that_nothing_uses_is_deleted(root, spare):
    assert root.delete(f"{URL}{spare.pk}/").status_code == 204
    assert not Instrument.objects.filter(pk=spare.pk).exists()
    assert records() == [("delete", "instrument", spare.pk, {})]


def test_instrument_in_use_is_409_and_its_uses_are_named(root, world):
    answer = root.delete(f"{URL}2/")
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    # ks is in both quizzes, was asked for twice and reported twice; both special needs take it away.
    for what in (
        "2 activity instruments", "2 requests", "2 request results", "2 report instruments", "2 SEND categories",
    ):  # fmt: skip
        assert what in answer.json()["detail"]
    assert Instrument.objects.filter(pk=2).exists()
    assert records() == []


@pytest.mark.parametrize("use", ["provider", "request", "special need"])
def test_one_use_is_enough_whatever_a_deletion_would_do_to_it(use, root, spare, world):
    if use == "provider":
        Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument=spare)
    elif use == "request":
        Request.objects.get(pk=world.home.request.pk).instruments.add(spare)
    else:
        world.home.category.data["disabled_instruments"] = [spare.pk]
        world.home.category.save()
    reason = {"provider": "1 provider", "request": "1 request", "special need": "1 SEND category"}[use]
    answer = root.delete(f"{URL}{spare.pk}/")
    assert (answer.status_code, answer.json()["detail"].endswith(f"by {reason}.")) == (409, True)


# Records.


def test_every_change_is_recorded(root):
    made = call(root, "post", URL, BODY).json()
    where = f"{URL}{made['id']}/"
    call(root, "patch", where, {"enabled": False, "options_schema": json.dumps(SCHEMA), "queue": "other"})
    call(root, "patch", where, {"enabled": False})  # which changes nothing
    assert records() == [
        ("create", "instrument", made["id"], {
            "name": [None, "Gait recognition"], "acronym": [None, "gait"], "queue": [None, "tesla_gait"],
            "enabled": [None, True], "requires_enrolment": [None, True], "identity": [None, True],
            "originality": [None, False], "authorship": [None, False], "integrity": [None, False],
            "timeout_minutes": [None, 60],
        }),
        ("update", "instrument", made["id"], {
            "enabled": [True, False], "options_schema": [None, SCHEMA], "queue": ["tesla_gait", "other"],
        }),
        ("update", "instrument", made["id"], {}),
    ]  # fmt: skip


def test_instrument_that_is_gone_is_unknown(spare):
    Instrument.objects.filter(pk=spare.pk).delete()
    with pytest.raises(Unknown):
        instrument_update(instrument=spare, name="Back")
