"""The filters of the institution's lists, and the boxes that dashboards show above columns."""

from datetime import datetime
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from courses.models import Activity
from institutions.models import InformedConsent, Institution, User
from kernel.filters import Identifying
from tesla_api.tree import TREE
from tests.contract.calls import CALLS, names, url_of
from tests.contract.filling import fill
from tests.contract.lists import ROWS, keys, mark, marked_text, reader


@pytest.fixture
def get(caller, world):
    """get("vle.list", "name=x"): the body of a list, for who sees most."""
    return reader(caller, world)


@pytest.fixture
def many(world):
    fill(world, ROWS)


each_list = pytest.mark.parametrize("operation", [name for name in names("institution") if CALLS[name].is_list])
CONTAINS = [("user.list", name) for name in ("username", "first_name", "last_name", "email", "uid")]
EXACT = [("learner.list", name) for name in ("uid", "email", "first_name", "last_name", "username")]
EXACT += [
    (operation, name)
    for operation in ("course_instructor.list", "course_learner.list")
    for name in ("uid", "email", "first_name", "last_name")
]


@pytest.mark.parametrize(("operation", "name"), CONTAINS)
def test_filter_finds_what_contains_the_text(operation, name, get, filled):
    key = mark(operation, name, get, filled)
    for text in ("quagga", "QUAGGA", "xx-quagga0-yy"):
        body = get(operation, f"{name}={text}")
        assert (keys(body), body["count"]) == ([key], 1), text
    assert keys(get(operation, f"{name}=quaggaquagga")) == []
    assert keys(get(operation, f"{name}=quagga&uid=nobody")) == []
    assert keys(get(operation, f"{name}=")) == ([] if name == "uid" else keys(get(operation)))


@pytest.mark.parametrize(("operation", "name"), EXACT)
def test_filter_finds_exactly_the_text(operation, name, get, filled):
    key = mark(operation, name, get, filled)
    text = marked_text(name.rpartition("__")[2])
    body = get(operation, f"{name}={text}")
    assert (keys(body), body["count"]) == ([key], 1)
    for other_text in ("quagga", text.replace("0", "1"), text[:-1]):
        assert keys(get(operation, f"{name}={other_text}")) == [], other_text
    other = {"uid": "email", "email": "uid"}.get(name, "uid")
    assert keys(get(operation, f"{name}={text}&{other}=nobody")) == []
    is_looked_up = name == "uid" or (name == "email" and operation != "learner.list")
    assert keys(get(operation, f"{name}=")) == ([] if is_looked_up else keys(get(operation)))


def test_every_filter_by_what_identifies_a_row_finds_nothing_when_it_is_empty():
    found = {
        (resource.name, declared.field_name, isinstance(declared, Identifying))
        for resource in TREE
        for declared in getattr(getattr(resource.viewset, "filterset_class", None), "base_filters", {}).values()
        if declared.field_name.rpartition("__")[2] in ("uid", "uid_key", "vle_course_id", "vle_activity_id")
    }
    assert len(found) >= 8
    assert [row for row in found if not row[2]] == []


NAMES = ("first_name", "last_name", "name", "description", "username", "learner__first_name", "learner__last_name")
FOLDED = [(operation, name) for operation, name in [*CONTAINS, *EXACT] if name in NAMES and name != "username"]
FOLDED += [(f"{word}.list", "name") for word in ("group", "activity")]
FOLDED += [("user.list", "username"), ("send.list", "description"), ("group.list", "description")]


@pytest.mark.parametrize(("operation", "name"), FOLDED)
def test_filter_of_names_ignores_case_accents_and_the_kind_of_apostrophe(operation, name, get, filled):
    key = mark(operation, name, get, filled, "\u00c9LODIE-O\u2019Neil{}")
    for text in ("elodie-o'neil0", "\u00c9LODIE-O\u2019NEIL0", "\u00e9lodie-o\u02bcneil0"):
        assert keys(get(operation, f"{name}={quote(text)}")) == [key], text
    assert keys(get(operation, f"{name}=elodie-o-neil0")) == []


def test_learners_are_filtered_by_id(get, filled):
    ann, theirs = filled.people["ann"].pk, filled.away.people["ann"].pk
    assert keys(get("learner.list", f"id={ann}")) == [ann]
    assert keys(get("learner.list", f"id={theirs}")) == []
    assert keys(get("learner.list", "id=987654321")) == []


def test_institutions_are_filtered_by_exact_acronym_and_name(get, caller, world):
    Institution.objects.create(acronym="HOMELY", name="University home and away")
    for query in ("acronym=HOME", "name=University%20home", "acronym=HOME&name=University%20home"):
        assert [row["acronym"] for row in get("institution.list", query)["results"]] == ["HOME"], query
    for query in ("acronym=HOM", "name=home", "acronym=AWAY&name=University%20home"):
        assert get("institution.list", query)["count"] == 0, query
    assert caller("admin").get(f"{url_of(CALLS['institution.list'], world)}?acronym=AWAY").json()["count"] == 0


ROLES = [
    ("ADMIN", ["admin"]),
    ("SEND", ["send"]),
    ("LEGAL", ["legal"]),
    ("DATA", ["data"]),
    ("INSTRUCTOR", ["teacher", "visitor"]),
    ("LEARNER", ["ann", "bob", "eve"]),
    ("ADMIN&roles=LEARNER", ["admin", "ann", "bob", "eve"]),
    ("LEGAL&roles=DATA&roles=SEND", ["legal", "data", "send"]),
    ("LEARNER&username=bob", ["bob"]),
]


@pytest.mark.parametrize(("roles", "expected"), ROLES, ids=[roles for roles, _ in ROLES])
def test_users_are_filtered_by_roles(roles, expected, get, world):
    body = get("user.list", f"roles={roles}")
    assert [row["uid"] for row in body["results"]] == expected
    assert body["count"] == len(expected)


def test_person_of_two_roles_is_found_once(get, world):
    world.home.teach("ann", world.home.course)
    User.objects.filter(pk=world.people["ann"].pk).update(data_admin=True)
    rows = get("user.list", "roles=LEARNER&roles=INSTRUCTOR&roles=DATA")["results"]
    assert [row["uid"] for row in rows] == ["data", "teacher", "visitor", "ann", "bob", "eve"]


@pytest.mark.parametrize("roles", ["NOBODY", "admin", "GLOBAL_ADMIN", "ADMIN,DATA", "1", "ADMIN&roles=NOBODY"])
def test_unknown_role_is_400_under_its_name(roles, get, world):
    assert list(get("user.list", f"roles={roles}", status=400)) == ["roles"]


def test_filter_and_search_and_ordering_and_page_go_together(get, many):
    body = get("user.list", "username=more&search=More&ordering=-id&limit=2&offset=1")
    assert body["count"] == ROWS
    assert [row["username"] for row in body["results"]] == ["home-more13", "home-more12"]
    assert parse_qs(urlsplit(body["next"]).query) == {
        "username": ["more"], "search": ["More"], "ordering": ["-id"], "limit": ["2"], "offset": ["3"],
    }  # fmt: skip


@pytest.mark.any_database
@each_list
def test_unknown_filters_are_ignored(operation, get, filled):
    away = filled.away.institution.pk
    query = f"nope=1&institution={away}&institution_id={away}&vle__institution={away}&is_staff=true&password=x&pk=1"
    assert keys(get(operation, query)) == keys(get(operation))


# What dashboards type into the boxes above their columns never fails.
COLUMN_FILTERS = {
    "course.list": "id code start end",
    "ic.list": "id version valid_from",
    "user.list": "id username email",
    "learner.list": "id username email",
    "activity.list": "name vle_activity_type start end",
    "send.list": "id description",
    "report.list": "identity_level__gte content_level__gte integrity_level__gte",
}
TYPED = ("", "abc", "-1", "1.5", "9" * 30, "2020-01-01", "2020-13-45", "%25", "null", "'", "[]", "%F0%9F%98%80")
BOXES = [(operation, name) for operation, names in COLUMN_FILTERS.items() for name in names.split()]


@pytest.mark.parametrize(("operation", "name"), BOXES)
def test_column_box_never_fails(operation, name, get, world):
    # Nothing that is typed stands in any row, but for this day.
    for text in TYPED:
        matches = (name, text) == ("valid_from", "2020-01-01")  # the one that some row holds
        matches = matches or (name.endswith("_level__gte") and text == "-1")  # which is no bound
        assert bool(get(operation, f"{name}={text}")["count"]) == (matches or text == ""), text


BAD = [
    *(
        ("report.list", query)
        for query in (
            "level=abc", "level=5", "level__gte=x", "level__lte=1.5", "identity_level=abc", "content_level=9",
            "integrity_level__lte=abc",
        )
    ),
    *(("request.list", f"instruments={number}") for number in ("abc", 987654321, 2**70)),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "query"), BAD)
def test_bad_value_of_a_filter_is_400_under_its_name(operation, query, get, world):
    assert list(get(operation, query, status=400)) == [query.partition("=")[0]]


def test_column_box_of_learners_finds_nothing_for_what_is_no_id(get, world):
    for text in ("abc", "1.5", "9" * 30, "-1"):
        assert get("learner.list", f"id={text}")["count"] == 0


def test_column_boxes_of_ics_find_by_id_part_of_the_version_and_day(get, world):
    one, two = world.home.consent.pk, world.home.newer_consent.pk
    InformedConsent.objects.filter(pk=two).update(valid_from=datetime.fromisoformat("2021-02-03T04:05:06Z"))
    for query, expected in (
        (f"id={one}", [one]), (f"id={world.away.consent.pk}", []), ("id=abc", []), ("version=2.0", [two]),
        ("version=.0.", [one, two]), ("version=7", []), ("valid_from=2020-01-01", [one]),
        ("valid_from=2021-02-03", [two]), ("valid_from=2021-02-04", []), ("valid_from=soon", []),
    ):  # fmt: skip
        assert keys(get("ic.list", query)) == expected, query


def test_column_boxes_of_activities_find_by_part_of_name_and_type_and_day(get, world):
    one = world.home.activity.pk
    other = Activity.objects.create(
        institution=world.home.institution, vle=world.home.vle, course=world.home.course, vle_activity_type="Assign",
        vle_activity_id="2", name="Essay", start=datetime.fromisoformat("2021-02-03T04:05:06Z"),
        end=datetime.fromisoformat("2021-06-07T00:00:00Z"),
    )  # fmt: skip
    for query, expected in (
        ("name=SSA", [other.pk]), ("name=quiz", [one]), ("name=zebra", []), ("vle_activity_type=assi", [other.pk]),
        ("start=2021-02-03", [other.pk]), ("start=2021-06-07", []), ("end=2021-06-07", [other.pk]),
        ("end=2021-02-03", []), ("end=soon", []),
    ):  # fmt: skip
        assert keys(get("activity.list", query)) == expected, query


def test_column_boxes_of_courses_find_by_id_part_of_the_code_and_day(get, world):
    one, two = world.home.course.pk, world.home.other_course.pk
    for course in (world.home.other_course, world.away.other_course):
        course.code, course.start = "Quagga-2", datetime.fromisoformat("2021-02-03T04:05:06Z")
        course.end = datetime.fromisoformat("2021-06-07T00:00:00Z")
        course.save()
    for query, expected in (
        (f"id={one}", [one]), (f"id={world.away.course.pk}", []), ("id=abc", []), ("code=quag", [two]),
        ("code=C", [one]), ("code=zebra", []), ("start=2021-02-03", [two]), ("start=2021-06-07", []),
        ("end=2021-06-07", [two]), ("end=2021-02-03", []), ("end=soon", []), ("start=soon", []),
    ):  # fmt: skip
        assert keys(get("course.list", query)) == expected, query


def test_column_boxes_of_send_categories_find_by_id_and_the_exact_description(get, filled):
    one = filled.home.category.pk
    for query, expected in (
        (f"id={one}", [one]), (f"id={filled.away.category.pk}", []), ("description=low%20sight", [one]),
        ("description=low", []), (f"id={one}&description=need%201", []), ("description=a%0Ab", []),
    ):  # fmt: skip
        assert keys(get("send.list", query)) == expected, query


def test_filters_of_groups_find_part_of_the_text_and_children_or_roots(get, filled):
    top = filled.home.group.pk
    names = {row["id"]: row["name"] for row in get("group.list", "limit=1000")["results"]}
    for query, expected in (
        ("name=FACUL", ["Faculty"]), ("name=group%20", ["Group 0", "Group 1", "Group 2"]), ("name=nothing", []),
        ("description=MOR", ["Group 1"]), (f"parent={top}", ["Group 1"]), (f"parent={top}&name=faculty", []),
        ("parent=-1", ["Faculty", "Group 0", "Group 2"]), ("parent=", [*names.values()]),
    ):  # fmt: skip
        assert [names[key] for key in keys(get("group.list", query))] == expected, query
    for wrong in ("0", "-2", "abc", "1.5", "%00", "9" * 30, filled.away.group.pk, 987654321):
        assert list(get("group.list", f"parent={wrong}", status=400)) == ["parent"], wrong


def test_filters_of_group_courses_are_exact(get, filled):
    home = filled.home
    for query, expected in (
        ("code=M1", ["M1"]), ("code=m1", []), ("code=M", []), ("vle_course_id=more2", ["M2"]),
        ("vle_course_id=more", []), ("vle_course_id=", []), ("description=More", ["M1"]), ("description=more", []),
        ("start=2024-02-03T04:05:06.789Z", ["M1"]),
        ("start=2024-02-03T04:05:06Z", []), ("end=2024-02-04T04:05:06.789Z", ["M1"]), ("end=2024-02-04T04:05:06Z", []),
        (f"vle_id={home.vle.pk}", ["C1", "M0", "M1", "M2"]), (f"vle_id={filled.away.vle.pk}", []),
        (f"vle_id={home.vle.pk}&code=M2", ["M2"]), ("code=", ["C1", "M0", "M1", "M2"]),
    ):  # fmt: skip
        assert [row["code"] for row in get("group_course.list", query)["results"]] == expected, query
    for name, wrong in (
        ("vle_id", "abc"),
        ("vle_id", "1.5"),
        ("start", "soon"),
        ("end", "2024-13-01"),
        ("code", "%00"),
    ):
        assert list(get("group_course.list", f"{name}={wrong}", status=400)) == [name]
