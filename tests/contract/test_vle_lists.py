"""Every list of a VLE: pages, ordering, search and filters. The rows are those of tests/contract/filling.py."""

from functools import partial

import pytest

from learners.models import Learner
from tests.contract.filling import fill
from tests.contract.lists import HUGE, NONSENSE, PAST, assert_ordered, assert_pages, assert_tiles, keys, make_differ
from tests.contract.test_lists import ROWS
from tests.contract.vle_calls import CALLS, LISTS, Sister, url_of

PERSON = "id uid username first_name last_name email locale last_login created_at updated_at"
FLAGS = "inst_admin legal_admin send_admin data_admin"
OF_LEARNER = f"{PERSON} {FLAGS} learner_id consent consent_accepted consent_rejected joined_at"
ORDERABLE = {
    "vle_instrument.list": "id name acronym queue enabled requires_enrolment description identity originality "
    "authorship integrity created_at updated_at",
    "vle_course.list": "id vle vle_course_id code description start end created_at updated_at",
    "vle_instructor.list": f"{PERSON} {FLAGS}",
    "vle_learner.list": OF_LEARNER,
    "vle_participant.list": OF_LEARNER,
    "vle_activity.list": "id course vle_activity_type vle_activity_id name description enabled start end conf "
    "created_at updated_at",
    "vle_tool.list": "id options instrument active created_at updated_at alternative_to",
    "vle_request.list": "id status error_message created_at updated_at learner activity session message_code "
    "instruments",
    "vle_report.list": "id learner identity_level content_level integrity_level",
}
SAME_AS = {  # the list of the institution whose columns are compared in the same way
    "vle_learner.list": "16.1", "vle_participant.list": "16.1", "vle_request.list": "20.1",
}  # fmt: skip
COLUMNS = [(name, column) for name, columns in ORDERABLE.items() for column in columns.split()]
each_list = pytest.mark.parametrize("name", LISTS)


@pytest.fixture
def many(world):
    """More rows than a page of everything, and rows of the same shape of another VLE."""
    fill(world, ROWS)
    Sister(world.home)
    return world


@pytest.fixture
def get(caller, world):
    """get("vle_course.list", "limit=3"): the body of a list."""
    client = caller("vle")

    def body(name: str, query: str = "", status: int = 200):
        answer = client.get(f"{url_of(CALLS[name], world)}?{query}")
        assert answer.status_code == status, (query, answer.content)
        return answer.json()

    return body


# Pages.


@each_list
def test_page_is_ten_rows_and_links_are_absolute(name, get, many):
    read = partial(get, name)
    assert assert_pages(read, "http://testserver" + url_of(CALLS[name], many)) >= ROWS


@each_list
def test_pages_tile_the_list(name, get, many):
    assert_tiles(partial(get, name))


@each_list
def test_nonsense_falls_back_and_too_much_is_cut(name, get, many):
    for limit in (*NONSENSE, "0"):
        assert keys(get(name, f"limit={limit}")) == keys(get(name, "limit=10"))
    for limit in HUGE:
        assert keys(get(name, f"limit={limit}")) == keys(get(name, "limit=1000"))
    for offset in NONSENSE:
        assert keys(get(name, f"offset={offset}")) == keys(get(name))
    for offset in PAST:
        assert (get(name, f"offset={offset}")["results"], get(name, f"offset={offset}")["next"]) == ([], None)


# Ordering.


@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_ordering_is_by_the_column_nulls_last_then_in_the_default_order(name, column, get, many):
    make_differ(many)
    assert_ordered(partial(get, name), SAME_AS.get(name, name), column)


@each_list
def test_unknown_ordering_and_unknown_filters_are_ignored(name, get, many):
    whole = get(name)
    ignored = ("ordering=password", "ordering=institution__acronym,-vle__lti", "mail=x", "lerner_id=x", "nope[]=1", "x")
    for query in ignored:
        body = get(name, query)
        assert (body["count"], keys(body)) == (whole["count"], keys(whole)), query


# Search: list -> column of the answer -> what is typed; and one word of a nested column that is not searched.

SEARCHED = {
    "vle_instrument.list": ("name", "acronym", "description"),
    "vle_course.list": ("code", "vle_course_id", "description"),
    "vle_instructor.list": ("uid", "first_name", "last_name", "email"),
    "vle_learner.list": ("uid", "first_name", "last_name", "email"),
    "vle_participant.list": ("uid", "first_name", "last_name", "email"),
    "vle_activity.list": ("name", "description", "vle_activity_type", "vle_activity_id"),
    "vle_request.list": ("error_message", "message_code"),
}


@pytest.mark.parametrize("name", SEARCHED)
def test_search_finds_in_these_columns_and_no_other(name, get, many):
    rows = get(name, "limit=1000")["results"]
    for column in SEARCHED[name]:
        text = next(row[column] for row in reversed(rows) if row[column])
        found = get(name, f"limit=1000&search={text.upper()}")["results"]
        expected = [
            row["id"]
            for row in rows
            if all(
                any(word in (row[searched] or "").lower() for searched in SEARCHED[name])
                for word in text.lower().split()
            )
        ]
        assert [row["id"] for row in found] == expected != [], (column, text)
    assert get(name, "search=university")["count"] == 0


def test_search_of_tools_and_reports(get, many):
    assert [row["instrument"] for row in get("vle_tool.list", "search=keystroke")["results"]] == [2]
    found = get("vle_report.list", "search=ann@home")["results"]
    assert [row["learner"]["uid"] for row in found] == ["ann"]


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
def test_filter_is_exact_and_finds_the_one(name, query, column, value, get, many):
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
def test_filter_finds_nothing_else(name, query, get, many):
    assert get(name, query)["count"] == 0


def test_filters_by_ids(get, many):
    home = many.home
    assert get("vle_course.list", f"vle={home.vle.pk}")["count"] == get("vle_course.list")["count"]
    assert get("vle_course.list", f"vle={many.away.vle.pk}")["count"] == 0
    assert get("vle_course.list", "vle=99999999")["count"] == 0
    activities = get("vle_activity.list")["count"]
    assert get("vle_activity.list", f"course_id={home.course.pk}&vle_id={home.vle.pk}")["count"] == activities
    assert get("vle_activity.list", f"course_id={home.other_course.pk}")["count"] == 0
    ann = Learner.objects.get(pk=home.people["ann"].pk)
    assert [row["uid"] for row in get("vle_learner.list", f"learner_id={ann.learner_id}")["results"]] == ["ann"]
    asked = get("vle_request.list", "limit=1000&instruments=1")["results"]
    assert asked
    assert all(1 in row["instruments"] for row in asked)
    assert len(asked) < get("vle_request.list")["count"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("vle_course.list", "vle=abc"),
        ("vle_course.list", "code=%00"),
        ("vle_activity.list", "course_id=1.5"),
        ("vle_activity.list", "vle_id=x"),
        ("vle_learner.list", "learner_id=x"),
        ("vle_tool.list", "instrument_id=x"),
        ("vle_request.list", "instruments=x"),
    ],
)
def test_bad_value_of_a_filter_is_400_under_its_name(name, query, get, many):
    assert list(get(name, query, 400)) == [query.partition("=")[0]]


def test_uid_in_the_query_is_decoded(get, many):
    person = many.people["ann"]
    person.uid = "ann+1 é@x.org"
    person.save()
    assert get("vle_learner.list", "uid=ann%2B1%20%C3%A9%40x.org")["count"] == 1
