"""/admin/institution/: created without people, changed, and deleted only while nothing was done in it."""

import pytest

from institutions.models import Institution, Instructor, UIOption, User
from institutions.services.institutions import institution_delete, institution_obstacles
from kernel.domain import Conflict
from tests.contract.filling import fill_administration
from tests.institutions.administration import BASE, assert_bodies, assert_boxes, call, records
from tests.world import rewritten
from trail.models import Line

URL = f"{BASE}institution/"
BODY = {"name": "New University", "acronym": "NEW", "allowed_domains": None}  # the dashboard's
KEYS = [
    "id", "acronym", "name", "external_ic", "mail_domain", "disable_vle_learner_creation",
    "disable_vle_instructor_creation", "disable_vle_user_creation", "allow_learner_report", "allow_learner_audit",
    "allow_valid_audit", "created_at", "updated_at", "allowed_domains", "contest_days", "time_zone",
    "withdrawal_models", "withdrawal_models_reason", "withdrawal_evidence", "withdrawal_evidence_reason",
    "publishes_transparency", "allow_own_names", "launcher_admin", "launcher_everywhere", "suspended_at",
    "suspension_reason",
]  # fmt: skip
SWITCHES = [
    "external_ic", "disable_vle_learner_creation", "disable_vle_instructor_creation", "disable_vle_user_creation",
    "allow_learner_report", "allow_learner_audit", "allow_valid_audit", "publishes_transparency", "launcher_admin",
    "launcher_everywhere",
]  # fmt: skip


@pytest.fixture
def root(as_):
    return as_("global")


@pytest.fixture
def home(world):
    return f"{URL}{world.home.institution.pk}/"


@pytest.fixture
def fresh(db):
    """An institution with an administrator and a blocked route, in which nothing was done."""
    institution = Institution.objects.create(acronym="FRESH", name="Fresh University")
    UIOption.objects.create(institution=institution, route="course")
    User.objects.create(institution=institution, username="fresh-admin", uid="a", inst_admin=True)
    return institution


def test_bodies_that_are_no_objects(root, world):
    assert_bodies(root, URL)


def test_boxes_above_columns(root, world):
    fill_administration(15)
    assert_boxes(root, URL, {"name": "y%20AWAY", "acronym": "awa"})


def test_first_page_of_the_dashboards_picker(root, world):
    """It searches for the word undefined."""
    answer = root.get("/api/v2/institution/?search=undefined")
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
    assert root.get("/api/v2/institution/?search=").json()["count"] == 2


def test_institution_as_the_dashboard_makes_one(root):
    answer = call(root, "post", URL, BODY)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == KEYS
    assert (row["acronym"], row["name"], row["mail_domain"], row["allowed_domains"]) == (
        "NEW",
        "New University",
        None,
        "",
    )
    assert {row[name] for name in SWITCHES} == {False}
    assert root.get(f"{URL}{row['id']}/").json() == row
    detail = root.get(f"/api/v2/institution/{row['id']}/")  # where the dashboard reads it
    assert detail.json() == {name: value for name, value in row.items() if not name.startswith(("launcher_", "susp"))}


def test_all_switches_and_domains_can_be_given(root):
    more = dict.fromkeys(SWITCHES, True) | {"mail_domain": "new.org", "allowed_domains": "moodle.new.org"}
    row = call(root, "post", URL, BODY | more).json()
    assert {name: row[name] for name in more} == more


def test_change_as_the_dashboard_sends_it(root, home, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_learner_report=True, mail_domain="x.org")
    answer = call(root, "put", home, {"name": "Renamed", "acronym": "REN", "allowed_domains": None})
    row = answer.json()
    assert (answer.status_code, row["name"], row["acronym"], row["allowed_domains"]) == (200, "Renamed", "REN", "")
    assert (row["allow_learner_report"], row["mail_domain"]) == (True, "x.org")
    assert call(root, "patch", home, {"external_ic": True, "allow_learner_report": None}).json() == row | {
        "external_ic": True, "updated_at": root.get(home).json()["updated_at"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", None), ("name", ""), ("name", "a\nb"), ("name", []), ("acronym", None), ("acronym", ""),
        ("acronym", "AWAY"), ("acronym", "x" * 256), ("acronym", "a\x00"), ("allowed_domains", "a b c"),
        ("allowed_domains", "x" * 2001), ("allowed_domains", []), ("mail_domain", "not a domain!"),
        ("mail_domain", "x" * 256), ("external_ic", "perhaps"), ("allow_valid_audit", []),
    ],
)  # fmt: skip
def test_wrong_value_is_400_under_its_name(name, value, root, home):
    for answer in (call(root, "post", URL, BODY | {name: value}), call(root, "patch", home, {name: value})):
        assert (answer.status_code, list(answer.json())) == (400, [name]), answer.content
    assert Institution.objects.count() == 2
    assert records() == []


def test_required(root, home):
    for method, url in (("post", URL), ("put", home)):
        answer = call(root, method, url, {})
        assert (answer.status_code, set(answer.json())) == (400, {"name", "acronym"})


# Deleting.


def test_institution_that_is_not_empty_is_409(root, home, world):
    answer = root.delete(home)
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    for what in ("2 courses", "3 learners", "1 VLE", "9 users"):
        assert what in answer.json()["detail"]
    assert User.objects.filter(institution=world.home.institution).count() == 10
    assert records() == []


def test_unused_institution_is_deleted_with_its_administrators_and_all_are_recorded(root, fresh, world):
    person = fresh.people.get()
    assert root.delete(f"{URL}{fresh.pk}/").status_code == 204
    assert not Institution.objects.filter(pk=fresh.pk).exists()
    assert not User.objects.filter(pk=person.pk).exists()
    assert sorted(records()) == [("delete", "institution", fresh.pk, {}), ("delete", "user", person.pk, {})]
    assert set(Line.objects.values_list("institution_id", flat=True)) == {fresh.pk}
    assert User.objects.filter(institution=world.home.institution).count() == 10


def test_global_administrator_does_not_go_with_an_institution(root, fresh, world):
    """Deleting an institution must not delete the account of who does it."""
    person = world.people["global"]
    rewritten(User.objects.filter(pk=person.pk), institution=fresh, uid="root", inst_admin=True)
    answer = root.delete(f"{URL}{fresh.pk}/")
    assert answer.status_code == 409
    assert "1 user" in answer.json()["detail"]
    assert User.objects.filter(pk=person.pk).exists()
    assert fresh.people.count() == 2
    with pytest.raises(Conflict):
        institution_delete(institution=fresh)
    assert institution_obstacles(institution=fresh) == ["1 user"]


def test_institution_stays_with_one_record_of_another_kind(root, fresh):
    """Administrators who teach, too, are something that was done."""
    person = fresh.people.get()
    Instructor.objects.create(user=person, institution=fresh)
    assert "1 instructor" in root.delete(f"{URL}{fresh.pk}/").json()["detail"]


# Records.


def test_every_change_is_recorded(root):
    made = call(root, "post", URL, BODY | {"external_ic": True}).json()
    where = f"{URL}{made['id']}/"
    call(root, "put", where, BODY | {"name": "Other", "allow_valid_audit": True})
    call(root, "put", where, BODY | {"name": "Other"})  # which changes nothing
    call(root, "put", where, BODY | {"acronym": "AWAY"})  # which is refused
    assert root.delete(where).status_code == 204
    created, *later = records()
    assert created[:3] == ("create", "institution", made["id"])
    assert (created[3]["acronym"], created[3]["external_ic"]) == ([None, "NEW"], [None, True])
    assert later == [
        (
            "update",
            "institution",
            made["id"],
            {"name": ["New University", "Other"], "allow_valid_audit": [False, True]},
        ),
        ("update", "institution", made["id"], {}),
        ("delete", "institution", made["id"], {}),
    ]
    assert set(Line.objects.values_list("institution_id", flat=True)) == {made["id"]}
