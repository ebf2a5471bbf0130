"""What is typed into the search of a list finds rows by the columns that the declarations name, and by no other."""

from urllib.parse import quote

import pytest

from institutions.models import Institution, User
from tests.admin.forms import PAGES, request_of
from tests.contract.calls import CALLS, names, url_of
from tests.contract.conftest import undone
from tests.contract.filling import fill
from tests.contract.lists import keys, mark, reader
from tests.world import rewritten

LISTS = [name for name in names("institution", "admin", "me") if CALLS[name].is_list]
MARKED = [name for name in names("institution") if CALLS[name].is_list and CALLS[name].resource.searched]
each_list = pytest.mark.parametrize("name", LISTS)
SIGNS = ("%25", "_", "'", "\\", "(", "[", "*", ";--", "%F0%9F%98%80", "a" * 200)


@pytest.fixture(scope="module")
def standing(stage):
    with stage(lambda world: fill(world, 3)) as world:
        yield world


@pytest.fixture
def get(caller, world):
    """get("vle.list", "search=x"): the body of a list, for who sees most."""
    return reader(caller, world)


@pytest.mark.parametrize("name", MARKED)
def test_search_finds_the_row_in_this_column_and_no_other(name, get, world):
    get(name)  # who asks has come in before anything is undone
    for column in CALLS[name].resource.searched.split():
        with undone():
            key = mark(name, column, get, world)
            for text in ("quagga", "QuAgGa", "gG", "xx-quagga0-yy", "quagga%20xx-", "%20%20quagga%20"):
                body = get(name, f"search={text}")
                assert (keys(body), body["count"]) == ([key], 1), (column, text)
            for text in ("quaggaquagga", "quagga%20zebra", "quagga1"):
                assert keys(get(name, f"search={text}")) == [], (column, text)


# Of letters that have one spelling: codes, addresses, and what programs write.
PLAIN = {"email", "url", "route", "version", "language", "message_code", "verb", "resource", "row_key"}


@pytest.mark.parametrize("name", MARKED)
def test_search_ignores_case_accents_and_the_kind_of_apostrophe(name, get, world):
    get(name)
    for column in CALLS[name].resource.searched.split():
        if column in PLAIN:
            continue
        for stored in ("\u00c9LODIE-O\u2019Neil{}", "E\u0301lodie-o'neil{}"):
            with undone():
                key = mark(name, column, get, world, stored)
                for text in (
                    "elodie",
                    "\u00c9LODIE",
                    "e\u0301lodie",
                    "o'neil",
                    "o\u2019NEIL",
                    "\u00e9lodie-o\u02bcneil",
                ):
                    assert keys(get(name, f"search={quote(text)}")) == [key], (column, stored, text)


@each_list
def test_empty_search_finds_everything(name, get):
    assert keys(get(name, "search=")) == keys(get(name, "search=%20")) == keys(get(name))


@each_list
def test_search_takes_signs_literally(name, get):
    """No wildcard, no error: only rows that contain the sign match."""
    for text in SIGNS:
        for row in get(name, f"search={text}")["results"]:
            assert text.replace("%25", "%") in str(row)


@each_list
def test_search_with_a_null_character_is_no_server_error(name, caller, world):
    answer = caller(CALLS[name].by).get(f"{url_of(CALLS[name], world)}?search=a%00b")
    page = ["count", "next", "previous", "results"]  # of ic.current, which is not searched
    assert (answer.status_code, [*answer.json()]) in ((200, page), (400, ["search"]))


def test_institutions_are_searched_by_acronym_and_name(get, caller, world):
    Institution.objects.bulk_create(Institution(acronym=f"I{n}", name=f"Institution {n}") for n in range(15))
    rewritten(Institution.objects.filter(acronym="I3"), name="Quagga College")
    rewritten(Institution.objects.filter(acronym="I4"), acronym="QUAGGA")
    assert [row["name"] for row in get("institution.list", "search=quagga")["results"]] == [
        "Quagga College",
        "Institution 4",
    ]
    assert get("institution.list", "search=quagga%20college")["count"] == 1
    # A member finds only the own one, whatever is asked.
    url = url_of(CALLS["institution.list"], world)
    assert caller("admin").get(f"{url}?search=quagga").json()["count"] == 0
    assert [row["acronym"] for row in caller("admin").get(f"{url}?search=university").json()["results"]] == ["HOME"]


def test_activity_instruments_are_searched_by_name_and_acronym_of_the_instrument(get, world):
    rows = get("activity_instrument.list", "limit=1000")["results"]
    assert len({row["instrument"]["name"] for row in rows}) == len(rows)
    for row in rows:
        for text in (row["instrument"]["name"], row["instrument"]["acronym"].upper()):
            assert row["id"] in keys(get("activity_instrument.list", f"search={text}")), text
    assert keys(get("activity_instrument.list", "search=keystroke")) == [world.home.activity_instrument.pk]
    assert keys(get("activity_instrument.list", "search=plagiarism")) == []


def test_learners_are_searched_by_id(get, world):
    assert world.people["ann"].pk in keys(get("learner.list", f"search={world.people['ann'].pk}"))
    assert keys(get("learner.list", "search=987654321")) == []


def test_a_search_is_cut_into_pages_in_the_order_that_is_asked_for(get):
    searched = "search=example&ordering=-email"
    whole = get("user.list", f"{searched}&limit=1000")
    assert whole["count"] == len(whole["results"]) > 4
    assert keys(whole) == [row["id"] for row in get("user.list", "ordering=-email&limit=1000")["results"]
                           if row["id"] in keys(whole)]  # fmt: skip
    for start in range(0, whole["count"] + 2, 2):
        page = get("user.list", f"{searched}&limit=2&offset={start}")
        assert (page["count"], keys(page)) == (whole["count"], keys(whole)[start : start + 2])
    assert get("user.list", "search=quagga&offset=4")["count"] == 0
    assert get("ic.list", "search=1.&valid_from=never")["count"] == 0  # a condition that no row can meet


def test_only_double_quotes_join_words_and_apostrophes_are_searched(get, world):
    rewritten(User.objects.filter(pk=world.people["bob"].pk), first_name="D'Arcy", last_name="O\u2019Neil")
    rewritten(User.objects.filter(pk=world.people["eve"].pk), first_name="Neil", last_name='5"')
    bob, eve = world.people["bob"].pk, world.people["eve"].pk
    for text, found in (
        ("O'Neil D'Arcy", [bob]), ("O\u2019Neil D\u2019Arcy", [bob]), ("'Neil D'", [bob]), ("o'neil,d'arcy", [bob]),
        ("'", [bob]), ('"D\'Arcy O\'Neil"', [bob]), ('"O\'Neil D\'Arcy"', []), ("'eve'", []), ('5"', [eve]),
        ('"neil 5"', [eve]), ('"neil', []), ("neil", [bob, eve]),
    ):  # fmt: skip
        assert sorted(keys(get("user.list", f"search={quote(text)}"))) == found, text
        page = PAGES["institutions/user"].get_changelist_instance(request_of(world.people["global"], q=text))
        assert sorted(person.pk for person in page.result_list) == found, text
