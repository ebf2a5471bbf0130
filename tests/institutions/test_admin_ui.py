"""/admin/ui/: the routes of all institutions' dashboards."""

import pytest

from institutions.models import UIOption
from institutions.services.routes import global_option_update, routes_of
from kernel.domain import Unknown
from tests.institutions.administration import BASE, assert_bodies, assert_boxes, call, records

URL = f"{BASE}ui/"
BODY = {"route": "statistics", "enabled": True, "roles": "ADMIN,DATA"}


@pytest.fixture
def root(as_):
    return as_("global")


@pytest.fixture
def course(world):
    return UIOption.objects.get(institution=None, route="course")


@pytest.fixture
def own(course):
    return f"{URL}{course.pk}/"


def test_bodies_that_are_no_objects(root, course):
    assert_bodies(root, URL)


def test_boxes_above_columns(root, course):
    assert_boxes(root, URL, {"route": "ADMINISTRATION"})


def test_rows_of_institutions_are_not_here(root, world):
    theirs = world.home.ui_option
    assert {row["route"] for row in root.get(URL, {"limit": 100}).json()["results"]} >= {"course", "system"}
    assert root.get(URL).json()["count"] == 13
    for method in ("get", "put", "patch", "delete"):
        assert call(root, method, f"{URL}{theirs.pk}/", BODY if method[0] == "p" else None).status_code == 404
    assert UIOption.objects.filter(pk=theirs.pk, route="course", enabled=False).exists()


def test_route_is_made_changed_and_deleted(root):
    made = call(root, "post", URL, BODY)
    assert made.status_code == 201, made.content
    row = made.json()
    assert list(row) == ["id", "route", "enabled", "roles", "created_at", "updated_at"]
    assert {name: row[name] for name in BODY} == BODY
    where = f"{URL}{row['id']}/"
    assert call(root, "patch", where, {"enabled": False}).json()["roles"] == "ADMIN,DATA"
    assert call(root, "put", where, {"route": "monitoring", "enabled": None}).json()["route"] == "monitoring"
    assert root.get(where).json()["enabled"] is False
    assert root.delete(where).status_code == 204
    assert root.get(where).status_code == 404
    assert records() == [
        (
            "create",
            "ui",
            row["id"],
            {"route": [None, "statistics"], "enabled": [None, True], "roles": [None, "ADMIN,DATA"]},
        ),
        ("update", "ui", row["id"], {"enabled": [True, False]}),
        ("update", "ui", row["id"], {"route": ["statistics", "monitoring"]}),
        ("delete", "ui", row["id"], {}),
    ]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [(None, None), ("", None), (" , ", None), ("ADMIN", "ADMIN"), (" SEND , LEGAL,", "SEND,LEGAL")],
)
def test_roles_are_names_and_none_is_everyone(sent, stored, root, own):
    assert call(root, "post", URL, BODY | {"roles": sent}).json()["roles"] == stored
    assert call(root, "patch", own, {"roles": sent}).json()["roles"] == stored


def test_what_is_written_opens_and_closes_the_route(root, own, world):
    def opened() -> bool:
        return "course" in routes_of(roles=["LEGAL"], institution_id=world.away.institution.pk, user_id=1)

    UIOption.objects.filter(institution=world.away.institution).delete()
    assert not opened()
    call(root, "patch", own, {"roles": "LEGAL"})
    assert opened()
    call(root, "patch", own, {"enabled": False})
    assert not opened()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("route", None), ("route", ""), ("route", "dashboard"), ("route", "x" * 251), ("route", "a\nb"),
        ("enabled", "perhaps"), ("enabled", []), ("roles", "BOSS"), ("roles", "ADMIN;DATA"), ("roles", "admin"),
        ("roles", ["ADMIN"]), ("roles", "x" * 251),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(name, value, root, own):
    for answer in (call(root, "post", URL, BODY | {name: value}), call(root, "patch", own, {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name]), answer.content
    assert UIOption.objects.filter(institution=None).count() == 13
    assert records() == []


def test_option_that_is_gone_is_unknown(course, world):
    with pytest.raises(Unknown):
        global_option_update(option=world.home.ui_option, enabled=True)  # none of everybody's
    UIOption.objects.filter(pk=course.pk).delete()
    with pytest.raises(Unknown):
        global_option_update(option=course, enabled=True)
