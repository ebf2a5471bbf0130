"""No operation and no page gives anything of another institution to anybody, or changes anything there.

Every text of the other institution is marked. Whatever is asked - its own pages, addresses with the other's ids, bodies
with the other's ids and texts, searches and filters for its texts - no answer holds the mark, and no row there changes.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext

from institutions.models import Institution
from tests.attack.conftest import everything
from tests.attack.texts import text_columns, written
from tests.conftest import client_of
from tests.console.conftest import ids
from tests.console.test_access import MATRIX
from tests.contract.calls import CALLS, body_of, ids_of, names, request, url_of
from tests.contract.conftest import undone, written_to
from tests.contract.test_access import REFUSALS
from tests.contract.test_schema import SCHEMA
from tests.world import World

MARK = "q9x-away"
MARKS = [f"{MARK}-text", f"{MARK}@example.org", f"https://{MARK}.example.org/"]
CALLERS = {
    "me": ("ann", "bob"),
    "institution": ("admin", "data", "teacher", "ann", "member"),
    "vle": ("vle",),
    "provider": ("desk",),
    "lapi": ("ann", "ann's session", "vle"),
    "admin": ("admin", "vle"),
}
SHARED = {"ks", "fr", "provider", "route", "language"}  # rows of no institution, and codes


@cache
def way_to_institution(model: type[Model]) -> str | None:
    """The shortest way of foreign keys from a row to its institution; None for tables of nobody's rows."""
    ways: deque[tuple[type[Model], str]] = deque([(model, "")])
    seen = {model}
    while ways:
        table, path = ways.popleft()
        if table is Institution:
            return path or "pk"
        for field in table._meta.concrete_fields:
            if field.remote_field and field.related_model not in seen:
                seen.add(field.related_model)
                ways.append((field.related_model, f"{path}__{field.name}" if path else field.name))
    return None


def owned(world: World, tables: set[str] | None = None) -> Iterator[QuerySet]:
    """The rows of the other institution, by table."""
    for model in apps.get_models():
        is_asked = tables is None or model._meta.db_table in tables
        if is_asked and (way := way_to_institution(model)) is not None:
            yield model._base_manager.filter(**{way: world.away.institution.pk})


def everything_marked(world: World) -> None:
    everything(world)
    of_table = {rows.model: rows for rows in owned(world)}
    marked = {
        f"{field.model.__name__}.{field.name}"
        for field in text_columns()
        if field.model in of_table and field.name != "password" and written(of_table[field.model], field, MARKS)
    }
    assert len(marked) > 40, marked


@pytest.fixture(scope="module")
def standing(stage):
    with stage(everything_marked) as before:
        yield before


def state(world: World, tables: set[str] | None = None) -> dict[str, list]:
    """{table: rows of the other institution}"""
    return {rows.model._meta.db_table: list(rows.order_by("pk").values_list()) for rows in owned(world, tables)}


def _refuse_mark(what: object, answer) -> None:
    assert MARK not in answer.getvalue().decode() + str(answer.headers), what


def _with_foreign_ids(value: Any, foreign: dict[Any, set], told: str) -> Iterator[Any]:
    """The body with one value of the other institution in the place of one of its own, one after the other."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in _with_foreign_ids(inner, foreign, told):
                yield value | {name: other}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for other in _with_foreign_ids(inner, foreign, told):
                yield [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, int | str) and not isinstance(value, bool):
        yield from foreign.get(value, ())
        if isinstance(value, str):
            yield told


@pytest.mark.parametrize("name", names(*CALLERS))
def test_operations(name, world, caller):
    call = CALLS[name]
    own, away = ids_of(world), ids_of(world, world.away)
    if call.before is not None:
        call.before(world)
    keys = [key for key in re.findall(r"{(\w+)}", call.path) if key not in SHARED]
    paths = [url_of(call, world), *(url_of(call, world, **{key: away[key]}) for key in keys)]
    bodies = [body_of(call, world)]
    foreign: dict[Any, set] = {}
    for key, value in own.items():
        foreign.setdefault(value, set()).add(away[key])
    bodies += _with_foreign_ids(bodies[0], foreign, MARKS[0])
    before: dict[str, list] = {}  # of the tables that were written to: what is undone is as it was
    for who in CALLERS[call.resource.root]:
        client = caller(who)
        # Whoever is refused is refused before the body is read.
        others = bodies[1:] if call.answers[who] not in REFUSALS else []
        for path, body in [*((path, bodies[0]) for path in paths), *((paths[0], body) for body in others)]:
            with undone(), CaptureQueriesContext(connection) as queries:
                answer = request(client, call.method, path, body)
                told = json.dumps(body)
                if MARK not in told:
                    _refuse_mark((who, call.method, path, body), answer)
                assert answer.status_code < 500
                tables = written_to(queries)
                after = state(world, tables)
            before |= state(world, tables - before.keys())
            assert after == {table: before[table] for table in after}


@pytest.mark.parametrize(
    "name", [name for name in names("institution", "vle", "provider", "me", method="get") if CALLS[name].is_list]
)
def test_searches_and_filters(name, world, caller):
    call = CALLS[name]
    described = SCHEMA["paths"][call.url]["get"]["parameters"]
    parameters = {each["name"] for each in described if each["in"] == "query"} - {"limit", "offset", "ordering"}
    ids = {str(value) for key, value in ids_of(world, world.away).items() if key not in SHARED}
    for who in ("admin", "ann") if call.resource.root == "institution" else (call.by,):
        if call.answers[who] in REFUSALS:
            continue
        client, path = caller(who), url_of(call, world)
        for parameter in parameters:
            is_of_ids = parameter == "search" or parameter.endswith("id") or parameter in call.path
            for value in [MARKS[0], *(ids if is_of_ids else ())]:
                answer = client.get(path, {parameter: value})
                assert answer.status_code < 500
                # The address of the next page repeats what was asked for.
                assert MARK not in answer.getvalue().decode().replace(value, ""), (who, path, parameter, value)


@pytest.mark.parametrize("name", [name for name in names("institution", method="get") if CALLS[name].is_list])
def test_the_other_institution_sees_its_own_marks(name, world):
    if name != "trail.list" and not CALLS[name].resource.is_shared:  # lines come later: see tests/trail/test_api.py
        path = url_of(CALLS[name], world, **ids_of(world, world.away))
        assert MARK in client_of(world.away.people[CALLS[name].by]).get(path, {"limit": 1000}).content.decode()


@pytest.mark.parametrize("who", ["admin", "data", "teacher"])
def test_pages(who, world, signed_in):
    """The console and the browsable API, with their forms and links."""
    home = world.home
    pages = [f"/console/{home.institution.pk}/{page}".format(**ids(world)) for page in MATRIX]
    pages += [url_of(CALLS[name], world) for name in names("institution", method="get")]
    browser = signed_in(who)
    for path in pages:
        _refuse_mark(path, browser.get(path))
