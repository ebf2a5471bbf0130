"""Every list, of institutions, VLEs, providers and the administration: pages and ordering.

The rows are those of filling.py and desk.py.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from institutions.models import InformedConsent, Instrument
from tests.contract.calls import CALLS, names, url_of
from tests.contract.desk import fill_desk
from tests.contract.filling import fill, fill_administration
from tests.contract.lists import (
    HUGE,
    NONSENSE,
    PAST,
    ROWS,
    assert_ordered,
    assert_pages,
    assert_tiles,
    keys,
    make_differ,
    reader,
)
from tests.contract.vle_calls import Sister

LISTS = [
    name
    for name in names("institution", "admin", "vle", "provider")
    if CALLS[name].is_list and not CALLS[name].resource.is_single
]
each_list = pytest.mark.parametrize("name", LISTS)


@pytest.fixture(scope="module")
def standing(stage):
    """More rows than a page of everything, also of another VLE; no column is alike in all rows."""

    def many(world) -> None:
        fill(world, ROWS)
        Sister(world.home)
        make_differ(world)
        fill_administration(ROWS)
        fill_desk(world, ROWS)

    with stage(many) as world:
        yield world


@pytest.fixture
def get(caller, world) -> Callable:
    """get("vle.list", "limit=3"): the body of a list, for who sees most."""
    return reader(caller, world)


# Pages.


@pytest.mark.any_database
@each_list
def test_page_is_ten_rows_and_links_are_absolute(name, get, world):
    read = partial(get, name)
    assert assert_pages(read, "http://testserver" + url_of(CALLS[name], world)) >= ROWS


@each_list
def test_pages_tile_the_list(name, get):
    assert_tiles(partial(get, name))


@pytest.mark.any_database
@each_list
def test_nonsense_falls_back_and_too_much_is_cut(name, get):
    first, whole = get(name), get(name, "limit=1000")
    for limit in (*NONSENSE, "0"):
        assert keys(get(name, f"limit={limit}")) == keys(first), limit
    for limit in HUGE:
        assert keys(get(name, f"limit={limit}")) == keys(whole), limit
    for offset in NONSENSE:
        assert keys(get(name, f"offset={offset}")) == keys(first), offset
    for offset in PAST:
        body = get(name, f"offset={offset}")
        assert (body["results"], body["count"], body["next"]) == ([], whole["count"], None), offset


def test_page_has_at_most_a_thousand_rows(get, world):
    Instrument.objects.bulk_create(
        Instrument(name="I", acronym=f"y{n}", queue=f"y{n}", enabled=True) for n in range(1000)
    )
    body = get("instrument.list", "limit=1005")
    assert len(body["results"]) == 1000
    assert body["count"] == 1005 + ROWS
    assert body["next"] == f"http://testserver{url_of(CALLS['instrument.list'], world)}?limit=1000&offset=1000"


# Ordering.


@each_list
def test_ordering_is_by_the_column_nulls_last_then_in_the_default_order(name, get):
    assert_ordered(partial(get, name), name, CALLS[name].resource.orderable.split())


def test_versions_are_ordered_as_numbers(get, world):
    for n, version in enumerate(((1, 10, 0), (1, 9, 0), (10, 0, 0))):
        text = ".".join(map(str, version))
        major, minor, patch = version
        InformedConsent.objects.create(
            institution=world.home.institution, version=text, major=major, minor=minor, patch=patch,
            valid_from=datetime.fromisoformat(f"2199-01-0{n + 1}T00:00:00Z"),
        )  # fmt: skip
    versions = [row["version"] for row in get("ic.list", "limit=1000&ordering=version")["results"]]
    versions = [version for version in versions if not version.startswith(("0.", "9."))]  # those of filling.py
    assert versions == ["1.0.0", "1.9.0", "1.10.0", "2.0.0", "10.0.0"]
    falling = [row["version"] for row in get("ic.list", "limit=1000&ordering=-version")["results"]]
    assert [version for version in falling if version in versions] == versions[::-1]


@each_list
def test_default_order_is_by_key(name, get):
    rows = get(name, "limit=1000")["results"]
    first = CALLS[name].resource.default_order
    expected = sorted(rows, key=lambda row: (row[first] is None, row[first] or 0, row["id"]))
    assert [row["id"] for row in rows] == [row["id"] for row in expected]


UNKNOWN = (
    "nope", "-nope", "password", "-password", "", "-", ",,", "institution__name", "user__password", "pk", "id;",
    "--id", "?", "%00",
)  # fmt: skip


@pytest.mark.any_database
@each_list
def test_unknown_ordering_is_ignored(name, get):
    first = keys(get(name))
    for ordering in ("", "?", "%00", ",".join(UNKNOWN)):
        assert keys(get(name, f"ordering={ordering}")) == first, ordering


@pytest.mark.any_database
@each_list
def test_unknown_names_do_not_disturb_known_ones(name, get):
    whole = sorted(keys(get(name, "limit=1000")), reverse=True)
    assert keys(get(name, "limit=1000&ordering=nope,-id,password")) == whole
    assert keys(get(name, "limit=1000&ordering=-id,id")) == whole


def test_several_columns_order_one_after_the_other(get):
    rows = get("user.list", "limit=1000&ordering=-inst_admin,-id")["results"]
    assert [row["id"] for row in rows] == [
        row["id"] for row in sorted(rows, key=lambda row: (not row["inst_admin"], -row["id"]))
    ]
    assert {row["inst_admin"] for row in rows} == {True, False}
