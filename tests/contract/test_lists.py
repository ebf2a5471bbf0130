"""Every list: pages, ordering, search and filters, as A1 and the table 2.0 say."""

from datetime import datetime
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest

from courses.models import Activity, ActivityInstrument, Course, CourseGroup
from institutions.models import (
    VLE,
    InformedConsent,
    InformedConsentDocument,
    Institution,
    Instrument,
    UIOption,
    User,
)
from learners.models import SENDCategory, SENDLearner
from reports.models import Request
from tests.conftest import client_of
from tests.contract.calls import BASE, CALLS, NAMES, ids_of, url_of
from tests.contract.filling import fill
from tests.contract.lists import HUGE, NONSENSE, PAST, assert_ordered, assert_pages, assert_tiles, keys, make_differ

LISTS = ["1.1", "2.1", "3.1", "6.1", "7.1", "8.1", "10.1", "11.1", "12.1"]
LISTS += ["4.1", "5.1", "9.1", "13.1", "14.1", "15.1", "16.1", "17.1", "18.1", "19.1", "20.1", "21.1"]
MODELS = {
    "1.1": Institution, "2.1": VLE, "3.1": Course, "6.1": InformedConsent, "7.1": InformedConsentDocument,
    "8.1": Instrument, "10.1": User, "11.1": User, "12.1": User,
    "4.1": CourseGroup, "5.1": Course, "9.1": UIOption, "13.1": SENDCategory, "14.1": SENDLearner,
    "15.1": User, "16.1": User, "17.1": Activity, "18.1": ActivityInstrument,
    "19.1": User, "20.1": Request, "21.1": Instrument,
}  # fmt: skip
# What of a row is the key in that model: where it is not the row's own.
KEYS = {"19.1": lambda row: row["learner"]["id"], "21.1": lambda row: row["instrument"]}
SHARED = {"8.1", "21.1"}  # instruments are everybody's
DEFAULT_ORDER = {"1.1": "created_at", "8.1": "acronym", "20.1": "session"}  # everywhere else: id
ROWS = 15


def ids(cases):
    return {"ids": [f"{NAMES[case[0].split('.')[0]]}-{'-'.join(map(str, case))}" for case in cases]}


each_list = pytest.mark.parametrize("number", LISTS, ids=[f"{NAMES[n.split('.')[0]]}-{n}" for n in LISTS])


@pytest.fixture
def many(world):
    """More rows than a page of everything, institutions too."""
    fill(world, ROWS)
    Institution.objects.bulk_create(Institution(acronym=f"I{n}", name=f"Institution {n}") for n in range(ROWS))
    return world


@pytest.fixture
def get(caller, world):
    """get("2.1", "limit=3"): the body of a list, for who sees most."""
    clients = {"1.1": caller("global")}
    admin = caller("admin")

    def body(number: str, query: str = "", status: int = 200):
        answer = clients.get(number, admin).get(f"{url_of(CALLS[number], world)}?{query}")
        assert answer.status_code == status, (query, answer.content)
        return answer.json()

    return body


# Pages.


@each_list
def test_page_is_ten_rows_and_links_are_absolute(number, get, many):
    read = partial(get, number)
    assert assert_pages(read, "http://testserver" + url_of(CALLS[number], many)) > ROWS


@each_list
def test_pages_tile_the_list(number, get, many):
    assert_tiles(partial(get, number))


@each_list
def test_nonsense_limit_is_the_default(number, get, many):
    for limit in (*NONSENSE, "0"):
        assert keys(get(number, f"limit={limit}")) == keys(get(number, "limit=10"))


@each_list
def test_huge_limit_is_the_largest(number, get, many):
    for limit in HUGE:
        assert keys(get(number, f"limit={limit}")) == keys(get(number, "limit=1000"))


@each_list
def test_nonsense_offset_is_the_start(number, get, many):
    for offset in NONSENSE:
        assert keys(get(number, f"offset={offset}")) == keys(get(number))


@each_list
def test_offset_past_the_end_is_an_empty_page(number, get, many):
    for offset in PAST:
        body = get(number, f"offset={offset}")
        assert body["results"] == []
        assert body["count"] > ROWS
        assert body["next"] is None


def test_page_has_at_most_a_thousand_rows(get, world):
    Instrument.objects.bulk_create(
        Instrument(name="I", acronym=f"x{n}", queue=f"x{n}", enabled=True) for n in range(1000)
    )
    body = get("8.1", "limit=1005")
    assert len(body["results"]) == 1000
    assert body["count"] == 1005
    assert body["next"] == f"http://testserver{url_of(CALLS['8.1'], world)}?limit=1000&offset=1000"


# Ordering.

PERSON = "id username last_login first_name last_name email locale created_at updated_at uid"
FLAGS = "inst_admin legal_admin send_admin data_admin"
ORDERABLE = {
    "1.1": "id acronym name external_ic mail_domain disable_vle_learner_creation disable_vle_instructor_creation "
    "disable_vle_user_creation allow_learner_report allow_learner_audit allow_valid_audit created_at updated_at",
    "2.1": "id type name url client_id",
    "3.1": "id vle vle_course_id code description start end created_at updated_at",
    "6.1": "id institution version valid_from created_at updated_at",
    "7.1": "id consent language html pdf created_at updated_at",
    "8.1": "id name acronym queue enabled requires_enrolment description identity originality authorship integrity "
    "created_at updated_at",
    "10.1": f"{PERSON} {FLAGS} login_allowed",
    "11.1": f"{PERSON} {FLAGS}",
    "12.1": f"{PERSON} {FLAGS} institution consent consent_accepted consent_rejected learner_id "
    "login_allowed joined_at",
    "15.1": "id username uid first_name last_name email created_at updated_at",
    "16.1": f"{PERSON} institution consent consent_accepted consent_rejected learner_id login_allowed joined_at",
    "17.1": "id vle_activity_type vle_activity_id name start end description enabled conf created_at updated_at "
    "course_id vle_id",
    "18.1": "id options instrument active created_at updated_at alternative_to",
    "4.1": "id institution parent name description created_at updated_at",
    "5.1": "id vle_id vle_course_id code description start end created_at updated_at",
    "9.1": "id route enabled roles user",
    "13.1": "id institution data description created_at updated_at",
    "14.1": "id expires_at category",
    "19.1": "id learner identity_level content_level integrity_level",
    "20.1": "id status data error_message created_at updated_at learner activity session message_code instruments",
    "21.1": "id enrolment confidence result identity_level content_level integrity_level created_at updated_at "
    "report instrument",
}
COLUMNS = [(number, name) for number, names in ORDERABLE.items() for name in names.split()]


@pytest.mark.parametrize(("number", "name"), COLUMNS, **ids(COLUMNS))
def test_ordering_is_by_the_column_nulls_last_then_in_the_default_order(number, name, get, many):
    make_differ(many)
    assert_ordered(partial(get, number), number, name)


def test_versions_are_ordered_as_numbers(get, world):
    for n, version in enumerate(((1, 10, 0), (1, 9, 0), (10, 0, 0))):
        text = ".".join(map(str, version))
        major, minor, patch = version
        InformedConsent.objects.create(
            institution=world.home.institution, version=text, major=major, minor=minor, patch=patch,
            valid_from=datetime.fromisoformat(f"2199-01-0{n + 1}T00:00:00Z"),
        )  # fmt: skip
    versions = [row["version"] for row in get("6.1", "ordering=version")["results"]]
    assert versions == ["1.0.0", "1.9.0", "1.10.0", "2.0.0", "10.0.0"]
    assert [row["version"] for row in get("6.1", "ordering=-version")["results"]] == versions[::-1]


@each_list
def test_default_order_is_by_key(number, get, many):
    rows = get(number, "limit=1000")["results"]
    first = DEFAULT_ORDER.get(number, "id")
    expected = sorted(rows, key=lambda row: (row[first] is None, row[first] or 0, row["id"]))
    assert [row["id"] for row in rows] == [row["id"] for row in expected]


UNKNOWN = (
    "nope", "-nope", "password", "-password", "", "-", ",,", "institution__name", "user__password", "pk", "id;",
    "--id", "?", "%00",
)  # fmt: skip


@each_list
def test_unknown_ordering_is_ignored(number, get, many):
    for ordering in UNKNOWN:
        assert keys(get(number, f"ordering={ordering}")) == keys(get(number))


@each_list
def test_unknown_names_do_not_disturb_known_ones(number, get, many):
    whole = sorted(keys(get(number, "limit=1000")), reverse=True)
    assert keys(get(number, "limit=1000&ordering=nope,-id,password")) == whole
    assert keys(get(number, "limit=1000&ordering=-id,id")) == whole


def test_several_columns_order_one_after_the_other(get, many):
    make_differ(many)
    rows = get("10.1", "limit=1000&ordering=-inst_admin,-id")["results"]
    assert [row["id"] for row in rows] == [
        row["id"] for row in sorted(rows, key=lambda row: (not row["inst_admin"], -row["id"]))
    ]
    assert {row["inst_admin"] for row in rows} == {True, False}


# Search.

SIGNS = ("%25", "_", "'", "\\", "(", "[", "*", ";--", "%F0%9F%98%80", "a" * 200)

SEARCHED = {
    "2.1": "name url client_id",
    "3.1": "code vle_course_id description",
    "6.1": "version",
    "7.1": "language",
    "8.1": "name acronym description",
    "10.1": "username first_name last_name email uid",
    "11.1": "username first_name last_name email uid",
    "12.1": "uid email first_name last_name username",
    "15.1": "uid first_name last_name email",
    "16.1": "uid first_name last_name email",
    "17.1": "name description vle_activity_type vle_activity_id",
    "4.1": "name description",
    "5.1": "code vle_course_id description",
    "9.1": "route",
    "13.1": "description",
    "14.1": "category__description",
    "19.1": "first_name last_name email",
    "20.1": "error_message",
    "21.1": "name acronym",
}
SEARCHES = [(number, name) for number, names in SEARCHED.items() for name in names.split()]


def mark(number: str, name: str, get, world) -> int:
    """Write a rare word into one column of one row, and of the other institution's look-alike; the row's key."""
    row, away = _own(get(number, "limit=1000"))[1], [] if number in SHARED else _away(number, world)
    key_of = KEYS.get(number, lambda row: row["id"])
    for n, marked in enumerate([row, *away[:1]]):
        *path, column = name.split("__")
        found = MODELS[number].objects.get(pk=key_of(marked))
        for relation in path:
            found = getattr(found, relation)
        type(found).objects.filter(pk=found.pk).update(**{column: f"xx-quagga{n}-yy"})
    assert away or number in SHARED
    return row["id"]


def _own(body) -> list[dict]:
    """Without the UI options that all institutions see."""
    return [row for row in body["results"] if not row.get("is_global")]


def _away(number: str, world) -> list[dict]:
    url = BASE + CALLS[number].path.format(**ids_of(world, world.away))
    return _own(client_of(world.away.people["admin"]).get(f"{url}?limit=1000").json())


@pytest.mark.parametrize(("number", "name"), SEARCHES, **ids(SEARCHES))
def test_search_finds_the_row_in_this_column_and_no_other(number, name, get, filled):
    key = mark(number, name, get, filled)
    for text in ("quagga", "QuAgGa", "xx-quagga0-yy", "quagga%20xx-", "%20%20quagga%20"):
        body = get(number, f"search={text}")
        assert (keys(body), body["count"]) == ([key], 1), text
    for text in ("quaggaquagga", "quagga%20zebra", "quagga1"):
        assert keys(get(number, f"search={text}")) == [], text


@each_list
def test_empty_search_finds_everything(number, get, filled):
    assert keys(get(number, "search=")) == keys(get(number, "search=%20")) == keys(get(number))


@each_list
def test_search_takes_signs_literally(number, get, filled):
    """No wildcard, no error: found is only what contains the sign."""
    for text in SIGNS:
        for row in get(number, f"search={text}")["results"]:
            assert text.replace("%25", "%") in str(row)


@each_list
def test_search_with_a_null_character_is_no_server_error(number, caller, world):
    answer = caller("admin").get(f"{url_of(CALLS[number], world)}?search=a%00b")
    page = ["count", "next", "previous", "results"]  # of consent 6.3, which nobody searches
    assert (answer.status_code, [*answer.json()]) in ((200, page), (400, ["search"]))


def test_institutions_are_searched_by_acronym_and_name(get, caller, many):
    Institution.objects.filter(acronym="I3").update(name="Quagga College")
    Institution.objects.filter(acronym="I4").update(acronym="QUAGGA")
    assert [row["name"] for row in get("1.1", "search=quagga")["results"]] == ["Quagga College", "Institution 4"]
    assert get("1.1", "search=quagga%20college")["count"] == 1
    # A member finds only the own one, whatever is asked.
    url = url_of(CALLS["1.1"], many)
    assert caller("admin").get(f"{url}?search=quagga").json()["count"] == 0
    assert [row["acronym"] for row in caller("admin").get(f"{url}?search=university").json()["results"]] == ["HOME"]


def test_activity_instruments_are_searched_by_name_and_acronym_of_the_instrument(get, filled):
    rows = get("18.1", "limit=1000")["results"]
    assert len({row["instrument"]["name"] for row in rows}) == len(rows)
    for row in rows:
        for text in (row["instrument"]["name"], row["instrument"]["acronym"].upper()):
            assert row["id"] in keys(get("18.1", f"search={text}")), text
    assert keys(get("18.1", "search=keystroke")) == [filled.home.activity_instrument.pk]
    assert keys(get("18.1", "search=plagiarism")) == []


def test_learners_are_searched_by_id(get, filled):
    assert filled.people["ann"].pk in keys(get("12.1", f"search={filled.people['ann'].pk}"))
    assert keys(get("12.1", "search=987654321")) == []


# Filters.

CONTAINS = [("10.1", name) for name in ("username", "first_name", "last_name", "email", "uid")]
EXACT = [("12.1", name) for name in ("uid", "email", "first_name", "last_name", "username")]
EXACT += [(number, name) for number in ("15.1", "16.1") for name in ("uid", "email", "first_name", "last_name")]


@pytest.mark.parametrize(("number", "name"), CONTAINS, **ids(CONTAINS))
def test_filter_finds_what_contains_the_text(number, name, get, filled):
    key = mark(number, name, get, filled)
    for text in ("quagga", "QUAGGA", "xx-quagga0-yy"):
        body = get(number, f"{name}={text}")
        assert (keys(body), body["count"]) == ([key], 1), text
    assert keys(get(number, f"{name}=quaggaquagga")) == []
    assert keys(get(number, f"{name}=quagga&uid=nobody")) == []
    assert keys(get(number, f"{name}=")) == keys(get(number))


@pytest.mark.parametrize(("number", "name"), EXACT, **ids(EXACT))
def test_filter_finds_exactly_the_text(number, name, get, filled):
    key = mark(number, name, get, filled)
    body = get(number, f"{name}=xx-quagga0-yy")
    assert (keys(body), body["count"]) == ([key], 1)
    for text in ("quagga", "xx-quagga1-yy", "xx-quagga0-y"):
        assert keys(get(number, f"{name}={text}")) == [], text
    other = {"uid": "email", "email": "uid"}.get(name, "uid")
    assert keys(get(number, f"{name}=xx-quagga0-yy&{other}=nobody")) == []


def test_learners_are_filtered_by_id(get, filled):
    ann, theirs = filled.people["ann"].pk, filled.away.people["ann"].pk
    assert keys(get("12.1", f"id={ann}")) == [ann]
    assert keys(get("12.1", f"id={theirs}")) == []
    assert keys(get("12.1", "id=987654321")) == []


def test_institutions_are_filtered_by_exact_acronym_and_name(get, caller, world):
    Institution.objects.create(acronym="HOMELY", name="University home and away")
    for query in ("acronym=HOME", "name=University%20home", "acronym=HOME&name=University%20home"):
        assert [row["acronym"] for row in get("1.1", query)["results"]] == ["HOME"], query
    for query in ("acronym=HOM", "name=home", "acronym=AWAY&name=University%20home"):
        assert get("1.1", query)["count"] == 0, query
    assert caller("admin").get(f"{url_of(CALLS['1.1'], world)}?acronym=AWAY").json()["count"] == 0


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


@pytest.mark.parametrize(("roles", "found"), ROLES, ids=[roles for roles, _ in ROLES])
def test_users_are_filtered_by_roles(roles, found, get, world):
    body = get("10.1", f"roles={roles}")
    assert [row["uid"] for row in body["results"]] == found
    assert body["count"] == len(found)


def test_person_of_two_roles_is_found_once(get, world):
    world.home.teach("ann", world.home.course)
    User.objects.filter(pk=world.people["ann"].pk).update(data_admin=True)
    rows = get("10.1", "roles=LEARNER&roles=INSTRUCTOR&roles=DATA")["results"]
    assert [row["uid"] for row in rows] == ["data", "teacher", "visitor", "ann", "bob", "eve"]


@pytest.mark.parametrize("roles", ["NOBODY", "admin", "GLOBAL_ADMIN", "ADMIN,DATA", "1", "ADMIN&roles=NOBODY"])
def test_unknown_role_is_400_under_its_name(roles, get, world):
    assert list(get("10.1", f"roles={roles}", status=400)) == ["roles"]


def test_filter_and_search_and_ordering_and_page_go_together(get, many):
    body = get("10.1", "username=more&search=More&ordering=-id&limit=2&offset=1")
    assert body["count"] == ROWS
    assert [row["username"] for row in body["results"]] == ["home-more13", "home-more12"]
    assert parse_qs(urlsplit(body["next"]).query) == {
        "username": ["more"], "search": ["More"], "ordering": ["-id"], "limit": ["2"], "offset": ["3"],
    }  # fmt: skip


@each_list
def test_unknown_filters_are_ignored(number, get, filled):
    away = filled.away.institution.pk
    query = f"nope=1&institution={away}&institution_id={away}&vle__institution={away}&is_staff=true&password=x&pk=1"
    assert keys(get(number, query)) == keys(get(number))


# What dashboards type into the boxes above their columns never fails (dashboard.md, section 3).
COLUMN_FILTERS = {
    "3.1": "id code start end",
    "6.1": "id version valid_from",
    "10.1": "id username email",
    "12.1": "id username email",
    "17.1": "name vle_activity_type start end",
    "13.1": "id description",
    "19.1": "identity_level__gte content_level__gte integrity_level__gte",
}
TYPED = ("", "abc", "-1", "1.5", "9" * 30, "2020-01-01", "2020-13-45", "%25", "null", "'", "[]", "%F0%9F%98%80")
BOXES = [(number, name) for number, names in COLUMN_FILTERS.items() for name in names.split()]


@pytest.mark.parametrize(("number", "name"), BOXES, **ids(BOXES))
def test_column_box_never_fails(number, name, get, world):
    # Nothing that is typed stands in any row, but for this day.
    for text in TYPED:
        found = (name, text) == ("valid_from", "2020-01-01")  # the one that some row holds
        found = found or (name.endswith("_level__gte") and text == "-1")  # which is no bound
        assert bool(get(number, f"{name}={text}")["count"]) == (found or text == ""), text


BAD = [
    ("19.1", "level=abc"), ("19.1", "level=5"), ("19.1", "level__gte=x"), ("19.1", "level__lte=1.5"),
    ("19.1", "identity_level=abc"), ("19.1", "content_level=9"), ("19.1", "integrity_level__lte=abc"),
    ("20.1", "instruments=abc"), ("20.1", "instruments=987654321"), ("20.1", f"instruments={2**70}"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "query"), BAD, **ids(BAD))
def test_bad_value_of_a_filter_is_400_under_its_name(number, query, get, world):
    assert list(get(number, query, status=400)) == [query.partition("=")[0]]


def test_column_box_of_learners_finds_nothing_for_what_is_no_id(get, world):
    for text in ("abc", "1.5", "9" * 30, "-1"):
        assert get("12.1", f"id={text}")["count"] == 0


def test_column_boxes_of_ics_find_by_id_part_of_the_version_and_day(get, world):
    one, two = world.home.consent.pk, world.home.newer_consent.pk
    InformedConsent.objects.filter(pk=two).update(valid_from=datetime.fromisoformat("2021-02-03T04:05:06Z"))
    for query, found in (
        (f"id={one}", [one]), (f"id={world.away.consent.pk}", []), ("id=abc", []), ("version=2.0", [two]),
        ("version=.0.", [one, two]), ("version=7", []), ("valid_from=2020-01-01", [one]),
        ("valid_from=2021-02-03", [two]), ("valid_from=2021-02-04", []), ("valid_from=soon", []),
    ):  # fmt: skip
        assert keys(get("6.1", query)) == found, query


def test_column_boxes_of_activities_find_by_part_of_name_and_type_and_day(get, world):
    one = world.home.activity.pk
    other = Activity.objects.create(
        institution=world.home.institution, vle=world.home.vle, course=world.home.course, vle_activity_type="Assign",
        vle_activity_id="2", name="Essay", start=datetime.fromisoformat("2021-02-03T04:05:06Z"),
        end=datetime.fromisoformat("2021-06-07T00:00:00Z"),
    )  # fmt: skip
    for query, found in (
        ("name=SSA", [other.pk]), ("name=quiz", [one]), ("name=zebra", []), ("vle_activity_type=assi", [other.pk]),
        ("start=2021-02-03", [other.pk]), ("start=2021-06-07", []), ("end=2021-06-07", [other.pk]),
        ("end=2021-02-03", []), ("end=soon", []),
    ):  # fmt: skip
        assert keys(get("17.1", query)) == found, query


def test_column_boxes_of_courses_find_by_id_part_of_the_code_and_day(get, world):
    one, two = world.home.course.pk, world.home.other_course.pk
    for course in (world.home.other_course, world.away.other_course):
        course.code, course.start = "Quagga-2", datetime.fromisoformat("2021-02-03T04:05:06Z")
        course.end = datetime.fromisoformat("2021-06-07T00:00:00Z")
        course.save()
    for query, found in (
        (f"id={one}", [one]), (f"id={world.away.course.pk}", []), ("id=abc", []), ("code=quag", [two]),
        ("code=C", [one]), ("code=zebra", []), ("start=2021-02-03", [two]), ("start=2021-06-07", []),
        ("end=2021-06-07", [two]), ("end=2021-02-03", []), ("end=soon", []), ("start=soon", []),
    ):  # fmt: skip
        assert keys(get("3.1", query)) == found, query


def test_column_boxes_of_send_categories_find_by_id_and_the_exact_description(get, filled):
    one = filled.home.category.pk
    for query, found in (
        (f"id={one}", [one]), (f"id={filled.away.category.pk}", []), ("description=low%20sight", [one]),
        ("description=low", []), (f"id={one}&description=need%201", []), ("description=a%0Ab", []),
    ):  # fmt: skip
        assert keys(get("13.1", query)) == found, query


def test_filters_of_groups_find_part_of_the_text_and_children_or_roots(get, filled):
    top = filled.home.group.pk
    names = {row["id"]: row["name"] for row in get("4.1", "limit=1000")["results"]}
    for query, found in (
        ("name=FACUL", ["Faculty"]), ("name=group%20", ["Group 0", "Group 1", "Group 2"]), ("name=nothing", []),
        ("description=MOR", ["Group 1"]), (f"parent={top}", ["Group 1"]), (f"parent={top}&name=faculty", []),
        ("parent=-1", ["Faculty", "Group 0", "Group 2"]), ("parent=", [*names.values()]),
    ):  # fmt: skip
        assert [names[key] for key in keys(get("4.1", query))] == found, query
    for wrong in ("0", "-2", "abc", "1.5", "%00", "9" * 30, filled.away.group.pk, 987654321):
        assert list(get("4.1", f"parent={wrong}", status=400)) == ["parent"], wrong


def test_filters_of_group_courses_are_exact(get, filled):
    home = filled.home
    for query, found in (
        ("code=M1", ["M1"]), ("code=m1", []), ("code=M", []), ("vle_course_id=more2", ["M2"]),
        ("vle_course_id=more", []), ("description=More", ["M1"]), ("description=more", []),
        ("start=2024-02-03T04:05:06.789Z", ["M1"]),
        ("start=2024-02-03T04:05:06Z", []), ("end=2024-02-04T04:05:06.789Z", ["M1"]), ("end=2024-02-04T04:05:06Z", []),
        (f"vle_id={home.vle.pk}", ["C1", "M0", "M1", "M2"]), (f"vle_id={filled.away.vle.pk}", []),
        (f"vle_id={home.vle.pk}&code=M2", ["M2"]), ("code=", ["C1", "M0", "M1", "M2"]),
    ):  # fmt: skip
        assert [row["code"] for row in get("5.1", query)["results"]] == found, query
    for name, wrong in (
        ("vle_id", "abc"),
        ("vle_id", "1.5"),
        ("start", "soon"),
        ("end", "2024-13-01"),
        ("code", "%00"),
    ):
        assert list(get("5.1", f"{name}={wrong}", status=400)) == [name]
