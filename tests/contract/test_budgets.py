"""SQL queries of every read, pinned in its declaration (`queries`): the same with one row and with a hundred.

The query that finds the caller of a token is not counted. A failing test tells the measured numbers.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.contract.calls import CALLS, url_of
from tests.contract.desk import fill_desk
from tests.contract.filling import fill, fill_administration

READS = [name for name, call in CALLS.items() if call.method == "get" and call.status == 200]
LARGEST_LIST, LARGEST_DETAIL = 6, 10
MANY = 100
KEEPING = {"document.read"}  # what a learner reads for the first time is kept as evidence of the consent
_prepared: set[tuple[str, str]] = set()  # reads of callers whose statements this process has prepared


@pytest.fixture(scope="module", params=[1, MANY])
def standing(request, stage):
    def fill_all(world) -> None:
        fill(world, request.param)
        fill_administration(request.param)
        fill_desk(world, request.param)

    with stage(fill_all) as world:
        yield world


@pytest.fixture
def standing_rows(request) -> int:
    return request.node.callspec.params["standing"]


def queries(client, url: str) -> int:
    """Beside the query that finds the caller."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, answer.content
    first, *rest = [query["sql"] for query in captured]
    assert "signin_callersession" in first
    return len(rest)


def test_every_read_has_a_budget():
    for name in READS:
        call = CALLS[name]
        assert call.by in call.queries, name
        assert max(call.queries.values()) <= (LARGEST_LIST if call.is_list else LARGEST_DETAIL), name


@pytest.mark.parametrize("name", READS)
def test_number_of_queries_is_the_budget_whatever_the_number_of_rows(name, caller, world, standing_rows):
    """A page of all rows, and one that is searched, are asked for where they are many."""
    call, measured, filtered = CALLS[name], {}, {}
    url = url_of(call, world)
    for who in call.queries:
        client = caller(who)
        if (name, who) not in _prepared or name in KEEPING:
            client.get(url)  # statements that are prepared once
            _prepared.add((name, who))
        measured[who] = {queries(client, url)}
        if call.is_list and standing_rows == MANY:
            measured[who].add(queries(client, f"{url}?limit=1000"))
            query = "search=e&ordering=-id&limit=2&offset=1&name=e&username=e"
            filtered[who] = queries(client, f"{url}?{query}")
    assert measured == {who: {number} for who, number in call.queries.items()}
    # Search, ordering and filters cost a count at most: a page that is asked nothing brings its own.
    assert all(number <= call.queries[who] + 1 for who, number in filtered.items()), filtered


def test_authentication_is_one_query(caller, world):
    for who in ("global", "admin", "ann", "teacher", "vle"):
        client = caller(who)
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/v2/institution/nothing/")
            client.get(url_of(CALLS["vle.list"], world))
        assert sum("signin_callersession" in query["sql"] for query in captured) == 1
