"""What was read is sent back unchanged, by everybody who may: 200, and nothing has changed.

Clients read a row, change one value of it and PUT the whole: whatever an answer holds must be taken back.
"""

import json
import re

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from institutions.models import User
from kernel.models import Record
from tests.contract.calls import CALLS, names, request, url_of
from tests.contract.conftest import undone, written_to
from tests.contract.declared import COLUMNS
from tests.contract.filling import fill
from tests.world import rewritten

PUTS = [name for name in names("institution", "vle", "admin", method="put") if CALLS[name].verb == "put"]
MAY = [
    (CALLS[name].resource.name, who)
    for name in PUTS
    for who in COLUMNS[CALLS[name].resource.root]
    if CALLS[name].answers[who] == CALLS[name.replace(".put", ".read")].answers[who] == 200
]

KEYS = {"document": "language", "retention": "kind"}  # what names a row of a list, if not the id


@pytest.fixture(scope="module")
def standing(stage):
    """A person without e-mail, names and language beside those who have everything."""

    def prepare(world):
        fill(world, 3)
        bare = User.objects.filter(pk__in=[world.people[name].pk for name in ("bob", "visitor")])
        rewritten(bare, email=None, first_name="", last_name="", locale=None)

    with stage(prepare) as world:
        yield world


def unsigned(answer) -> dict:
    """Without what each answer draws anew, the signatures in the addresses of files, and what only changes have."""
    row = json.loads(re.sub(r"/files/[^/]+/", "/files/", answer.content.decode()))
    return {name: value for name, value in row.items() if name != "removed"}


def stored(tables: set[str]) -> dict[str, list]:
    """All rows of these tables, but for records."""
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables
        and model._meta.app_label not in {"sessions", "admin", "trail"}
        and not issubclass(model, Record)
    }


def put_back(client, url: str) -> None:
    before = client.get(url)
    assert before.status_code == 200
    with undone():
        with CaptureQueriesContext(connection) as queries:
            answer = request(client, "put", url, before.json())
        assert answer.status_code == 200, answer.content
        assert unsigned(answer) == unsigned(before)
        assert unsigned(client.get(url)) == unsigned(before)
        rows = stored(written_to(queries))
    assert stored(rows.keys()) == rows  # what is undone is as it was


@pytest.mark.any_database  # who sends it; on both databases each row is sent below
@pytest.mark.parametrize(("name", "who"), MAY, ids=str)
def test_what_was_read_is_put_back_without_change(name, who, caller, world):
    put_back(caller(who), url_of(CALLS[f"{name}.read"], world))


@pytest.mark.parametrize("name", [name.removesuffix(".put") for name in PUTS])
def test_each_row_of_a_list_is_put_back_without_change(name, caller, world):
    """With null in every column that can be null; but for what the caller may only read."""
    lists, read = CALLS[f"{name}.list"], CALLS[f"{name}.read"]
    client = caller(lists.by)
    rows = client.get(f"{url_of(lists, world)}?limit=1000").json()["results"]
    changed = 0
    for row in rows:
        url = url_of(read, world, **{read.resource.own: row[KEYS.get(name, "id")]})
        if name == "ui" and row["is_global"]:
            continue
        put_back(client, url)
        changed += 1
    assert changed
