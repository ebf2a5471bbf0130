"""/institution/{}/user/: who may, which values are accepted, passwords, sessions, and the last administrator."""

import pytest
from rest_framework.test import APIClient

from institutions.models import FormerUid, Instructor, User
from learners.models import Learner
from tests.conftest import client_of
from tests.world import PASSWORD, rewritten

NEW = "brand-new-77-Pencil"
BODY = {"username": "zoe", "uid": "z1"}
KEYS = [
    "id", "username", "last_login", "first_name", "last_name", "uid", "email", "locale", "created_at", "updated_at",
    "inst_admin", "legal_admin", "send_admin", "data_admin", "login_allowed",
]  # fmt: skip
MATRIX = {
    # who        list  post get put  patch delete: of the plain member
    "global":   (200, 403, 200, 403, 403, 403),
    "admin":    (200, 201, 200, 200, 200, 204),
    "legal":    (200, 403, 200, 404, 404, 403),
    "data":     (200, 403, 200, 200, 200, 204),
    "send":     (200, 403, 404, 404, 404, 403),
    "teacher":  (200, 403, 404, 404, 404, 403),
    "ann":      (200, 403, 404, 404, 404, 403),
    "member":   (200, 403, 200, 200, 200, 403),
    "stranger": (404, 404, 404, 404, 404, 404),
}  # fmt: skip


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/user/"


@pytest.fixture
def row(world, url):
    """row("ann"): the URL of one of the world's people."""
    return lambda name: f"{url}{world.people[name].pk}/"


@pytest.fixture
def root_at_home(world):
    """The global administrator is a member of the institution, and administers it."""
    rewritten(User.objects.filter(username="root"), institution=world.home.institution, uid="root", inst_admin=True)
    world.people["global"].refresh_from_db()
    return world.people["global"]


@pytest.mark.parametrize("who", MATRIX)
def test_roles(who, as_, url, row):
    member = {"username": "home-member", "uid": "member", "locale": "ca"}
    calls = [
        ("get", url, None), ("post", url, BODY), ("get", row("member"), None), ("put", row("member"), member),
        ("patch", row("member"), {"locale": "en"}), ("delete", row("member"), None),
    ]  # fmt: skip
    client = as_(who)
    assert tuple(getattr(client, verb)(path, body).status_code for verb, path, body in calls) == MATRIX[who]


@pytest.mark.parametrize("who", ["send", "teacher", "ann", "member"])
def test_members_see_only_themselves(who, as_, url, world):
    assert [row["id"] for row in as_(who).get(url).json()["results"]] == [world.people[who].pk]
    assert as_(who).get(f"{url}?search=admin").json()["count"] == 0
    assert as_(who).get(f"{url}?username=admin").json()["count"] == 0


@pytest.mark.parametrize("verb", ["get", "put", "patch", "delete"])
def test_people_of_another_institution_are_unknown(verb, as_, url, world):
    path = f"{url}{world.away.people['member'].pk}/"
    assert getattr(as_("admin"), verb)(path, BODY if verb != "get" else None).status_code == 404
    assert as_("admin").get(f"{url}?limit=100&search=away").json()["count"] == 0
    assert world.away.people["member"].username == User.objects.get(uid="member", institution__acronym="AWAY").username


def test_keys_in_order_and_no_password(as_, url, row):
    made = as_("admin").post(url, BODY | {"password": NEW, "password2": NEW}).json()
    assert list(made) == list(as_("admin").get(row("ann")).json()) == KEYS
    assert list(as_("admin").get(url).json()["results"][0]) == KEYS
    assert made | {"id": 0, "created_at": "", "updated_at": ""} == {
        "id": 0, "username": "zoe", "last_login": None, "first_name": "", "last_name": "", "uid": "z1", "email": "",
        "locale": None, "created_at": "", "updated_at": "", "inst_admin": False, "legal_admin": False,
        "send_admin": False, "data_admin": False, "login_allowed": True,
    }  # fmt: skip


def test_untouched_text_of_the_dashboard_is_null(as_, url):
    nothing = dict.fromkeys(("first_name", "last_name", "email", "locale", "password", "password2"))
    made = as_("admin").post(url, BODY | nothing)
    assert made.status_code == 201
    assert (made.json()["first_name"], made.json()["email"], made.json()["locale"]) == ("", "", None)
    assert User.objects.get(username="zoe").email is None


SWITCHES = ("inst_admin", "send_admin", "legal_admin", "data_admin", "login_allowed")


def test_untouched_switches_of_the_dashboard_are_null_and_stay_as_they_are(as_, url, row):
    untouched = dict.fromkeys(SWITCHES)
    made = as_("admin").post(url, BODY | untouched)
    assert made.status_code == 201
    assert {name: made.json()[name] for name in SWITCHES} == dict.fromkeys(SWITCHES, False)
    User.objects.filter(username="home-ann").update(legal_admin=True)
    changed = as_("admin").patch(row("ann"), untouched)
    assert changed.status_code == 200
    expected = dict.fromkeys(SWITCHES, False) | {"legal_admin": True, "login_allowed": True}
    assert {name: changed.json()[name] for name in SWITCHES} == expected


def test_several_people_have_no_email(as_, url):
    for number in range(2):
        body = {"username": f"p{number}", "uid": f"p{number}", "email": ""}
        assert as_("admin").post(url, body).status_code == 201


# Values.

WRONG = [
    ("username", None), ("username", ""), ("username", "a b"), ("username", "a/b"), ("username", "x" * 151),
    ("username", "home-ann"), ("username", []), ("username", {}), ("username", True), ("username", "a\x00b"),
    ("uid", None), ("uid", ""), ("uid", " "), ("uid", "x" * 256), ("uid", "ann"), ("uid", "A\u00adnn"),
    ("uid", "\u200b"), ("uid", ["z1"]), ("uid", "z\n1"),
    ("first_name", "x" * 151), ("first_name", "a\tb"), ("first_name", {"a": 1}), ("last_name", "x" * 151),
    ("last_name", True), ("email", "nobody"), ("email", "ANN@Home.example.org"), ("email", 7), ("email", ["a@b.org"]),
    ("email", "a" * 250 + "@b.org"), ("email", "ſue@home.example.org"),
    ("locale", True), ("locale", {"a": 1}), ("locale", []),
    ("inst_admin", "null"), ("legal_admin", "maybe"),
    ("send_admin", 2), ("data_admin", []), ("login_allowed", {}), ("password", ""),
    ("password", 5.5), ("password", [NEW]), ("password", "x" * 129), ("password2", NEW),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: str(value)[:20])
def test_wrong_value_is_400_under_its_name(name, value, as_, url, row):
    answer = as_("admin").post(url, BODY | {name: value})
    assert answer.status_code == 400, answer.content
    assert name in answer.json() or (name == "password" and list(answer.json()) == ["password2"])
    if value not in ("home-ann", "ann", "A\u00adnn", "ANN@Home.example.org"):  # what she has
        answer = as_("admin").patch(row("ann"), {name: value})
        assert answer.status_code == 400, answer.content
    assert User.objects.filter(username="zoe").count() == 0


@pytest.mark.parametrize("body", [[], "text", 5, None, [BODY]])
def test_body_that_is_no_object_is_400(body, as_, url):
    assert as_("admin").post(url, body, format="json").status_code == 400


def test_required_on_post_and_put_alone(as_, url, row):
    for answer in (as_("admin").post(url, {}), as_("admin").put(row("ann"), {})):
        assert (answer.status_code, set(answer.json())) == (400, {"username", "uid"})
    assert as_("admin").patch(row("ann"), {}).status_code == 200


def test_uid_repeats_in_another_institution_only(as_, world, url):
    rewritten(User.objects.filter(username="away-member"), uid="z1")
    assert as_("admin").post(url, BODY).status_code == 201
    again = as_("admin").post(url, BODY | {"username": "zoe2"})
    assert (again.status_code, list(again.json())) == (400, ["uid"])


def test_email_is_unique_in_the_institution_ignoring_case(as_, url, row):
    first = as_("admin").patch(row("ann"), {"email": "Zoe@Elsewhere.org"})
    assert first.json()["email"] == "Zoe@Elsewhere.org"
    for answer in (
        as_("admin").post(url, BODY | {"email": "zOE@elsewhere.ORG"}),
        as_("admin").patch(row("bob"), {"email": "zoe@elsewhere.org"}),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["email"])


@pytest.mark.parametrize(
    ("email", "status"),
    [
        ("z@x.org", 201), ("z@Y.ORG", 201), ("z@evil-x.org", 400), ("z@x.org.evil.com", 400), ("z@sub.x.org", 400),
        ("", 201),
    ],
)  # fmt: skip
def test_mail_domain_is_compared_whole(email, status, as_, url, world):
    world.home.institution.mail_domain = "@x.org; y.org"
    world.home.institution.save()
    answer = as_("admin").post(url, BODY | {"email": email})
    assert answer.status_code == status
    assert status == 201 or list(answer.json()) == ["email"]


def test_mail_domain_is_checked_on_change_and_leaves_others_alone(as_, row, world):
    world.home.institution.mail_domain = "x.org"
    world.home.institution.save()
    assert as_("admin").patch(row("ann"), {"locale": "ca"}).status_code == 200
    same = {"username": "home-ann", "uid": "ann", "email": "ann@home.example.org"}
    assert as_("admin").put(row("ann"), same).status_code == 200
    assert as_("admin").patch(row("ann"), {"email": "ann@y.org"}).json().keys() == {"email"}
    assert as_("admin").patch(row("ann"), {"email": "ann@x.org"}).status_code == 200


def test_put_resets_nothing_that_it_leaves_out(as_, row, world):
    User.objects.filter(username="home-ann").update(locale="ca", legal_admin=True)
    before = as_("admin").get(row("ann")).json()
    after = as_("admin").put(row("ann"), {"username": "home-ann", "uid": "ann"}).json()
    assert after == before
    assert User.objects.get(username="home-ann").check_password(PASSWORD)


def test_admin_changes_everything(as_, row):
    changes = {
        "username": "ann2", "uid": "a2", "email": "ann2@home.example.org", "first_name": "A", "last_name": "B",
        "locale": "pt-BR", "inst_admin": True, "legal_admin": True, "send_admin": True, "data_admin": True,
        "login_allowed": False,
    }  # fmt: skip
    answer = as_("admin").patch(row("ann"), changes)
    assert {name: answer.json()[name] for name in changes} == changes


def test_read_only_and_unknown_keys_are_ignored(as_, url, row, world):
    body = {"id": 7, "institution": world.away.institution.pk, "is_staff": True, "last_login": "x", "unknown": [1]}
    made = as_("admin").post(url, BODY | body).json()
    person = User.objects.get(username="zoe")
    assert (person.institution_id, person.is_staff) == (world.home.institution.pk, False)
    assert made["id"] == person.pk != 7


# Passwords.


def test_password_lets_the_person_sign_in(as_, url, client):
    body = BODY | {"email": "zoe@home.example.org", "password": f" {NEW} ", "password2": f" {NEW} "}
    assert as_("admin").post(url, body).json()["login_allowed"] is True
    signed = client.post("/api/v2/auth/login", {"email": "zoe@home.example.org", "password": f" {NEW} "})
    assert signed.status_code == 200


def test_without_password_nobody_can_sign_in(as_, url):
    assert as_("admin").post(url, BODY).json()["login_allowed"] is False
    assert not User.objects.get(username="zoe").has_usable_password()


@pytest.mark.parametrize(
    ("passwords", "name"),
    [
        ({"password": NEW, "password2": "other-99-Pencil"}, "password2"),
        ({"password": NEW}, "password2"),
        ({"password2": NEW}, "password2"),
        ({"password": "short", "password2": "short"}, "password"),
        ({"password": "password", "password2": "password"}, "password"),
        ({"password": "8203571046", "password2": "8203571046"}, "password"),
        ({"password": "zoe-is-the-name", "password2": "zoe-is-the-name", "username": "zoe-is-the-name"}, "password"),
    ],
)
def test_bad_password_is_400(passwords, name, as_, url):
    answer = as_("admin").post(url, BODY | passwords)
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert not User.objects.filter(uid="z1").exists()


@pytest.mark.parametrize("allowed", [{}, {"login_allowed": True}])
@pytest.mark.parametrize("form", ["json", "multipart"])
def test_new_password_from_the_administrator_lets_the_person_sign_in(allowed, form, as_, row, client):
    User.objects.filter(username="home-ann").update(login_allowed=False)
    answer = as_("admin").patch(row("ann"), {"password": NEW, "password2": NEW} | allowed, format=form)
    assert (answer.status_code, answer.json()["login_allowed"]) == (200, True)
    assert User.objects.get(username="home-ann").check_password(NEW)
    signed = client.post("/api/v2/auth/login", {"email": "ann@home.example.org", "password": NEW})
    assert signed.status_code == 200


def test_new_person_with_a_password_and_without_sign_in_keeps_it_for_later(as_, url, client):
    """As the dashboard's form comes: a password typed, "may sign in" not ticked."""
    email = {"email": "zoe@home.example.org"}
    made = as_("admin").post(url, BODY | email | {"password": NEW, "password2": NEW, "login_allowed": False})
    assert (made.status_code, made.json()["login_allowed"]) == (201, False)
    assert client.post("/api/v2/auth/login", email | {"password": NEW}).status_code == 401
    allowed = as_("admin").patch(f"{url}{made.json()['id']}/", {"login_allowed": True})
    assert allowed.status_code == 200
    assert client.post("/api/v2/auth/login", email | {"password": NEW}).status_code == 200


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("method", ["put", "patch"])
def test_new_password_without_sign_in_is_kept_for_later(method, before, as_, row, client):
    User.objects.filter(username="home-ann").update(login_allowed=before)
    live = as_("ann") if before else None
    body = {"username": "home-ann", "uid": "ann", "password": NEW, "password2": NEW, "login_allowed": False}
    answer = getattr(as_("admin"), method)(row("ann"), body)
    assert (answer.status_code, answer.json()["login_allowed"]) == (200, False)
    assert live is None or live.get(row("ann")).status_code == 401
    credentials = {"email": "ann@home.example.org", "password": NEW}
    assert client.post("/api/v2/auth/login", credentials).status_code == 401
    as_("admin").patch(row("ann"), {"login_allowed": True})
    assert client.post("/api/v2/auth/login", credentials).status_code == 200
    assert live is None or live.get(row("ann")).status_code == 401


def test_last_administrator_is_not_locked_out_with_a_new_password(as_, row):
    body = {"password": NEW, "password2": NEW, "current_password": PASSWORD, "login_allowed": False}
    assert as_("admin").patch(row("admin"), body).status_code == 409
    assert User.objects.get(username="home-admin").check_password(PASSWORD)


def test_without_a_new_password_login_allowed_stays_as_it_is(as_, row):
    User.objects.filter(username="home-ann").update(login_allowed=False)
    for body in ({"first_name": "Anna"}, {"password": None, "password2": None}):
        assert as_("admin").patch(row("ann"), body).json()["login_allowed"] is False


def test_nobody_allows_the_own_sign_in_with_a_new_password(as_, row, world):
    world.home.person("other", inst_admin=True)
    for name in ("ann", "admin"):
        signed, launched = as_(name), as_(name, "launched")
        User.objects.filter(pk=world.people[name].pk).update(login_allowed=False)
        for client, status in ((signed, 401), (launched, 403)):
            assert client.patch(row(name), {"password": NEW, "password2": NEW}).status_code == status
        person = User.objects.get(pk=world.people[name].pk)
        assert (person.check_password(PASSWORD), person.login_allowed) == (True, False)


def test_new_password_from_somebody_else_ends_all_sessions(as_, row):
    old, launched = as_("ann"), as_("ann", "launched")
    assert as_("admin").patch(row("ann"), {"password": NEW, "password2": NEW}).status_code == 200
    assert (old.get(row("ann")).status_code, launched.get(row("ann")).status_code) == (401, 401)


def signed_in(client, email: str, password: str) -> dict[str, str]:
    return client.post("/api/v2/auth/login", {"email": email, "password": password}).json()["token"]


def refreshed(client, pair: dict[str, str]) -> int:
    return client.post("/api/v2/auth/token/refresh", {"refresh_token": pair["refresh_token"]}).status_code


@pytest.mark.parametrize(
    ("who", "tree", "method"),
    [("ann", "user", "patch"), ("ann", "user", "put"), ("ann", "profile", "post"), ("admin", "user", "patch"),
     ("admin", "profile", "post"), ("global", "admin", "patch"), ("global", "admin", "put")],
)  # fmt: skip
def test_own_new_password_ends_the_others_and_the_session_that_asked_goes_on(who, tree, method, row, world, client):
    """Its refresh token, too: the dashboard goes on with both."""
    person = world.people[who]
    url = {"user": row(who), "profile": f"{row(who)}profile/", "admin": f"/api/v2/admin/user/{person.pk}/"}[tree]
    here, elsewhere = (signed_in(client, person.email, PASSWORD) for _ in range(2))
    api = APIClient(headers={"authorization": f"JWT {here['access_token']}"})
    body = {"username": person.username, "uid": person.uid, "password": NEW, "password2": NEW}
    body["current_password"] = PASSWORD
    if method != "put":
        body = {"password": NEW, "password2": NEW, "current_password": PASSWORD}
    answer = getattr(api, method)(url, body)
    assert answer.status_code == 200, answer.content
    assert api.get("/api/v2/auth/profile").status_code == 200
    other = APIClient(headers={"authorization": f"JWT {elsewhere['access_token']}"})
    assert other.get("/api/v2/auth/profile").status_code == 401
    assert (refreshed(client, here), refreshed(client, elsewhere)) == (200, 403)
    assert signed_in(client, person.email, NEW)


def test_own_session_ends_when_the_own_sign_in_ends_with_the_new_password(as_, row, world):
    world.home.person("other", inst_admin=True)
    here = as_("admin")
    body = {"password": NEW, "password2": NEW, "current_password": PASSWORD, "login_allowed": False}
    here.patch(row("admin"), body)
    User.objects.filter(username="home-admin").update(login_allowed=True)
    assert here.get(row("admin")).status_code == 401


def test_end_of_login_allowed_ends_all_sessions(as_, row, world):
    old, launched = as_("ann"), as_("ann", "launched")
    assert as_("admin").patch(row("ann"), {"login_allowed": False}).json()["login_allowed"] is False
    assert (old.get(row("ann")).status_code, launched.get(row("ann")).status_code) == (401, 401)
    as_("admin").patch(row("ann"), {"login_allowed": True})
    assert old.get(row("ann")).status_code == 401


@pytest.mark.parametrize("name", ["password", "password2"])
def test_password_of_null_changes_nothing(name, as_, row):
    client = as_("ann")
    assert client.patch(row("ann"), {name: None}).status_code == 200
    assert client.get(row("ann")).status_code == 200


# The own row.


def test_own_locale_and_password_and_nothing_else(as_, row):
    assert as_("ann").patch(row("ann"), {"locale": "ca"}).json()["locale"] == "ca"
    others = {
        "username": "x", "uid": "x", "email": "x@home.example.org", "first_name": "X", "last_name": "X",
        "inst_admin": True, "legal_admin": True, "send_admin": True, "data_admin": True, "login_allowed": False,
    }  # fmt: skip
    for name, value in others.items():
        answer = as_("ann").patch(row("ann"), {name: value})
        assert answer.status_code == 403
        assert name in answer.json()["detail"]


def test_own_row_sent_back_as_read_is_no_change(as_, row):
    shown = as_("member").get(row("member")).json()
    assert as_("member").put(row("member"), shown | {"locale": "es"}).json()["locale"] == "es"


def test_sent_by_a_vle_nobody_sets_a_password(as_, row):
    client = as_("ann", "launched")
    assert client.patch(row("ann"), {"password": NEW, "password2": NEW}).status_code == 403
    assert client.patch(row("ann"), {"locale": "ca"}).status_code == 200


# user.profile: how dashboards change the own row.


def test_profile_changes_the_own_locale_and_answers_the_person(as_, row):
    """An earlier implementation answered every change of the own profile with 500."""
    for form in ("json", "multipart"):
        answer = as_("ann").post(f"{row('ann')}profile/", {"locale": "ca"}, format=form)
        assert (answer.status_code, list(answer.json())) == (200, KEYS)
        assert answer.json()["locale"] == "ca"
    assert as_("ann").post(f"{row('ann')}profile", {"locale": None}).json()["locale"] is None
    assert as_("ann").post(f"{row('ann')}profile/", {}).json() == as_("ann").get(row("ann")).json()


def test_profile_changes_the_own_password_and_only_this_session_goes_on(as_, row, client, world):
    old, here = as_("ann"), as_("ann")
    answer = here.post(f"{row('ann')}profile/", {"password": NEW, "password2": NEW, "current_password": PASSWORD})
    assert (answer.status_code, list(answer.json())) == (200, KEYS)
    assert (here.get(row("ann")).status_code, old.get(row("ann")).status_code) == (200, 401)
    back = {"password": PASSWORD, "password2": PASSWORD, "current_password": NEW}
    assert here.post(f"{row('ann')}profile/", back).status_code == 200
    assert here.get(row("ann")).status_code == 200
    for password, status in ((PASSWORD, 200), (NEW, 401)):
        signed = client.post("/api/v2/auth/login", {"email": "ann@home.example.org", "password": password})
        assert signed.status_code == status


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"password": NEW}, "password2"), ({"password2": NEW}, "password2"),
        ({"password": NEW, "password2": "x"}, "password2"), ({"password": "short", "password2": "short"}, "password"),
        ({"password": "", "password2": ""}, "password"), ({"locale": {}}, "locale"),
        ({"locale": []}, "locale"), ({"locale": "ca", "password": NEW}, "password2"),
    ],
)  # fmt: skip
def test_wrong_value_of_a_profile_is_400_under_its_name_and_changes_nothing(body, name, as_, row, world):
    before = User.objects.values().get(pk=world.people["ann"].pk)
    answer = as_("ann").post(f"{row('ann')}profile/", body | {"current_password": PASSWORD})
    assert answer.status_code == 400
    assert name in answer.json()
    assert User.objects.values().get(pk=world.people["ann"].pk) == before


def test_profile_ignores_everything_else(as_, row, world):
    before = User.objects.values().get(pk=world.people["admin"].pk)
    body = {"username": "x", "uid": "x", "email": "x@home.example.org", "inst_admin": False, "is_staff": True, "id": 1}
    assert as_("admin").post(f"{row('admin')}profile/", body).status_code == 200
    assert {**User.objects.values().get(pk=world.people["admin"].pk), "updated_at": 0} == {**before, "updated_at": 0}


@pytest.mark.parametrize("who", ["admin", "legal", "data", "send", "teacher", "bob", "member"])
def test_profile_is_the_own_alone(who, as_, row):
    assert as_(who).post(f"{row('ann')}profile/", {"locale": "ca"}).status_code == 404
    assert as_(who).post(f"{row(who)}profile/", {"locale": "ca"}).status_code == 200


def test_others_cannot_change_a_profile(as_, url, row, client, world):
    assert as_("stranger").post(f"{row('ann')}profile/", {"locale": "ca"}).status_code == 404
    assert as_("admin").post(f"{url}{world.away.people['admin'].pk}/profile/", {}).status_code == 404
    assert client.post(f"{row('ann')}profile/", {"locale": "ca"}).status_code == 401
    assert as_("global").post(f"{url}{world.people['global'].pk}/profile/", {"locale": "ca"}).status_code == 403


def test_global_admin_at_home_has_no_profile_here(as_, url, root_at_home):
    assert as_("global").post(f"{url}{root_at_home.pk}/profile/", {"locale": "ca"}).status_code == 403


@pytest.mark.parametrize("who", ["ann", "admin"])
def test_sent_by_a_vle_nobody_sets_a_password_by_profile(who, as_, row, world):
    client = as_(who, "launched")
    assert client.post(f"{row(who)}profile/", {"password": NEW, "password2": NEW}).status_code == 403
    assert User.objects.get(pk=world.people[who].pk).check_password(PASSWORD)
    assert client.post(f"{row(who)}profile/", {"locale": "ca"}).json()["locale"] == "ca"


# Data administrators.


def test_data_admin_corrects_names_and_locale_only(as_, row):
    right = {"first_name": "Anna", "last_name": "B", "locale": "es"}
    assert right.items() <= as_("data").patch(row("ann"), right).json().items()
    for name, value in {
        "username": "x", "uid": "x", "email": "x@home.example.org", "login_allowed": False, "inst_admin": True,
        "data_admin": True,
    }.items():  # fmt: skip
        answer = as_("data").patch(row("ann"), {name: value} | right)
        assert answer.status_code == 403
        assert name in answer.json()["detail"]
    assert as_("data").patch(row("ann"), {"password": NEW, "password2": NEW}).status_code == 403


@pytest.mark.parametrize("name", ["admin", "legal", "send"])
def test_data_admin_touches_nobody_with_a_flag(name, as_, row):
    assert as_("data").patch(row(name), {"first_name": "X"}).status_code == 403
    assert as_("data").patch(row(name), {}).status_code == 403
    assert as_("data").delete(row(name)).status_code == 403


def test_data_admin_has_only_a_members_right_on_the_own_row(as_, row):
    assert as_("data").patch(row("data"), {"locale": "ca"}).status_code == 200
    assert as_("data").patch(row("data"), {"first_name": "X"}).status_code == 403
    assert as_("data").patch(row("data"), {"inst_admin": True}).status_code == 403
    assert as_("data").delete(row("data")).status_code == 403


# Administrators.


def test_nobody_deletes_the_own_account(as_, row, world):
    world.home.person("second", inst_admin=True)
    assert as_("admin").delete(row("admin")).status_code == 403


def test_global_admin_at_home_is_not_writable(as_, url, root_at_home):
    path = f"{url}{root_at_home.pk}/"
    for who in ("admin", "data", "global"):
        assert as_(who).patch(path, {"locale": "ca"}).status_code == 403
        assert as_(who).delete(path).status_code == 403
        assert as_(who).get(path).status_code == 200


def test_global_admin_who_administers_the_institution_may_change_others(as_, row, root_at_home):
    assert as_("global").patch(row("ann"), {"first_name": "X"}).status_code == 200


LAST = [{"inst_admin": False}, {"login_allowed": False}]


@pytest.mark.parametrize("change", LAST)
def test_last_administrator_stays(change, as_, row, world):
    assert as_("admin").patch(row("admin"), change).status_code == 409
    world.home.person("second", inst_admin=True, login_allowed=False)  # no help: cannot sign in
    world.home.person("third", inst_admin=True, is_active=False)
    world.away.person("fourth", inst_admin=True)
    assert as_("admin").patch(row("admin"), change).status_code == 409
    world.home.person("fifth", inst_admin=True)
    assert as_("admin").patch(row("admin"), change).status_code == 200


def test_administrator_who_deletes_the_others_is_the_last(as_, url, row, world):
    other = world.home.person("second", inst_admin=True)
    client = client_of(other)
    assert client.delete(row("admin")).status_code == 204
    assert client.patch(f"{url}{other.pk}/", {"inst_admin": False}).status_code == 409


# Deleting.


def test_deleted_person_is_gone_with_all_roles(as_, row, world):
    Instructor.objects.create(user=world.people["ann"], institution=world.home.institution)
    assert as_("admin").delete(row("ann")).status_code == 204
    assert not User.objects.filter(username="home-ann").exists()
    assert not Learner.objects.filter(pk=world.people["ann"].pk).exists()
    assert as_("admin").get(row("ann")).status_code == 404
    assert world.home.course.learners.count() == 1


# Lists.


def people(answer):
    assert answer.status_code == 200, answer.content
    return [row["uid"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("roles=ADMIN", ["admin"]),
        ("roles=LEGAL", ["legal"]),
        ("roles=DATA&roles=SEND", ["data", "send"]),
        ("roles=INSTRUCTOR", ["teacher", "visitor"]),
        ("roles=LEARNER&roles=ADMIN", ["admin", "ann", "bob", "eve"]),
        ("roles=LEARNER&uid=b", ["bob"]),
        ("username=HOME-A", ["admin", "ann"]),
        ("first_name=nn", ["ann"]),
        ("last_name=Home&email=eve@", ["eve"]),
        ("uid=isi", ["visitor"]),
        ("search=home%20ann", ["ann"]),
        ("search=bob%40HOME", ["bob"]),
        ("id=abc", []),
        ("id=1e3", []),
        ("id=99999999999999999999999", []),
        ("id=%00", []),
        ("username=%00", []),
        ("email=%00", []),
        ("uid=away", []),
        ("ordering=-uid&limit=2", ["visitor", "teacher"]),
        ("ordering=nonsense&limit=2", ["admin", "legal"]),
    ],
)
def test_lists(query, expected, as_, url):
    assert people(as_("admin").get(f"{url}?{query}")) == expected


def test_filter_by_id_is_exact(as_, url, world):
    assert people(as_("admin").get(f"{url}?id={world.people['ann'].pk}")) == ["ann"]


@pytest.mark.parametrize("query", ["roles=OWNER", "roles=ADMIN,SEND", "roles=ADMIN&roles=x", "first_name=%00"])
def test_bad_filter_is_400_under_its_name(query, as_, url):
    answer = as_("admin").get(f"{url}?{query}")
    assert (answer.status_code, list(answer.json())) == (400, [query.partition("=")[0]])


def test_institution_that_does_not_exist_is_404(as_):
    for path in ("/api/v2/institution/999/user/", "/api/v2/institution/999/user/1/"):
        assert as_("global").get(path).status_code == 404


@pytest.mark.parametrize("tree", ["institution", "admin"])
def test_a_former_uid_of_somebody_is_given_to_nobody_else(tree, as_, url, row, world):
    for place in (world.home, world.away):
        FormerUid.objects.create(
            institution=place.institution, person=place.people["ann"], uid_key=f"old-{place.prefix}"
        )
    who, people, more = "admin", url, {}
    if tree == "admin":
        who, people, more = "global", "/api/v2/admin/user/", {"institution_id": world.home.institution.pk}
    body, old = BODY | more, f"old-{world.home.prefix}"
    before = User.objects.count()
    change = as_(who).patch(f"{people}{world.people['member'].pk}/", {"uid": old.upper()})
    for answer in (as_(who).post(people, body | {"uid": old.upper()}), change):
        assert (answer.status_code, list(answer.json())) == (400, ["uid"])
        assert "known as ann now" in answer.json()["uid"][0]
    assert User.objects.count() == before
    assert not User.objects.filter(uid_key=old).exists()
    assert (
        as_(who).post(people, body | {"uid": f"old-{world.away.prefix}"}).status_code == 201
    )  # nothing of another institution
    assert as_("admin").delete(f"{row('ann')}former_uids/?uid={old}").status_code == 204
    made = as_(who).post(people, body | {"uid": old.upper(), "username": "z2", "email": "z2@home.example.org"})
    assert made.status_code == 201
