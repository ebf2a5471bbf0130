"""Search and filters of the lists of VLEs. Pages and ordering: test_lists.py, with all other lists."""

import pytest
from django_filters import FilterSet

from learners.models import Learner
from tesla_api.tree import TREE
from tests.contract.calls import CALLS, names
from tests.contract.filling import fill
from tests.contract.lists import ROWS, keys, reader
from tests.contract.vle_calls import Sister

LISTS = [name for name in names("vle") if CALLS[name].is_list]


@pytest.fixture(scope="module")
def standing(stage):
    """More rows than a page of everything, and rows of the same shape of another VLE."""

    def many(world) -> None:
        fill(world, ROWS)
        Sister(world.home)

    with stage(many) as world:
        yield world


@pytest.fixture
def get(caller, world):
    """get("vle_course.list", "limit=3"): the body of a list."""
    return reader(caller, world)


IDENTIFIERS = {
    "vle_course.list": "vle_course_id vle",
    "vle_learner.list": "uid email learner_id",
    "vle_participant.list": "uid email learner_id",
    "vle_instructor.list": "uid email",
    "vle_activity.list": "vle_activity_type vle_activity_id course_id vle_id",
    "vle_tool.list": "instrument_id",
}
BY_IDENTIFIERS = [(name, word) for name, words in IDENTIFIERS.items() for word in words.split()]


@pytest.mark.parametrize(("name", "identifier"), BY_IDENTIFIERS)
def test_an_identifier_that_is_empty_finds_nothing(name, identifier, get):
    assert get(name)["count"] > 0
    assert get(name, f"{identifier}=")["count"] == 0


def test_a_blank_identifier_finds_nothing(get):
    for name, identifier in (("vle_course.list", "vle_course_id"), ("vle_learner.list", "uid")):
        assert get(name, f"{identifier}=%20")["count"] == 0


def test_every_filter_by_an_identifier_is_tried():
    filters = {resource.url: getattr(resource.viewset, "filterset_class", FilterSet) for resource in TREE}
    found = {
        (name, word)
        for name in LISTS
        for word in filters[CALLS[name].resource.url].base_filters
        if word.endswith("id") or word in {"vle", "vle_activity_type", "email"}
    }
    assert found == {*BY_IDENTIFIERS}


@pytest.mark.parametrize("name", LISTS)
def test_unknown_ordering_and_unknown_filters_are_ignored(name, get):
    whole = get(name)
    ignored = ("ordering=password", "ordering=institution__acronym,-vle__lti", "mail=x", "lerner_id=x", "nope[]=1", "x")
    for query in ignored:
        body = get(name, query)
        assert (body["count"], keys(body)) == (whole["count"], keys(whole)), query


# Search; and one word of a nested column that is not searched.


@pytest.mark.parametrize("name", [name for name in LISTS if CALLS[name].resource.searched])
def test_search_finds_in_these_columns_and_no_other(name, get):
    rows, columns = get(name, "limit=1000")["results"], CALLS[name].resource.searched.split()
    for column in columns:
        text = next(row[column] for row in reversed(rows) if row[column])
        matching = get(name, f"limit=1000&search={text.upper()}")["results"]
        expected = [
            row["id"]
            for row in rows
            if all(any(word in (row[searched] or "").lower() for searched in columns) for word in text.lower().split())
        ]
        assert [row["id"] for row in matching] == expected != [], (column, text)
    assert get(name, "search=university")["count"] == 0


def test_search_of_tools_and_reports(get, world):
    assert [row["instrument"] for row in get("vle_tool.list", "search=keystroke")["results"]] == [2]
    rows = get("vle_report.list", "search=ann@home")["results"]
    assert [row["learner"]["uid"] for row in rows] == ["ann"]


# Filters.


@pytest.mark.parametrize(
    ("name", "query", "column", "value"),
    [
        ("vle_course.list", "vle_course_id=c1", "vle_course_id", "c1"),
        ("vle_course.list", "code=C2", "code", "C2"),
        ("vle_course.list", "description=First%20course", "description", "First course"),
        ("vle_activity.list", "vle_activity_type=quiz&vle_activity_id=1", "vle_activity_id", "1"),
        ("vle_activity.list", "vle_activity_id=further1&vle_activity_type=assign", "vle_activity_id", "further1"),
        ("vle_activity.list", "name=Quiz", "name", "Quiz"),
        ("vle_learner.list", "uid=ann", "uid", "ann"),
        ("vle_learner.list", "email=bob%40home.example.org", "uid", "bob"),
        ("vle_learner.list", "first_name=Bob&last_name=Home", "uid", "bob"),
        ("vle_participant.list", "uid=ann", "uid", "ann"),
        ("vle_instructor.list", "uid=teacher", "uid", "teacher"),
        ("vle_instructor.list", "email=teacher%40home.example.org", "uid", "teacher"),
        ("vle_tool.list", "instrument_id=2", "instrument", 2),
        ("vle_report.list", "learner__first_name=Ann", "identity_level", 2),
    ],
)
def test_filter_is_exact_and_finds_the_one(name, query, column, value, get):
    body = get(name, query)
    assert (body["count"], [row[column] for row in body["results"]]) == (1, [value])


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("vle_course.list", "vle_course_id=c"),
        ("vle_course.list", "vle_course_id=C1"),
        ("vle_course.list", "code=S1"),  # of the sister
        ("vle_course.list", "vle_course_id=none"),
        ("vle_activity.list", "vle_activity_type=quiz&vle_activity_id=2"),
        ("vle_activity.list", "name=Qui"),
        ("vle_learner.list", "uid=eve"),  # in no course
        ("vle_learner.list", "uid=an"),
        ("vle_learner.list", "last_name=hom"),
        ("vle_instructor.list", "uid=visitor"),
        ("vle_tool.list", "instrument_id=99"),
    ],
)
def test_filter_finds_nothing_else(name, query, get):
    assert get(name, query)["count"] == 0


def test_filters_by_ids(get, world):
    home = world.home
    assert get("vle_course.list", f"vle={home.vle.pk}")["count"] == get("vle_course.list")["count"]
    assert get("vle_course.list", f"vle={world.away.vle.pk}")["count"] == 0
    assert get("vle_course.list", "vle=99999999")["count"] == 0
    activities = get("vle_activity.list")["count"]
    assert get("vle_activity.list", f"course_id={home.course.pk}&vle_id={home.vle.pk}")["count"] == activities
    assert get("vle_activity.list", f"course_id={home.other_course.pk}")["count"] == 0
    ann = Learner.objects.get(pk=home.people["ann"].pk)
    assert [row["uid"] for row in get("vle_learner.list", f"learner_id={ann.learner_id}")["results"]] == ["ann"]
    rows = get("vle_request.list", "limit=1000&instruments=1")["results"]
    assert rows
    assert all(1 in row["instruments"] for row in rows)
    assert len(rows) < get("vle_request.list")["count"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("vle_course.list", "vle=abc"),
        ("vle_activity.list", "course_id=1.5"),
        ("vle_activity.list", "vle_id=x"),
        ("vle_learner.list", "learner_id=x"),
        ("vle_tool.list", "instrument_id=x"),
        ("vle_request.list", "instruments=x"),
    ],
)
def test_bad_value_of_a_filter_is_400_under_its_name(name, query, get):
    assert list(get(name, query, 400)) == [query.partition("=")[0]]


def test_uid_in_the_query_is_decoded(get, world):
    person = world.people["ann"]
    person.uid = "ann+1 é@x.org"
    person.save()
    assert get("vle_learner.list", "uid=ann%2B1%20%C3%A9%40x.org")["count"] == 1
