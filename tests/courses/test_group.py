"""/institution/{}/group/: a tree without cycles, and who may change it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Course, CourseGroup, GroupCourse
from courses.services import groups
from institutions.models import Institution
from kernel.domain import Invalid, Unknown
from tests.world import rewritten


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/group/"


@pytest.fixture
def admin(as_):
    return as_("admin")


@pytest.fixture
def tree(world):
    """{name: group}: a over b over c, and z beside them."""
    groups: dict[str, CourseGroup] = {}
    for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("z", None)):
        groups[name] = CourseGroup.objects.create(
            institution=world.home.institution, name=name, parent=groups.get(parent or "")
        )
    return groups


def parents(institution) -> dict[str, str | None]:
    return dict(CourseGroup.objects.filter(institution=institution).values_list("name", "parent__name"))


# Making and changing.


@pytest.mark.parametrize("body", [{}, {"parent": None}, {"parent": ""}])
def test_group_without_a_parent_is_a_root(body, admin, url):
    answer = admin.post(url, {"name": "New", **body}, format="json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["parent"] is None
    assert answer.json()["description"] is None


def test_group_is_made_below_another_and_belongs_to_the_institution_of_the_path(admin, url, world, tree):
    body = {
        "name": " New ", "description": "Line\nline", "parent": str(tree["c"].pk), "id": 99, "courses": [1],
        "institution": {"id": world.away.institution.pk},
    }  # fmt: skip
    made = admin.post(url, body, format="json").json()
    assert list(made) == ["id", "institution", "parent", "name", "description", "created_at", "updated_at"]
    assert (made["parent"], made["name"], made["description"]) == (tree["c"].pk, "New", "Line\nline")
    assert made["institution"]["id"] == world.home.institution.pk
    assert made["id"] != 99


def test_names_need_not_be_unique(admin, url, tree):
    assert [admin.post(url, {"name": "a"}, format="json").status_code for _ in range(2)] == [201, 201]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_put_keeps_keys_that_are_left_out(method, admin, url, tree, world):
    """An earlier implementation set to null or to the default what a PUT left out: a group's parent, special needs,
    people's rights.
    """
    rewritten(CourseGroup.objects.filter(pk=tree["c"].pk), description="Kept")
    answer = getattr(admin, method)(f"{url}{tree['c'].pk}/", {"name": "renamed"}, format="json")
    assert answer.status_code == 200
    assert (answer.json()["parent"], answer.json()["description"]) == (tree["b"].pk, "Kept")
    assert parents(world.home.institution)["renamed"] == "b"


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_empty_make_it_a_root(method, nothing, admin, url, tree):
    answer = getattr(admin, method)(f"{url}{tree['c'].pk}/", {"name": "c", "parent": nothing}, format="json")
    assert (answer.status_code, answer.json()["parent"]) == (200, None)


def test_form_without_a_parent_makes_it_a_root_and_one_left_out_stays(admin, url, tree):
    where = f"{url}{tree['c'].pk}/"
    assert admin.patch(where, {"description": "x"}, format="multipart").json()["parent"] == tree["b"].pk
    assert admin.patch(where, {"parent": ""}, format="multipart").json()["parent"] is None


def test_put_needs_a_name_and_patch_nothing(admin, url, tree):
    where = f"{url}{tree['a'].pk}/"
    assert admin.put(where, {"description": "x"}, format="json").json() == {"name": ["This field is required."]}
    assert admin.patch(where, {}, format="json").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 251}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "description": "a\0b"}, "description"),
        ({"name": "x", "description": {}}, "description"),
        *(({"name": "x", "parent": value}, "parent") for value in (0, -1, 1.5, "a", True, [], {}, 2**63, 1e40, 987654)),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(body, field, admin, url, world):
    before = CourseGroup.objects.count()
    answer = admin.post(url, body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert CourseGroup.objects.count() == before


def test_parent_of_another_institution_is_unknown(admin, url, world, tree):
    theirs = world.away.group.pk
    answers = [
        admin.post(url, {"name": "x", "parent": theirs}, format="json"),
        admin.put(f"{url}{tree['a'].pk}/", {"name": "x", "parent": theirs}, format="json"),
        admin.patch(f"{url}{tree['a'].pk}/", {"parent": theirs}, format="json"),
    ]
    unknown = admin.post(url, {"name": "x", "parent": 987654}, format="json").json()["parent"]
    for answer in answers:
        assert answer.status_code == 400
        assert [text.replace(str(theirs), "987654") for text in answer.json()["parent"]] == unknown
    assert parents(world.home.institution)["a"] is None


def test_groups_of_another_institution_are_not_here(as_, url, world):
    theirs = world.away.group.pk
    for who in ("admin", "data"):
        client = as_(who)
        assert client.get(f"{url}{theirs}/").status_code == 404
        assert client.put(f"{url}{theirs}/", {"name": "x"}, format="json").status_code == 404
        assert client.patch(f"{url}{theirs}/", {"name": "x"}, format="json").status_code == 404
        assert client.delete(f"{url}{theirs}/").status_code == 404
    assert CourseGroup.objects.get(pk=theirs).name == "Faculty"


# The tree.


@pytest.mark.parametrize(("moved", "below"), [("a", "a"), ("a", "b"), ("a", "c"), ("b", "c"), ("b", "b")])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_no_cycle_of_any_length(method, moved, below, admin, url, world, tree):
    """An earlier implementation took cycles: a group below itself."""
    before = parents(world.home.institution)
    body = {"name": moved, "parent": tree[below].pk}
    answer = getattr(admin, method)(f"{url}{tree[moved].pk}/", body, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["parent"])
    assert parents(world.home.institution) == before


def test_a_move_takes_the_sub_tree_along_and_may_be_taken_back(admin, url, world, tree):
    for moved, below in (("b", "z"), ("a", "c"), ("a", None), ("b", "a")):
        body = {"parent": tree[below].pk if below else None}
        assert admin.patch(f"{url}{tree[moved].pk}/", body, format="json").status_code == 200, (moved, below)
        assert parents(world.home.institution)[moved] == below
        assert parents(world.home.institution)["c"] == "b"


def test_the_present_parent_may_be_sent_back(admin, url, tree):
    row = admin.get(f"{url}{tree['c'].pk}/").json()
    answer = admin.put(f"{url}{tree['c'].pk}/", row, format="json")
    assert (answer.status_code, answer.json()["parent"]) == (200, tree["b"].pk)


DEPTH = 1500  # more levels than Python's stack has frames


@pytest.fixture
def deep(world):
    """The pk of each level, the root first."""
    last = CourseGroup.objects.order_by("-pk").values_list("pk", flat=True)[0]
    keys = [last + n for n in range(1, DEPTH + 1)]
    CourseGroup.objects.bulk_create(
        CourseGroup(pk=pk, institution=world.home.institution, name=f"level {n}", parent_id=keys[n - 1] if n else None)
        for n, pk in enumerate(keys)
    )
    return keys


def test_depth_is_not_limited(admin, url, world, deep):
    answer = admin.patch(f"{url}{deep[0]}/", {"parent": deep[-1]}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["parent"])
    assert admin.patch(f"{url}{deep[0]}/", {"parent": world.home.group.pk}, format="json").status_code == 200
    assert admin.delete(f"{url}{world.home.group.pk}/").status_code == 204
    assert not CourseGroup.objects.filter(institution=world.home.institution).exists()


def test_a_move_costs_the_same_whatever_the_depth(admin, url, world, tree, deep):
    counts = []
    for moved, below in (("z", tree["a"].pk), ("z", deep[-1])):
        with CaptureQueriesContext(connection) as captured:
            assert admin.patch(f"{url}{tree[moved].pk}/", {"parent": below}, format="json").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] < 20


def test_delete_removes_the_sub_tree_and_never_courses(admin, url, world, tree):
    for name in ("a", "c", "z"):
        GroupCourse.objects.create(institution=world.home.institution, group=tree[name], course=world.home.other_course)
    courses = Course.objects.count()
    assert admin.delete(f"{url}{tree['a'].pk}/").status_code == 204
    assert parents(world.home.institution) == {"Faculty": None, "z": None}
    assert parents(world.away.institution) == {"Faculty": None}
    assert Course.objects.count() == courses
    assert [row.group_id for row in GroupCourse.objects.filter(course=world.home.other_course)] == [tree["z"].pk]
    assert admin.delete(f"{url}{tree['b'].pk}/").status_code == 404


# Filters.


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "A"}, ["Faculty", "a"]),
        ({"name": "FACULTY"}, ["Faculty"]),
        ({"name": "nothing"}, []),
        ({"name": ""}, ["Faculty", "a", "b", "c", "z"]),
        ({"description": "CAMP"}, ["c"]),
        ({"description": "camp", "name": "z"}, []),
        ({"parent": -1}, ["Faculty", "a", "z"]),
        ({"parent": ""}, ["Faculty", "a", "b", "c", "z"]),
        ({"parent": -1, "name": "z"}, ["z"]),
        ({"search": "campus"}, ["c"]),
        ({"search": "FAC"}, ["Faculty"]),
        ({"ordering": "parent"}, ["b", "c", "Faculty", "a", "z"]),
    ],
)
def test_filters(query, names, admin, url, tree, world):
    rewritten(CourseGroup.objects.filter(pk=tree["c"].pk), description="North campus")
    rewritten(CourseGroup.objects.filter(pk=world.away.group.pk), description="South campus")
    assert [row["name"] for row in admin.get(url, query).json()["results"]] == names


def test_filter_by_parent_finds_the_children(admin, url, tree):
    for name, names in (("a", ["b"]), ("b", ["c"]), ("c", [])):
        body = admin.get(url, {"parent": tree[name].pk}).json()
        assert ([row["name"] for row in body["results"]], body["count"]) == (names, len(names))


@pytest.mark.parametrize("value", ["0", "-2", "abc", "1.5", "987654", "9" * 30, "null", "[]", "\0", "1e3"])
def test_filter_by_what_is_no_group_is_400(value, admin, url):
    answer = admin.get(url, {"parent": value})
    assert (answer.status_code, list(answer.json())) == (400, ["parent"])


def test_filter_by_a_group_of_another_institution_is_as_unknown_as_one_that_does_not_exist(admin, url, world):
    theirs, unknown = (admin.get(url, {"parent": pk}) for pk in (world.away.group.pk, 987654))
    assert theirs.status_code == unknown.status_code == 400
    assert theirs.json() == unknown.json()


def test_neither_filter_nor_form_loads_the_groups(admin, url, tree):
    """The parent is typed as a number: no page lists the names of groups to choose from."""
    with CaptureQueriesContext(connection) as captured:
        page = admin.get(f"{url}{tree['c'].pk}/", HTTP_ACCEPT="text/html")
    assert page.status_code == 200
    assert b"<select" not in page.content
    assert len(captured) < 20


# Races.


def test_what_changed_meanwhile_counts(tree, world):
    """Somebody else moved the group after the caller read it."""
    a, b, z = (CourseGroup.objects.get(pk=tree[name].pk) for name in "abz")
    groups.group_update(group=tree["z"], parent=tree["c"])
    with pytest.raises(Invalid, match="below itself"):
        groups.group_update(group=a, parent=z)
    groups.group_update(group=CourseGroup.objects.get(pk=b.pk), description="new")
    groups.group_update(group=b, name="renamed")
    assert CourseGroup.objects.get(pk=b.pk).description == "new"


def test_what_is_gone_is_unknown(tree, world):
    gone = CourseGroup.objects.get(pk=tree["b"].pk)
    groups.group_delete(group=tree["b"])
    with pytest.raises(Unknown, match="group"):
        groups.group_update(group=gone, name="x")
    with pytest.raises(Invalid, match="institution"):
        groups.group_create(institution=world.home.institution, name="x", parent=gone)
    with pytest.raises(Invalid, match="institution"):
        groups.group_update(group=tree["z"], parent=world.away.group)
    with pytest.raises(Unknown, match="institution"):
        groups.group_create(institution=Institution(pk=987654), name="x")
    groups.group_delete(group=gone)
