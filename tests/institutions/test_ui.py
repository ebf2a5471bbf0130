"""/institution/{}/ui/: global rows can be read, own rows block routes."""

import pytest

from institutions.models import UIOption
from institutions.services import routes
from kernel.domain import Invalid, Unknown

BODY = {"route": "dashboard", "enabled": False, "user": None}


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/ui/"


@pytest.fixture
def admin(as_):
    return as_("admin")


@pytest.fixture
def own(world):
    return world.home.ui_option


def of_everybody() -> UIOption:
    return UIOption.objects.get(institution=None, route="course")


@pytest.mark.parametrize(
    ("who", "method", "status"),
    [
        ("admin", "get", 200), ("admin", "put", 403), ("admin", "patch", 403), ("admin", "delete", 403),
        ("global", "get", 200), ("global", "put", 403), ("global", "patch", 403), ("global", "delete", 403),
        ("member", "get", 403), ("member", "delete", 403), ("stranger", "get", 404), ("stranger", "delete", 404),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [BODY, {"route": "nope", "enabled": "x", "user": "abc"}])
def test_global_rows_are_only_read(who, method, status, body, as_, url):
    row = of_everybody()
    extra = {"data": body, "format": "json"} if method in ("put", "patch") else {}
    answer = getattr(as_(who), method)(f"{url}{row.pk}/", **extra)
    assert answer.status_code == status
    if status == 403:
        assert list(answer.json()) == ["detail"]
    again = of_everybody()
    assert (again.pk, again.enabled, again.updated_at) == (row.pk, row.enabled, row.updated_at)


@pytest.mark.parametrize("who", ["admin", "global"])
def test_list_has_global_and_own_rows_and_no_other(who, as_, url, own, world):
    UIOption.objects.create(institution=world.away.institution, route="dashboard", user=world.away.people["ann"])
    rows = as_(who).get(url, {"limit": 100}).json()["results"]
    shared = {row["id"]: row for row in rows if row["is_global"]}
    assert {*shared} == {*UIOption.objects.filter(institution=None).values_list("pk", flat=True)}
    assert len(shared) == 13
    assert {*(row["id"] for row in rows)} - {*shared} == {own.pk}
    row = shared[of_everybody().pk]
    assert list(row) == ["id", "route", "enabled", "roles", "user", "is_global"]
    assert row | {"id": 0} == {
        "id": 0, "route": "course", "enabled": True, "roles": "ADMIN,GLOBAL_ADMIN,INSTRUCTOR,LEARNER,DATA",
        "user": None, "is_global": True,
    }  # fmt: skip
    mine = next(row for row in rows if row["id"] == own.pk)
    assert mine == {
        "id": own.pk, "route": "course", "enabled": False, "roles": None, "user": None, "is_global": False,
    }  # fmt: skip


@pytest.mark.parametrize("who", ["admin", "global"])
def test_rows_of_another_institution_are_not_here(who, as_, url, world):
    """An earlier implementation ignored the institution of the path: every administrator changed the options of all
    institutions, and the global ones.
    """
    theirs = world.away.ui_option
    client = as_(who)
    assert client.get(f"{url}{theirs.pk}/").status_code == 404
    if who == "admin":
        assert client.put(f"{url}{theirs.pk}/", BODY, format="json").status_code == 404
        assert client.patch(f"{url}{theirs.pk}/", BODY, format="json").status_code == 404
        assert client.delete(f"{url}{theirs.pk}/").status_code == 404
    assert UIOption.objects.filter(pk=theirs.pk, enabled=False, route="course").exists()


# Making and changing.


def test_row_without_user_and_enabled_is_the_institutions_and_blocks(admin, url, world):
    answer = admin.post(url, {"route": "dashboard"}, format="json")
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert row | {"id": 0} == {
        "id": 0, "route": "dashboard", "enabled": False, "roles": None, "user": None, "is_global": False,
    }  # fmt: skip
    assert UIOption.objects.get(pk=row["id"]).institution_id == world.home.institution.pk


@pytest.mark.parametrize("written", [int, str])
def test_user_is_a_number_or_its_digits(written, admin, url, world):
    pk = world.people["ann"].pk
    body = {"route": "dashboard", "user": written(pk), "enabled": True, "roles": "ADMIN", "is_global": True, "id": 5}
    row = admin.post(url, body, format="json").json()
    assert (row["user"], row["enabled"], row["roles"], row["is_global"]) == (pk, True, None, False)


@pytest.mark.parametrize("nobody", [None, ""])
def test_null_is_the_whole_institution(nobody, admin, url, world):
    assert admin.post(url, {"route": "dashboard", "user": nobody}, format="json").json()["user"] is None
    row = UIOption.objects.create(institution=world.home.institution, route="system", user=world.people["ann"])
    assert admin.patch(f"{url}{row.pk}/", {"user": nobody}, format="json").json()["user"] is None


@pytest.mark.parametrize("value", [0, -1, 1.5, "abc", True, [], {}, 2**63, 10**40, 987654])
def test_unknown_user_is_400(value, admin, url, own):
    for answer in (
        admin.post(url, {"route": "dashboard", "user": value}, format="json"),
        admin.put(f"{url}{own.pk}/", {"route": "course", "user": value}, format="json"),
        admin.patch(f"{url}{own.pk}/", {"user": value}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["user"])


def test_user_of_another_institution_is_as_unknown_as_one_that_does_not_exist(admin, url, world):
    for person in (world.people["stranger"], world.people["global"]):  # the global administrator is of no institution
        answer = admin.post(url, {"route": "dashboard", "user": person.pk}, format="json")
        unknown = admin.post(url, {"route": "dashboard", "user": 987654}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, ["user"])
        assert str(answer.json()).replace(str(person.pk), "987654") == str(unknown.json())
    assert UIOption.objects.filter(institution=world.home.institution).count() == 1


@pytest.mark.parametrize("route", ["nope", "Course", "cours", "", None, "x" * 251, "course\0", [], {}])
def test_route_that_no_global_row_has_is_400(route, admin, url, own):
    for answer in (
        admin.post(url, {"route": route}, format="json"),
        admin.put(f"{url}{own.pk}/", {"route": route}, format="json"),
        admin.patch(f"{url}{own.pk}/", {"route": route}, format="json"),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["route"])


def test_route_of_own_rows_only_is_400(admin, url, world):
    UIOption.objects.create(institution=world.home.institution, route="retired")
    UIOption.objects.create(institution=world.away.institution, route="elsewhere")
    for route in ("retired", "elsewhere"):
        assert admin.post(url, {"route": route, "user": world.people["ann"].pk}, format="json").status_code == 400


@pytest.mark.parametrize("value", [None, "perhaps", 2, []])
def test_enabled_is_a_boolean(value, admin, url):
    answer = admin.post(url, {"route": "dashboard", "enabled": value}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["enabled"])


def test_put_needs_the_route_and_keeps_the_rest(admin, url, world):
    """An earlier implementation answered with 500 where `user` was left out, and a PATCH without `route` too."""
    ann = world.people["ann"]
    row = UIOption.objects.create(institution=world.home.institution, route="course", user=ann, enabled=True)
    where = f"{url}{row.pk}/"
    assert admin.put(where, {"enabled": False}, format="json").json() == {"route": ["This field is required."]}
    option = admin.put(where, {"route": "system"}, format="json").json()
    assert (option["route"], option["enabled"], option["user"]) == ("system", True, ann.pk)
    assert admin.patch(where, {}, format="json").json() == option
    assert admin.patch(where, {"enabled": False}, format="json").json() == option | {"enabled": False}


# Once per institution, route and user.


def test_institution_wide_row_and_rows_of_people_are_independent(admin, url, world):
    """An earlier implementation refused the institution's row as soon as one person had a row of the route."""
    ann, bob = (world.people[name].pk for name in ("ann", "bob"))
    for user in (ann, bob, None):  # the one for all after those of people
        assert admin.post(url, {"route": "dashboard", "user": user}, format="json").status_code == 201
    for user in (ann, bob, None):
        answer = admin.post(url, {"route": "dashboard", "user": user}, format="json")
        assert answer.status_code == 400
        assert set(answer.json()) <= {"route", "user", "non_field_errors"}
    for user in (ann, None):  # rows of another institution and global rows do not matter
        assert admin.post(url, {"route": "system", "user": user}, format="json").status_code == 201


def test_change_to_what_is_there_is_400_and_to_itself_is_not(admin, url, world, own):
    ann = world.people["ann"].pk
    row = admin.post(url, {"route": "course", "user": ann}, format="json").json()
    where = f"{url}{row['id']}/"
    assert admin.patch(where, {"user": None}, format="json").status_code == 400
    assert admin.put(where, {"route": "course", "user": None}, format="json").status_code == 400
    assert admin.put(where, row, format="json").json() == row
    assert admin.patch(f"{url}{own.pk}/", {"user": ann}, format="json").status_code == 400
    assert admin.delete(where).status_code == 204
    assert admin.patch(f"{url}{own.pk}/", {"user": ann}, format="json").status_code == 200


# A row blocks a route, and does nothing else.


def opened(client) -> set[str]:
    return {*client.get("/api/v2/auth/profile").json()["routes"]}


def test_own_rows_block_and_an_enabled_one_opens_nothing(as_, admin, url, world):
    before = {name: opened(as_(name)) for name in ("admin", "legal", "ann", "stranger")}
    assert "administration-ic" in before["legal"] & before["admin"]
    assert "system" not in before["admin"]
    everybody = admin.post(url, {"route": "administration-ic"}, format="json").json()
    admin.post(url, {"route": "dashboard", "user": world.people["legal"].pk}, format="json")
    admin.post(url, {"route": "system", "enabled": True}, format="json")
    assert opened(as_("legal")) == before["legal"] - {"administration-ic", "dashboard"}
    assert opened(as_("admin")) == before["admin"] - {"administration-ic"}
    assert opened(as_("ann")) == before["ann"]
    assert opened(as_("stranger")) == before["stranger"]
    admin.patch(f"{url}{everybody['id']}/", {"enabled": True}, format="json")
    assert opened(as_("admin")) == before["admin"]
    admin.patch(f"{url}{everybody['id']}/", {"enabled": False}, format="json")
    admin.delete(f"{url}{everybody['id']}/")
    assert opened(as_("admin")) == before["admin"]


def test_rows_of_a_person_go_with_the_person(admin, url, world):
    admin.post(url, {"route": "dashboard", "user": world.people["member"].pk}, format="json")
    assert UIOption.objects.filter(user=world.people["member"]).count() == 1
    world.people["member"].delete()
    assert not UIOption.objects.filter(institution=world.home.institution, route="dashboard").exists()


# Lists and pages.


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search": "COURSE"}, [True, False]),
        ({"search": "administration-ic"}, [True]),
        ({"search": "nothing"}, []),
        ({"search": "course", "ordering": "enabled"}, [False, True]),
        ({"search": "course", "ordering": "-id"}, [False, True]),
        ({"search": "course", "ordering": "roles"}, [True, False]),
    ],
)
def test_search_and_ordering(query, expected, admin, url):
    assert [row["is_global"] for row in admin.get(url, query).json()["results"]] == expected


def test_page_of_a_global_row_offers_no_change(admin, url, own):
    shared = admin.get(f"{url}{of_everybody().pk}/", HTTP_ACCEPT="text/html").content
    mine = admin.get(f"{url}{own.pk}/", HTTP_ACCEPT="text/html").content
    for mark in (b'data-method="PUT"', b'data-method="DELETE"'):
        assert mark not in shared
        assert mark in mine


def test_services_refuse_unknown_routes_and_what_is_gone(world, own):
    with pytest.raises(Invalid, match="route"):
        routes.ui_option_create(institution=world.home.institution, route="nope")
    with pytest.raises(Invalid, match="route"):
        routes.ui_option_update(option=own, route="nope")
    UIOption.objects.filter(pk=own.pk).delete()
    with pytest.raises(Unknown):
        routes.ui_option_update(option=own, enabled=True)
