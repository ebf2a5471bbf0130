"""SQL queries of every list and detail, pinned: what stands in budgets.json, with one row and with a hundred.

The query that finds the caller of a token is not counted. A failing test tells the measured number.
"""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.contract import calls as tree_calls
from tests.contract import vle_calls
from tests.contract.calls import ADMIN, ADMIN_READS, CALLS, ids_of, name_of, url_of
from tests.contract.document import operations
from tests.contract.filling import fill, fill_administration

FILE = Path(__file__).with_name("budgets.json")
BUDGETS: dict[str, dict[str, int]] = json.loads(FILE.read_text())
ADMIN_BUDGETS = BUDGETS.pop("admin")
READS = [n for n in CALLS if CALLS[n].method == "get"]
# Who reads what they may read; a row that only its owner sees is read by its owner.
WHO = {
    "1": "global admin member", "2": "global admin", "3": "global admin data teacher ann",
    "6": "global admin legal member", "7": "global admin legal member", "8": "global admin member",
    "10": "global admin legal data ann", "11": "global admin legal data teacher",
    "12": "global admin legal data send teacher ann",
    "15": "global admin data teacher ann", "16": "global admin data teacher ann",
    "17": "global admin data teacher ann", "18": "global admin data teacher ann",
    "4": "global admin data member", "5": "global admin data member", "9": "global admin",
    "13": "global admin send", "14": "global admin send ann",
    "19": "global admin data teacher", "20": "global admin data teacher", "21": "global admin data teacher",
}  # fmt: skip
EXCEPT = {("12.7", "global"), ("12.7", "send"), ("10.activities", "legal")}  # refused
LISTS = {n for n in READS if n in operations() and operations()[n].is_list} | {"10.activities"}
CASES = [(n, who) for n in READS for who in WHO[n.split(".")[0]].split() if (n, who) not in EXCEPT]
ADMINISTERED = [path for paths in ADMIN_READS.values() for path in paths]  # budgets by path, under "admin"
CASES += [(n, "vle") for n in vle_calls.READS]
IS_LIST = {n: n in LISTS for n in READS} | {n: n in vle_calls.LISTS for n in vle_calls.READS}
LARGEST_LIST, LARGEST_DETAIL = 6, 10


def address(number: str, world) -> str:
    calls = vle_calls if number in vle_calls.CALLS else tree_calls
    return calls.url_of(calls.CALLS[number], world)


def label(number: str) -> str:
    return number if number in vle_calls.CALLS else name_of(number)


def queries(client, url: str) -> int:
    """Beside the query that finds the caller."""
    client.get(url)  # statements that are prepared once
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    assert answer.status_code == 200, answer.content
    first, *rest = [query["sql"] for query in captured]
    assert "signin_callersession" in first
    return len(rest)


def test_every_read_has_a_budget():
    assert {(n, who) for n, callers in BUDGETS.items() for who in callers} == set(CASES)
    assert ADMIN_BUDGETS.keys() == set(ADMINISTERED)
    assert max(ADMIN_BUDGETS.values()) <= LARGEST_LIST
    for number, callers in BUDGETS.items():
        assert max(callers.values()) <= (LARGEST_LIST if IS_LIST[number] else LARGEST_DETAIL)


@pytest.mark.parametrize(("number", "who"), CASES, ids=[f"{label(n)}-{who}" for n, who in CASES])
@pytest.mark.parametrize("rows", [1, 100])
def test_number_of_queries_is_the_budget_whatever_the_number_of_rows(rows, number, who, caller, world):
    fill(world, rows)
    client = caller(who)
    assert queries(client, f"{address(number, world)}?limit=1000") == BUDGETS[number][who]
    assert queries(client, address(number, world)) == BUDGETS[number][who]


@pytest.mark.parametrize(("number", "who"), [c for c in CASES if IS_LIST[c[0]] and c[0] != "6.3"])
def test_search_ordering_and_filters_cost_a_count_at_most(number, who, caller, world):
    fill(world, 3)
    url = f"{address(number, world)}?search=e&ordering=-id&limit=2&offset=1&username=e"
    assert queries(caller(who), url) <= BUDGETS[number][who] + 1  # a page that is asked nothing brings its own


@pytest.mark.parametrize("path", ADMINISTERED)
@pytest.mark.parametrize("rows", [1, 100])
def test_administration_keeps_its_budget_whatever_the_number_of_rows(rows, path, caller, world):
    fill(world, rows)
    fill_administration(rows)
    client, url = caller("global"), ADMIN + path.format(**ids_of(world))
    assert queries(client, f"{url}?limit=1000") == ADMIN_BUDGETS[path]
    assert queries(client, url) == ADMIN_BUDGETS[path]
    if not url.rstrip("/").rpartition("/")[2].isdigit():
        filtered = queries(client, f"{url}?search=e&ordering=-id&limit=2&offset=1&name=e&username=e")
        assert filtered <= ADMIN_BUDGETS[path] + 1  # a page that is asked nothing brings its own count


def test_authentication_is_one_query(caller, world):
    for who in ("global", "admin", "ann", "teacher", "vle"):
        client = caller(who)
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/v2/institution/nothing/")
            client.get(f"{url_of(CALLS['2.1'], world)}")
        assert sum("signin_callersession" in query["sql"] for query in captured) == 1
