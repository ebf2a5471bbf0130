"""/admin/user/: all accounts, what is refused for the own one, and which changes are recorded."""

import pytest
from django.db import connection

from files.models import Kind
from files.services import file_store
from institutions.models import Instructor, UIOption, User
from institutions.services import accounts, people
from kernel.domain import Conflict
from learners.models import Learner
from signin.models import CallerSession
from tests.conftest import client_of, token_of
from tests.contract.filling import fill_administration
from tests.institutions.administration import (
    BASE,
    assert_bodies,
    assert_boxes,
    call,
    records,
)
from tests.lines import origin_of
from tests.world import PASSWORD
from trail.models import Line

URL = f"{BASE}user/"
NEW = "brand-new-77-Pencil"
# What the dashboard sends for a new user with some fields left empty.
BODY = {
    "username": "zoe", "email": "zoe@home.example.org", "password": NEW, "password2": NEW, "first_name": None,
    "last_name": None, "uid": "z1", "inst_admin": False, "send_admin": False, "legal_admin": False,
    "data_admin": False, "login_allowed": True, "institution_id": None, "is_staff": False,
}  # fmt: skip
KEYS = [
    "id", "username", "last_login", "first_name", "last_name", "uid", "email", "locale", "created_at", "updated_at",
    "inst_admin", "legal_admin", "send_admin", "data_admin", "login_allowed", "is_staff", "is_active",
    "institution_id", "institution",
]  # fmt: skip


@pytest.fixture
def root(as_):
    return as_("global")


@pytest.fixture
def body(world):
    return BODY | {"institution_id": world.home.institution.pk}


@pytest.fixture
def url(world):
    return lambda name: f"{URL}{world.people[name].pk}/"


@pytest.fixture
def second(world) -> User:
    """Another global administrator."""
    person = User(username="second", email="second@example.org", is_staff=True)
    person.set_password(PASSWORD)
    person.save()
    return person


def field_of(answer) -> list[str]:
    assert answer.status_code == 400, answer.content
    return list(answer.json())


def test_global_administrator_does_everything(root, body, url):
    calls = [
        ("get", URL, None, 200), ("get", url("ann"), None, 200), ("post", URL, body, 201),
        ("put", url("ann"), {"username": "home-ann", "uid": "ann"}, 200), ("patch", url("ann"), {"locale": "ca"}, 200),
        ("delete", url("ann"), None, 204),
    ]  # fmt: skip
    for method, where, sent, status in calls:
        assert call(root, method, where, sent).status_code == status


def test_bodies_that_are_no_objects(root, world):
    assert_bodies(root, URL)


def test_boxes_above_columns(root, world):
    fill_administration(3)
    assert_boxes(root, URL, {"username": "home-LEGAL", "email": "legal@HOME"})
    for text, count in (("home-legal", 1), ("ann", 2), ("legal home", 1)):
        assert root.get(URL, {"search": text}).json()["count"] == count


def test_person_as_the_dashboard_makes_one(root, body, world):
    answer = call(root, "post", URL, body)
    assert answer.status_code == 201, answer.content
    row = answer.json()
    assert list(row) == KEYS
    assert row | {"id": 0, "created_at": "", "updated_at": ""} == {
        "id": 0, "username": "zoe", "last_login": None, "first_name": "", "last_name": "", "uid": "z1",
        "email": "zoe@home.example.org", "locale": None, "created_at": "", "updated_at": "", "inst_admin": False,
        "legal_admin": False, "send_admin": False, "data_admin": False, "login_allowed": True, "is_staff": False,
        "is_active": True, "institution_id": world.home.institution.pk,
        "institution": {
            "id": world.home.institution.pk, "acronym": "HOME", "uid": "z1", "locale": None, "roles": [],
        },
    }  # fmt: skip
    assert root.get(f"{URL}{row['id']}/").json() == row


def test_global_administrator_as_the_dashboard_makes_one(root, client):
    """Empty text is null and login_allowed false; a global administrator may sign in all the same."""
    nothing = dict.fromkeys(("first_name", "last_name", "uid", "institution_id"))
    answer = call(root, "post", URL, BODY | nothing | {"is_staff": True, "login_allowed": False})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["institution"], answer.json()["institution_id"], answer.json()["uid"]) == (None, None, "")
    signed = client.post("/api/v2/auth/login", {"email": BODY["email"], "password": NEW})
    assert signed.status_code == 200
    token = signed.json()["token"]["access_token"]
    assert client.get(URL, headers={"Authorization": f"JWT {token}"}).status_code == 200


def test_institution_is_an_object_with_the_roles_that_are_held(root, world, url):
    User.objects.filter(username="home-ann").update(locale="ca", legal_admin=True, data_admin=True)
    Instructor.objects.create(user=world.people["ann"], institution=world.home.institution)
    home = {"id": world.home.institution.pk, "acronym": "HOME"}
    assert root.get(url("ann")).json()["institution"] == home | {
        "uid": "ann", "locale": "ca", "roles": ["LEGAL", "DATA", "INSTRUCTOR", "LEARNER"],
    }  # fmt: skip
    for name, roles in {"admin": ["ADMIN"], "send": ["SEND"], "teacher": ["INSTRUCTOR"], "member": []}.items():
        assert root.get(url(name)).json()["institution"]["roles"] == roles
    assert root.get(url("global")).json()["institution"] is None
    rows = root.get(URL, {"limit": 100}).json()["results"]
    assert {type(row["institution"]) for row in rows} == {dict, type(None)}


def test_update_as_the_dashboard_sends_it(root, url, world):
    """The row as it was read, with its object of an institution, and without passwords."""
    row = root.get(url("ann")).json()
    answer = call(root, "patch", url("ann"), row | {"first_name": "Anna", "locale": "pt-BR"})
    assert answer.status_code == 200, answer.content
    assert answer.json() == row | {
        "first_name": "Anna", "locale": "pt-BR", "updated_at": answer.json()["updated_at"],
        "institution": row["institution"] | {"locale": "pt-BR"},
    }  # fmt: skip


def test_put_resets_nothing_that_it_leaves_out(root, url):
    User.objects.filter(username="home-admin").update(locale="ca")
    before = root.get(url("admin")).json()
    after = call(root, "put", url("admin"), {"username": "home-admin"}).json()
    assert after | {"updated_at": ""} == before | {"updated_at": ""}
    assert User.objects.get(username="home-admin").check_password(PASSWORD)


def test_null_for_a_switch_is_as_if_it_were_left_out(root, url, body):
    switches = dict.fromkeys(("inst_admin", "send_admin", "legal_admin", "data_admin", "is_staff", "is_active"))
    assert call(root, "patch", url("admin"), switches).json()["inst_admin"] is True
    made = call(root, "post", URL, body | switches | {"login_allowed": None}).json()
    assert (made["inst_admin"], made["is_staff"], made["is_active"], made["login_allowed"]) == (
        False, False, True, True,
    )  # fmt: skip


# Values.

WRONG = [
    ("username", None), ("username", ""), ("username", "a b"), ("username", "x" * 151), ("username", "home-ann"),
    ("uid", ""), ("uid", None), ("uid", "ann"), ("uid", "x" * 256), ("uid", "a\nb"),
    ("email", "nobody"), ("email", "ANN@Home.example.org"), ("email", ["a@b.org"]),
    ("first_name", "x" * 151), ("last_name", {"a": 1}), ("locale", ["en"]),
    ("password2", "other-99-Pencil"), ("is_staff", "perhaps"), ("is_active", []),
    ("login_allowed", 7), ("inst_admin", "x"), ("institution_id", 987654321), ("institution_id", "abc"),
    ("institution_id", [1]), ("institution_id", True), ("institution_id", 2**70),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_wrong_value_is_400_under_its_name(name, value, root, body, url):
    assert name in field_of(call(root, "post", URL, body | {name: value}))
    if name != "password2" and (name, value) not in (
        ("username", "home-ann"), ("uid", "ann"), ("email", "ANN@Home.example.org"),  # what she has
    ):  # fmt: skip
        assert field_of(call(root, "patch", url("ann"), {name: value})) == [name]
    assert not User.objects.filter(username="zoe").exists()
    assert records() == []


def test_required(root):
    assert field_of(call(root, "post", URL, {})) == ["username"]


@pytest.mark.parametrize("flag", ["inst_admin", "legal_admin", "send_admin", "data_admin"])
def test_flag_needs_an_institution(flag, root, url, body, second):
    without = body | {"institution_id": None, "uid": None, flag: True}
    assert field_of(call(root, "post", URL, without)) == [flag]
    assert field_of(call(root, "patch", f"{URL}{second.pk}/", {flag: True})) == [flag]
    made = call(root, "post", URL, body | {flag: True})
    assert (made.status_code, made.json()[flag]) == (201, True)


def test_mail_domain_of_the_institution_holds(root, body, world, url):
    world.home.institution.mail_domain = "x.org"
    world.home.institution.save()
    assert field_of(call(root, "post", URL, body)) == ["email"]
    assert call(root, "post", URL, body | {"email": "zoe@x.org"}).status_code == 201
    assert call(root, "patch", url("ann"), {"locale": "ca"}).status_code == 200


def test_password_is_validated(root, body):
    for bad in ("short", "8203571046", "password1"):
        assert field_of(call(root, "post", URL, body | {"password": bad, "password2": bad})) == ["password"]


def test_password_without_sign_in_is_kept_for_later(root, body, client, url):
    email = body["email"]
    made = call(root, "post", URL, body | {"login_allowed": False})
    assert (made.status_code, made.json()["login_allowed"]) == (201, False)
    for method in ("put", "patch"):
        same = {"username": body["username"], "password": NEW + method, "password2": NEW + method}
        changed = call(root, method, f"{URL}{made.json()['id']}/", same | {"uid": body["uid"], "login_allowed": False})
        assert (changed.status_code, changed.json()["login_allowed"]) == (200, False)
    credentials = {"email": email, "password": f"{NEW}patch"}
    assert client.post("/api/v2/auth/login", credentials).status_code == 401
    assert call(root, "patch", f"{URL}{made.json()['id']}/", {"login_allowed": True}).status_code == 200
    assert client.post("/api/v2/auth/login", credentials).status_code == 200


def test_without_password_nobody_can_sign_in(root, body):
    for empty in ({"password": None, "password2": None}, {}):
        person = {name: value for name, value in body.items() if "password" not in name} | empty
        made = call(root, "post", URL, person | {"login_allowed": None, "is_staff": True, "username": "p", "email": ""})
        assert (made.json()["login_allowed"], made.json()["email"]) == (False, "")
        assert not User.objects.get(username="p").has_usable_password()
        User.objects.get(username="p").delete()


# Sessions.


def test_new_password_ends_the_sessions_of_the_person(root, as_, world, url):
    session = as_("admin")
    assert session.get("/api/v2/auth/profile").status_code == 200
    answer = call(root, "patch", url("admin"), {"password": NEW, "password2": NEW})
    assert (answer.status_code, "password" in answer.json()) == (200, False)
    assert session.get("/api/v2/auth/profile").status_code == 401


def test_own_locale_and_own_password(root, client, url):
    assert call(root, "patch", url("global"), {"locale": "ca"}).json()["locale"] == "ca"
    assert field_of(call(root, "patch", url("global"), {"password": NEW, "password2": "x"})) == ["password2"]
    assert field_of(call(root, "patch", url("global"), {"password": NEW, "password2": NEW})) == ["current_password"]
    body = {"password": NEW, "password2": NEW, "current_password": PASSWORD}
    assert call(root, "patch", url("global"), body).status_code == 200
    assert root.get(URL).status_code == 200
    for password, status in ((PASSWORD, 401), (NEW, 200)):
        body = {"email": "root@example.org", "password": password}
        assert client.post("/api/v2/auth/login", body).status_code == status


@pytest.mark.parametrize("switch", ["is_active", "login_allowed"])
def test_deactivation_ends_the_sessions(switch, root, as_, url):
    session = as_("ann")
    assert call(root, "patch", url("ann"), {switch: False}).status_code == 200
    assert session.get("/api/v2/auth/profile").status_code == 401


def test_who_is_no_global_administrator_any_more_is_refused_at_once(root, second):
    session = client_of(second)
    assert session.get(URL).status_code == 200
    assert call(root, "patch", f"{URL}{second.pk}/", {"is_staff": False, "login_allowed": True}).status_code == 200
    assert session.get(URL).status_code == 403
    assert call(root, "patch", f"{URL}{second.pk}/", {"is_staff": True}).status_code == 200
    assert session.get(URL).status_code == 200


# The own account, and the last ones.


@pytest.mark.parametrize("switch", ["is_staff", "is_active", "login_allowed"])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_own_account_cannot_be_disabled(switch, method, root, url, second, world):
    User.objects.filter(username="root").update(login_allowed=True)
    answer = call(root, method, url("global"), {"username": "root", switch: False, "locale": "ca"})
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    row = User.objects.get(username="root")
    assert (row.is_staff, row.is_active, row.login_allowed, row.locale) == (True, True, True, None)
    assert records() == []


def test_nobody_deletes_the_own_account(root, url, second):
    assert root.delete(url("global")).status_code == 409
    assert User.objects.filter(username="root").exists()
    assert root.delete(f"{URL}{second.pk}/").status_code == 204


def test_own_switch_that_is_off_already_is_no_conflict(root, url):
    """A dashboard sends every switch: root was made without `login_allowed`."""
    row = root.get(url("global")).json()
    assert row["login_allowed"] is False
    assert call(root, "patch", url("global"), row | {"first_name": "Groot"}).status_code == 200


@pytest.mark.parametrize(
    ("values", "is_last"),
    [
        ({"is_staff": False}, True), ({"is_active": False}, True), ({"email": None}, True),
        ({"login_allowed": False}, False), ({"locale": "ca"}, False), ({"first_name": "x"}, False),
    ],
)  # fmt: skip
def test_last_global_administrator_stays(values, is_last, world):
    root = world.people["global"]
    for other in (
        {"is_staff": False}, {"is_active": False}, {"email": None}, {"password": "!"},
    ):  # fmt: skip
        # Somebody who cannot sign in does not count as another global administrator.
        stand_in = {"username": "x", "email": "x@example.org", "password": "md5$x", "is_staff": True} | other
        person = User.objects.create(**stand_in)
        if is_last:
            with pytest.raises(Conflict, match="last global administrator"):
                people.person_update(person=root, **values)
        else:
            people.person_update(person=root, **values)
        with pytest.raises(Conflict, match="last global administrator"):
            people.person_delete(person=root)
        person.delete()
    assert User.objects.filter(pk=root.pk, is_staff=True, is_active=True, email="root@example.org").exists()


def test_global_administrator_who_is_not_the_last_may_go(world, second):
    people.person_update(person=second, is_staff=False)
    people.person_update(person=second, is_staff=True)
    people.person_delete(person=world.people["global"])
    assert list(User.objects.filter(is_staff=True)) == [second]


def test_global_administrators_are_locked_together_in_the_order_of_their_keys(world, second, root):
    """Whichever of them is changed, so that two changes cannot deadlock."""
    statements = []

    def noted(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        assert root.delete(f"{URL}{second.pk}/").status_code == 204
    locking = [sql for sql in statements if '"is_staff"' in sql.partition("WHERE")[2] and "ORDER BY" in sql]
    rows = [n for n, sql in enumerate(statements) if 'FROM "institutions_user"' in sql and "ORDER BY" in sql]
    assert locking
    assert statements[rows[0]] == locking[0]  # before the row itself is read for the change
    if connection.features.has_select_for_update:
        assert locking[0].endswith("ASC FOR UPDATE")


@pytest.mark.parametrize(
    "values",
    [{"inst_admin": False}, {"login_allowed": False}, {"is_active": False}, {"email": ""}, None],
    ids=str,
)
def test_last_administrator_of_an_institution_stays(values, root, url):
    method = "patch" if values else "delete"
    assert call(root, method, url("admin"), values).status_code == 409
    assert User.objects.filter(username="home-admin", inst_admin=True, login_allowed=True, is_active=True).exists()
    assert records() == []


# Moving.


def test_person_of_no_institution_joins_one(root, second, world):
    where, home = f"{URL}{second.pk}/", world.home.institution.pk
    assert field_of(call(root, "patch", where, {"institution_id": home})) == ["uid"]
    assert field_of(call(root, "patch", where, {"institution_id": home, "uid": "ann"})) == ["uid"]
    answer = call(root, "patch", where, {"institution_id": str(home), "uid": "s", "inst_admin": True})
    assert answer.json()["institution"]["roles"] == ["ADMIN"]
    assert client_of(second).get("/api/v2/auth/profile").json()["roles"] == ["GLOBAL_ADMIN", "ADMIN"]


def test_person_without_dependent_rows_is_moved(root, url, world):
    away = world.away.institution.pk
    assert field_of(call(root, "patch", url("member"), {"institution_id": away})) == ["uid"]  # taken there
    moved = call(root, "patch", url("member"), {"institution_id": away, "uid": "m2"})
    assert (moved.status_code, moved.json()["institution"]["acronym"]) == (200, "AWAY")
    assert call(root, "patch", url("member"), {"institution_id": None}).json()["institution"] is None


def test_mail_domain_of_the_new_institution_holds(root, url, world):
    world.away.institution.mail_domain = "away.example.org"
    world.away.institution.save()
    move = {"institution_id": world.away.institution.pk, "uid": "m2"}
    assert field_of(call(root, "patch", url("member"), move)) == ["email"]
    assert call(root, "patch", url("member"), move | {"email": "m2@away.example.org"}).status_code == 200


@pytest.mark.parametrize("name", ["ann", "teacher", "admin", "legal", "send", "data", "member"])
@pytest.mark.parametrize("to", ["away", None])
def test_person_with_dependent_rows_is_not_moved(name, to, root, url, world):
    person = world.people[name]
    if name == "member":
        UIOption.objects.create(institution=world.home.institution, route="dashboard", user=person)
    body = {"institution_id": world.away.institution.pk if to else None, "uid": "elsewhere", "inst_admin": False}
    answer = call(root, "patch", url(name), body)
    assert (answer.status_code, list(answer.json())) == (409, ["detail"])
    named = {"ann": "1 learner", "teacher": "1 instructor", "member": "1 UI option"}.get(name, "administrative rights")
    assert named in answer.json()["detail"]
    again = User.objects.get(pk=person.pk)
    assert (again.institution_id, again.uid) == (world.home.institution.pk, name)


def test_person_with_a_file_stays(root, url, world):
    file_store(
        institution=world.home.institution, owner=world.people["member"], kind=Kind.SAMPLE, media_type="text/plain",
        content=[b"x"], extension="txt",
    )  # fmt: skip
    answer = call(root, "patch", url("member"), {"institution_id": None})
    assert answer.status_code == 409
    assert "1 stored file" in answer.json()["detail"]


# Deleting.


def test_deletion_takes_roles_and_sessions_along(root, client, url, world):
    person, token = world.people["ann"], token_of(world.people["ann"])
    assert root.delete(url("ann")).status_code == 204
    assert not User.objects.filter(pk=person.pk).exists()
    assert not Learner.objects.filter(pk=person.pk).exists()
    assert not CallerSession.objects.filter(user=person.pk).exists()
    assert client.get(URL, headers={"Authorization": f"JWT {token}"}).status_code == 401
    assert root.get(url("ann")).status_code == 404


# Records.


def test_every_change_is_recorded_and_what_people_are_called_goes_with_them(root, world, body, url):
    made = call(root, "post", URL, body | {"inst_admin": True}).json()
    where, home = f"{URL}{made['id']}/", world.home.institution.pk
    call(root, "patch", where, {"email": "other@home.example.org", "first_name": "Zoë", "legal_admin": True})
    call(root, "patch", where, {"password": NEW + "2", "password2": NEW + "2"})
    call(root, "put", where, {"username": "zoe", "uid": "z1"})  # which changes nothing
    assert records() == [
        ("create", "user", made["id"], {
            "password": [None, None], "username": [None, "zoe"], "email": [None, "zoe@home.example.org"],
            "first_name": [None, ""], "last_name": [None, ""], "is_staff": [None, False], "is_active": [None, True],
            "institution": [None, home], "uid": [None, "z1"], "login_allowed": [None, True], "inst_admin": [None, True],
            "legal_admin": [None, False], "send_admin": [None, False], "data_admin": [None, False],
        }),
        ("update", "user", made["id"], {
            "email": ["zoe@home.example.org", "other@home.example.org"], "first_name": ["", "Zo\u00eb"],
            "legal_admin": [False, True],
        }),
        ("update", "user", made["id"], {"password": [None, None]}),
        ("update", "user", made["id"], {}),
    ]  # fmt: skip
    root.delete(where)
    assert [record[0] for record in records()] == ["create", "update", "update", "update", "delete"]
    assert [record[3] for record in records()] == [None] * 4 + [{}]  # keys go with the account
    line = Line.objects.order_by("pk").first()
    assert (line.actor_kind, line.actor_id) == ("admin", world.people["global"].pk)
    assert origin_of(line)["address"] == "127.0.0.1"
    assert set(Line.objects.values_list("institution_id", flat=True)) == {home}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM trail_line")
        stored = str(cursor.fetchall())
    # With a character that sealed texts have not: short ones would be found there by chance.
    for text in (
        '"zoe"',
        "Zo\u00eb",
        "Zo\\u00eb",
        '"z1"',
        "example.org",
        NEW,
        User.objects.get(username="root").password,
    ):
        assert text not in stored


def test_sign_in_that_a_password_opens_is_recorded_too(root, url):
    User.objects.filter(username="home-ann").update(login_allowed=False)
    call(root, "patch", url("ann"), {"password": NEW, "password2": NEW})
    assert records()[0][3] == {"password": [None, None], "login_allowed": [False, True]}


def test_change_and_record_are_written_together(root, body, world):
    root.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW trail_entry")
    assert call(root, "post", URL, body).status_code == 500
    assert root.delete(f"{URL}{world.people['member'].pk}/").status_code == 500
    assert not User.objects.filter(username="zoe").exists()
    assert User.objects.filter(username="home-member").exists()


def test_service_keeps_the_own_account_whoever_calls_it(world):
    root = world.people["global"]
    with pytest.raises(Conflict):
        accounts.account_delete(person=root, own=True)
    with pytest.raises(Conflict):
        accounts.account_update(person=root, own=True, is_staff=False)
    assert accounts.account_update(person=root, own=True, is_staff=True, locale="ca").locale == "ca"
