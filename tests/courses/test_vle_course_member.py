"""/vle/{vle_id}/course/{course_id}/learner/ and /instructor/: people as a VLE tells of them, by uid."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses.models import Adder, CourseInstructor, CourseLearner
from courses.services.members import INSTRUCTORS, LEARNERS, AddedBy
from courses.services.registrations import member_register
from institutions.models import FormerUid, Institution, Instructor, OIDCConnection, User
from learners.models import Learner, SENDLearner
from learners.services import learner_locked_of
from tests.conftest import client_of
from tests.contract.vle_calls import PERSON, Sister
from tests.world import rewritten
from trail.models import Line

LINKS = {"learner": CourseLearner, "instructor": CourseInstructor}
MEMBERSHIPS = {"learner": LEARNERS, "instructor": INSTRUCTORS}
ROLES = {"learner": Learner, "instructor": Instructor}
INSIDE = {"learner": "ann", "instructor": "teacher"}
OUTSIDE = {"learner": "eve", "instructor": "visitor"}
SWITCH = {kind: f"disable_vle_{kind}_creation" for kind in ROLES}
FLAGS = {"inst_admin": True, "legal_admin": True, "send_admin": True, "data_admin": True, "is_staff": True}
BY = AddedBy(Adder.VLE)
each_kind = pytest.mark.parametrize("kind", ROLES)
each_change = pytest.mark.parametrize("method", ["post", "put", "patch"])


@pytest.fixture
def client(as_):
    return as_("vle")


@pytest.fixture
def url(world):
    def of(kind: str, *names: str) -> str:
        tail = "".join(f"{world.home.people[name].pk}/" for name in names)
        return f"/api/v2/vle/{world.home.vle.pk}/course/{world.home.course.pk}/{kind}/{tail}"

    return of


def person(uid: str, acronym: str = "HOME") -> User | None:
    return User.objects.filter(uid=uid, institution__acronym=acronym).first()


def everybody() -> list[dict]:
    return list(User.objects.order_by("pk").values())


def plain(world, name: str, **values) -> User:
    """Somebody without flag and login, as VLEs make them, whom no identity provider signs in, either."""
    OIDCConnection.objects.update(enabled=False)
    person = world.home.people[name]
    person.set_unusable_password()
    person.login_allowed = False
    for key, value in values.items():
        setattr(person, key, value)
    person.save()
    return person


def sent(client, method: str, url, kind: str, name: str, body: dict):
    at = url(kind) if method == "post" else url(kind, name)
    return getattr(client, method)(at, body, format="json")


# Create or link.


@each_kind
def test_unknown_person_is_created_with_the_role_and_linked_once(kind, client, url, world):
    body = PERSON | {"institution": world.away.institution.pk} | FLAGS | {"password": "x", "login_allowed": True}
    first = client.post(url(kind), body, format="json")
    made = User.objects.get(pk=first.json()["id"])
    before = everybody()
    for _ in range(2):
        again = client.post(url(kind), body, format="json")
        assert (again.status_code, again.json()) == (201, first.json())
    assert everybody() == before
    assert (first.status_code, made.institution, made.username) == (201, world.home.institution, "new@x.org")
    assert (made.uid, made.first_name, made.last_name, made.email) == ("new@x.org", "New", "Person", "new@x.org")
    assert not made.has_flag
    assert not made.has_usable_password()
    assert not made.login_allowed
    assert ROLES[kind].objects.filter(user=made).exists()
    assert LINKS[kind].objects.filter(course=world.home.course, **{kind: made.pk}).count() == 1
    assert not any(ROLES[other].objects.filter(user=made).exists() for other in ROLES if other != kind)
    assert client.get(f"{url(kind)}?uid=new%40x.org").json()["count"] == 1


@each_kind
def test_numbers_are_uids_as_text(kind, client, url):
    body = PERSON | {"uid": 4711}
    assert client.post(url(kind), body, format="json").json()["uid"] == "4711"
    assert client.post(url(kind), body | {"uid": "4711"}, format="json").status_code == 201
    assert User.objects.filter(uid="4711").count() == 1


@each_kind
@pytest.mark.parametrize("place", ["inside", "outside", "other role", "no role"])
def test_person_of_the_institution_is_linked(kind, place, client, url, world):
    other = INSIDE["instructor" if kind == "learner" else "learner"]
    name = {"inside": INSIDE[kind], "outside": OUTSIDE[kind], "other role": other, "no role": "member"}[place]
    before = everybody()
    for _ in range(2):
        answer = client.post(url(kind), {"uid": name}, format="json")
        assert (answer.status_code, answer.json()["id"]) == (201, world.people[name].pk)
    assert everybody() == before
    assert LINKS[kind].objects.filter(course=world.home.course, **{kind: world.people[name].pk}).count() == 1


@each_kind
def test_missing_data_of_an_unknown_person_are_400_under_their_names(kind, client, url):
    body = {name: value for name, value in PERSON.items() if name != "email"}
    answer = client.post(url(kind), body, format="json")
    assert (answer.status_code, answer.json()) == (400, {"email": ["This field is required."]})
    assert person("new@x.org") is None


@each_kind
@pytest.mark.parametrize("name", [None, "", " \t\n", "\x00", ...])
def test_who_has_no_name_has_none_and_who_has_one_keeps_it(kind, name, client, url):
    OIDCConnection.objects.update(enabled=False)
    names = {} if name is ... else {"first_name": name, "last_name": name}
    made = client.post(url(kind), {"uid": "new@x.org", "email": "new@x.org"} | names, format="json")
    assert (made.status_code, made.json()["first_name"], made.json()["last_name"]) == (201, "", "")
    client.post(url(kind), PERSON, format="json")
    kept = client.post(url(kind), {"uid": "new@x.org", "email": "new@x.org"} | names, format="json")
    assert (kept.status_code, kept.json()["first_name"], kept.json()["last_name"]) == (201, "New", "Person")


@each_kind
def test_too_long_a_name_is_cut(kind, client, url):
    made = client.post(url(kind), PERSON | {"first_name": "x" * 149 + " yz"}, format="json")
    assert (made.status_code, made.json()["first_name"]) == (201, "x" * 149)


@pytest.mark.any_database
@each_kind
@each_change
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"uid": None}, "uid"),
        ({"uid": ""}, "uid"),
        ({"uid": "x" * 256}, "uid"),
        ({"uid": "\x00"}, "uid"),
        ({"uid": ["ann"]}, "uid"),
        ({"first_name": ["x"]}, "first_name"),
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": f"{'x' * 250}@x.org"}, "email"),
    ],
)
def test_wrong_value_is_400_under_its_name(change, name, method, kind, client, url):
    before = everybody()
    answer = sent(client, method, url, kind, INSIDE[kind], PERSON | {"uid": INSIDE[kind]} | change)
    assert (answer.status_code, list(answer.json())) == (400, [name])
    assert everybody() == before


@each_kind
@pytest.mark.parametrize("name", ["first_name", "last_name", "email"])
def test_new_person_needs_what_a_known_one_may_lack(name, kind, client, url):
    """Who has no e-mail or no name is sent back as read; who is new must have an e-mail."""
    if name == "email":
        answer = client.post(url(kind), PERSON | {name: " "}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, [name])
    person = User.objects.filter(uid=INSIDE[kind], institution__acronym="HOME")
    rewritten(person, **{name: None if name == "email" else ""})
    shown = client.get(url(kind, INSIDE[kind])).json()
    assert shown[name] == ""
    for method, body in (("put", shown), ("patch", {name: ""})):
        answer = sent(client, method, url, kind, INSIDE[kind], body)
        assert (answer.status_code, answer.json()) == (200, shown), method


@each_kind
def test_uid_is_required_but_by_patch(kind, client, url):
    for method, status in (("post", 400), ("put", 400), ("patch", 200)):
        assert sent(client, method, url, kind, INSIDE[kind], {}).status_code == status


# Tenants.


@each_kind
def test_same_uid_in_the_other_institution_is_another_person(kind, client, url, world):
    twin = world.away.people["member"]
    rewritten(User.objects.filter(pk=twin.pk), uid="new@x.org")
    before = User.objects.values().get(pk=twin.pk)
    answer = client.post(url(kind), PERSON, format="json")
    assert answer.status_code == 201
    assert answer.json()["id"] != twin.pk
    assert person("new@x.org").institution == world.home.institution
    assert User.objects.values().get(pk=twin.pk) == before


@each_kind
@pytest.mark.parametrize("flags", [{}, {"inst_admin": True}])
@pytest.mark.parametrize("address", ["new@x.org", "NEW@X.org"])
def test_somebody_elsewhere_with_the_same_names_is_neither_told_nor_moved(address, flags, kind, client, url, world):
    """An earlier implementation moved the account with this e-mail out of its institution into the VLE's, and cleared
    uid and rights.
    """
    stranger = world.away.people["eve"]
    rewritten(User.objects.filter(pk=stranger.pk), email="new@x.org", uid="new", username="new@x.org", **flags)
    before = User.objects.values().get(pk=stranger.pk)
    answer = client.post(url(kind), PERSON | {"email": address}, format="json")
    assert (answer.status_code, answer.json()["email"], answer.json()["username"]) == (201, address, "new@x.org")
    assert User.objects.values().get(pk=stranger.pk) == before
    assert not LINKS[kind].objects.filter(institution=world.home.institution, course=world.away.course).exists()


@each_kind
@each_change
def test_email_of_somebody_else_at_home_is_400_and_changes_nobody(method, kind, client, url, world):
    plain(world, INSIDE[kind])
    before = everybody()
    body = {"uid": INSIDE[kind], "first_name": "Other", "email": "bob@home.example.org"}
    answer = sent(client, method, url, kind, INSIDE[kind], body)
    assert (answer.status_code, list(answer.json())) == (400, ["email"])
    assert everybody() == before


@each_kind
def test_course_of_another_vle_takes_nobody(kind, client, world):
    """An earlier implementation let each VLE read and change the courses of all others."""
    for place in (Sister(world.home), world.away):
        url = f"/api/v2/vle/{world.home.vle.pk}/course/{place.course.pk}/{kind}/"
        assert client.post(url, PERSON, format="json").status_code == 404
    assert person("new@x.org") is None


# Who is changed.


@each_kind
@each_change
def test_names_and_email_follow_of_who_has_neither_flag_nor_login(method, kind, client, url, world):
    plain(world, INSIDE[kind])
    body = {"uid": INSIDE[kind], "first_name": "Other", "last_name": "Name", "email": "other@x.org"}
    before = User.objects.values().get(uid=INSIDE[kind], institution=world.home.institution)
    answer = sent(client, method, url, kind, INSIDE[kind], body | FLAGS | {"username": "x", "locale": "ca"})
    assert answer.status_code in (200, 201)
    after = User.objects.values().get(pk=before["id"])
    changed = {name for name, value in after.items() if before[name] != value}
    assert changed == {"first_name", "last_name", "email", "email_key", "search_text", "updated_at"}
    assert {name: answer.json()[name] for name in body} == body


@each_change
def test_the_address_by_which_a_provider_finds_people_is_changed_of_own_people_alone(method, client, url, world):
    """The VLE could make an instructor of a learner, and the provider would let in whose address it has written."""
    ann, vle = plain(world, "ann"), world.home.vle.pk
    OIDCConnection.objects.update(enabled=True)  # administrators and instructors, by e-mail
    for number, (by, match, is_changed) in enumerate(
        [(None, "email", False), (vle, "email", True), (None, "uid", True)]
    ):
        User.objects.filter(pk=ann.pk).update(brought_by_vle=by)
        OIDCConnection.objects.update(match=match)
        body = {"uid": "ann", "first_name": f"N{number}", "last_name": "Name", "email": f"n{number}@x.org"}
        answer = sent(client, method, url, "learner", "ann", body)
        assert (answer.status_code, answer.json()["first_name"]) == (201 if method == "post" else 200, f"N{number}")
        assert (answer.json()["email"] == body["email"]) is is_changed


@each_kind
@each_change
@pytest.mark.parametrize("privilege", [*FLAGS, "login_allowed", "password", "provider"])
def test_who_holds_a_flag_or_a_login_is_linked_but_never_edited(privilege, method, kind, client, url, world):
    person = plain(world, INSIDE[kind])
    if privilege == "password":
        person.set_password("correct-horse-9-battery")
    elif privilege == "provider":
        OIDCConnection.objects.update(enabled=True, everybody=kind == "learner")
    else:
        setattr(person, privilege, True)
    person.save()
    before = everybody()
    body = {"uid": INSIDE[kind], "first_name": "Other", "last_name": "Name", "email": "other@x.org"}
    answer = sent(client, method, url, kind, INSIDE[kind], body)
    assert answer.status_code == (201 if method == "post" else 200)
    assert everybody() == before


@each_kind
@pytest.mark.parametrize("trusted", [False, True])
def test_global_administrator_is_linked_but_never_edited_and_masked_when_launched(trusted, kind, client, url, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(launcher_admin=trusted)
    root = world.home.person("root", is_staff=True)
    before = everybody()
    body = {"uid": "root", "first_name": "Other", "last_name": "Name", "email": "other@x.org"}
    for _ in range(2):
        answer = client.post(url(kind), body, format="json")
        assert (answer.status_code, answer.json()["id"], answer.json()["first_name"]) == (201, root.pk, "Root")
    assert everybody() == before
    assert LINKS[kind].objects.filter(course=world.home.course, **{kind: root.pk}).count() == 1
    made = client.post(f"/api/v2/vle/{world.home.vle.pk}/launcher/", {"vle_user_uid": "root"}).json()
    ticket = {"id": made["id"], "token": made["token"]}
    pair = APIClient().post("/api/v2/auth/token", ticket).json()
    launched = APIClient(HTTP_AUTHORIZATION=f"JWT {pair['access_token']}")
    profile = launched.get("/api/v2/auth/profile").json()
    assert (profile["is_admin"], profile["roles"], profile["login_allowed"]) == (False, [kind.upper()], False)
    assert [row["id"] for row in profile["institutions"]] == [world.home.institution.pk]
    assert launched.get("/api/v2/admin/user/").status_code == 403
    assert launched.get(f"/api/v2/institution/{world.away.institution.pk}/").status_code == 404
    own = {"password": "another-Horse-7-battery", "password2": "another-Horse-7-battery"}
    at = f"/api/v2/institution/{world.home.institution.pk}/user/{root.pk}/"
    assert launched.patch(at, own).status_code == 403


@each_kind
def test_global_administrators_are_locked_together_and_in_their_order(kind, world):
    """Whoever held one of them and then waits for the others would wait crosswise."""
    world.home.person("root", is_staff=True)
    with CaptureQueriesContext(connection) as captured:
        keys = {"course": world.home.course, "vle_id": world.home.vle.pk, "membership": MEMBERSHIPS[kind]}
        member_register(uid="root", by=BY, **keys)
    statements = [query["sql"] for query in captured if 'FROM "institutions_user"' in query["sql"]]
    others, of_person, *_ = (sql for sql in statements if '"uid_key" = ' in sql.partition("WHERE")[2])
    assert "NOT " in others  # somebody else would be locked by this
    assert "FOR UPDATE" not in of_person
    locking = [
        sql
        for sql in statements
        if "is_staff" in (where := sql.rpartition("WHERE")[2]) and " ASC" in sql and "LIMIT" not in where
    ]
    assert locking
    if connection.features.has_select_for_update:
        assert locking[0].endswith("ASC FOR UPDATE")


@each_kind
@pytest.mark.parametrize("method", ["put", "patch"])
def test_nobody_is_renamed(method, kind, client, url, world):
    plain(world, INSIDE[kind])
    before = everybody()
    for uid in ("brand-new", OUTSIDE[kind]):
        answer = sent(client, method, url, kind, INSIDE[kind], {"uid": uid, "first_name": "Other"})
        assert (answer.status_code, list(answer.json())) == (400, ["uid"])
    assert everybody() == before
    assert client.get(url(kind, INSIDE[kind])).status_code == 200


@each_kind
def test_delete_leaves_the_course_and_the_person_stays(kind, client, url, world):
    sister, name = Sister(world.home), INSIDE[kind]
    before = everybody()
    assert client.delete(url(kind, name)).status_code == 204
    assert client.delete(url(kind, name)).status_code == 404
    assert everybody() == before
    assert ROLES[kind].objects.filter(user=world.people[name]).exists()
    assert LINKS[kind].objects.filter(course=sister.course, **{kind: world.people[name].pk}).exists()
    if kind == "learner":
        assert SENDLearner.objects.filter(learner=world.people[name].pk).exists()


# What the institution keeps to itself.


@pytest.mark.parametrize(
    ("switch", "unknown", "no_role"),
    [
        (None, 201, 201),
        ("disable_vle_user_creation", 404, 201),
        ("disable_vle_KIND_creation", 404, 404),
        ("disable_vle_OTHER_creation", 201, 201),
    ],
)
@each_kind
def test_switches_of_the_institution(kind, switch, unknown, no_role, client, url, world):
    if switch:
        other = "instructor" if kind == "learner" else "learner"
        name = switch.replace("KIND", kind).replace("OTHER", other)
        Institution.objects.filter(pk=world.home.institution.pk).update(**{name: True})
    before = everybody()
    assert client.post(url(kind), {"uid": "member"}, format="json").status_code == no_role
    assert ROLES[kind].objects.filter(user=world.people["member"].pk).exists() == (no_role == 201)
    answer = client.post(url(kind), PERSON, format="json")
    assert answer.status_code == unknown
    if unknown == 404:
        assert list(answer.json()) == ["detail"]
        assert client.post(url(kind), {"uid": "new@x.org"}, format="json").status_code == 404  # nothing is asked for
        assert everybody() == before
    for name in (INSIDE[kind], OUTSIDE[kind]):
        assert client.post(url(kind), {"uid": name}, format="json").status_code == 201


@each_kind
def test_switches_of_another_institution_do_not_matter(kind, client, url, world):
    switches = dict.fromkeys([*SWITCH.values(), "disable_vle_user_creation"], True)
    Institution.objects.filter(pk=world.away.institution.pk).update(**switches)
    assert client.post(url(kind), PERSON, format="json").status_code == 201


@each_kind
def test_mail_domains_hold_for_vles(kind, client, url, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(mail_domain="@x.org")
    plain(world, INSIDE[kind])
    for address in ("new@notx.org", "new@x.org.evil.com", "new@sub.x.org"):
        answer = client.post(url(kind), PERSON | {"email": address}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, ["email"])
        answer = client.patch(url(kind, INSIDE[kind]), {"email": address}, format="json")
        assert (answer.status_code, list(answer.json())) == (400, ["email"])
    assert client.post(url(kind), PERSON | {"email": "new@X.org"}, format="json").status_code == 201
    # Who is there stays linked, whatever the address was before.
    assert client.post(url(kind), {"uid": INSIDE[kind], "first_name": "Other"}, format="json").status_code == 201


# Races.


@pytest.fixture
def faster(world):
    """Somebody else makes the same person just after the last look, without regard to rights, that found nobody."""
    twin = User(institution=world.home.institution, uid=PERSON["uid"], username="first", email=PERSON["email"])
    twin.set_unusable_password()

    def look(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        looked = sql.startswith("SELECT") and PERSON["uid"] in params
        if twin.pk is None and looked and "is_staff" not in sql.rpartition("WHERE")[2]:
            twin.save()
        return result

    with connection.execute_wrapper(look):
        yield twin


@each_kind
def test_of_two_who_tell_of_the_same_person_at_once_the_second_links_it(kind, client, url, faster):
    answer = client.post(url(kind), PERSON, format="json")
    assert (answer.status_code, answer.json()["id"]) == (201, faster.pk)
    assert User.objects.filter(uid=PERSON["uid"]).count() == 1
    assert answer.json()["first_name"] == "New"


def test_service_makes_nobody_without_the_data(world):
    keys = {"course": world.home.course, "vle_id": world.home.vle.pk, "membership": LEARNERS}
    member = member_register(by=BY, **keys, **PERSON)
    assert member.user.username == "new@x.org"
    assert member.courses.get() == world.home.course


# What is read.


def test_consent_needs_and_enrolment_of_learners(client, url, world):
    rows = {row["uid"]: row for row in client.get(url("learner")).json()["results"]}
    assert rows["ann"]["send"]["is_send"] is True
    assert rows["bob"]["send"]["is_send"] is False
    assert (rows["bob"]["consent"], rows["bob"]["ic_status"]) == (None, "NOT_VALID_MISSING")
    bob = Learner.objects.get(user=world.people["bob"])
    bob.consent = world.home.newer_consent
    bob.save()
    learner = client.get(f"{url('learner')}?uid=bob").json()["results"][0]
    assert (learner["consent"], learner["ic_status"]) == ({"version": "2.0.0", "status": "VALID"}, "VALID")
    assert learner["learner_id"] == str(bob.learner_id)
    Institution.objects.filter(pk=world.home.institution.pk).update(external_ic=True)
    assert client.get(url("learner", "bob")).json()["ic_status"] == "VALID_EXTERNAL"


# The same person under another name.


def merged(as_, world, kept: str, gone: str) -> None:
    home = f"/api/v2/institution/{world.home.institution.pk}/"
    kept_id, gone_id = (world.home.people[name].pk for name in (kept, gone))
    assert as_("admin").post(f"{home}user/{kept_id}/merge/", {"from": gone_id}).status_code == 200


@pytest.mark.parametrize("is_merged", [True, False])
def test_a_uid_that_the_vle_knows_goes_on_to_mean_the_person(is_merged, as_, client, url, world):
    """Of a merged account, or the e-mail address of who was imported with another uid: the exam is not locked."""
    mail = "new@home.example.org"
    imported = world.home.learner("sis1").user
    User.objects.filter(pk=imported.pk).update(login_allowed=False, password="!")
    rewritten(User.objects.filter(pk=imported.pk), email=None if is_merged else mail)
    if is_merged:
        world.home.person("plugin", login_allowed=False)
        rewritten(User.objects.filter(pk=world.home.people["plugin"].pk), uid=mail, email=mail)
        merged(as_, world, "sis1", "plugin")
    body = {"uid": mail.title(), "email": mail, "first_name": "New"}
    first = client.post(url("learner"), body)
    assert (first.status_code, first.json()["id"], first.json()["uid"]) == (201, imported.pk, "sis1")
    assert client.post(url("learner"), body | {"email": mail.upper()}).json()["id"] == imported.pk
    assert client.put(url("learner", "sis1"), body).json()["uid"] == "sis1"
    found = client.get(url("learner"), {"uid": mail}).json()
    assert (found["count"], found["results"][0]["id"]) == (1, imported.pk)
    launched = client.post(f"/api/v2/vle/{world.home.vle.pk}/launcher/", {"vle_user_uid": mail})
    assert launched.status_code == 200
    assert learner_locked_of(world.home.institution.pk, mail).pk == imported.pk
    assert [row.pk for row in User.objects.filter(email=mail)] == [imported.pk]
    # A uid that somebody has means this one, whatever others are called.
    rewritten(User.objects.filter(pk=world.home.people["eve"].pk), uid=mail)
    assert client.post(url("learner"), {"uid": mail}).json()["id"] == world.home.people["eve"].pk


def test_who_is_found_by_the_address_keeps_it(client, url, world):
    eve = world.home.people["eve"]
    User.objects.filter(pk=eve.pk).update(login_allowed=False, password="!")
    answer = client.post(url("learner"), {"uid": eve.email, "email": "x@home.example.org", "first_name": "E"})
    assert (answer.status_code, answer.json()["email"], answer.json()["first_name"]) == (201, eve.email, "E")


def test_a_former_uid_goes_with_the_account(as_, client, url, world):
    world.home.person("old", login_allowed=False)
    merged(as_, world, "eve", "old")
    assert client.post(url("learner"), {"uid": "old"}).json()["uid"] == "eve"
    home, people = f"/api/v2/institution/{world.home.institution.pk}/", User.objects.count()
    answer = as_("admin").post(f"{home}learner/", {"uid": "OLD", "email": "old@home.example.org"})
    assert answer.json() == {
        "uid": ["The person with this uid already has the role of learner and is known as eve now."]
    }
    answer = as_("admin").post(f"{home}instructor/", {"uid": "OLD", "email": "old@home.example.org"})
    assert (answer.status_code, answer.json()["uid"]) == (201, "eve")
    assert User.objects.count() == people
    assert as_("admin").delete(f"{home}user/{world.home.people['eve'].pk}/").status_code == 204
    assert not FormerUid.objects.exists()


def test_vles_go_on_to_name_whom_an_administrator_has_renamed(as_, client, url, world):
    home, eve = f"/api/v2/institution/{world.home.institution.pk}/user/", world.home.people["eve"]
    CourseLearner.objects.get_or_create(
        institution=world.home.institution, course=world.home.course, learner_id=eve.pk, defaults={"added_by": "vle"}
    )
    for uid in ("eva", "eva-2", "EVA-2"):
        assert as_("admin").patch(f"{home}{eve.pk}/", {"uid": uid}).status_code == 200
        assert client.post(url("learner"), {"uid": "eve"}).json()["id"] == eve.pk
    assert [*FormerUid.objects.order_by("pk").values_list("uid_key", "person")] == [("eve", eve.pk), ("eva", eve.pk)]
    assert as_("admin").patch(f"{home}{eve.pk}/", {"uid": "eva"}).status_code == 200
    assert {*FormerUid.objects.values_list("uid_key", flat=True)} == {"eve", "eva-2"}
    path = f"{home}{eve.pk}/former_uids/"
    assert as_("admin").get(path).json() == {"former_uids": ["eve", "eva-2"]}
    assert as_("eve").get("/api/v2/me/held/").json()["account"]["former_uids"] == ["eve", "eva-2"]
    Institution.objects.update(launcher_admin=True)
    assert client_of(world.people["admin"], "launched").delete(f"{path}?uid=eve").status_code == 403
    assert [as_("admin").delete(f"{path}?uid=EVE").status_code for _ in range(2)] == [204, 404]
    assert as_("admin").get(path).json() == {"former_uids": ["eva-2"]}
    assert Line.objects.filter(verb="erase", resource="institution/user", person_id=eve.pk).exists()
    member = world.home.people["member"]  # in no course: no VLE sends the uid
    assert as_("admin").patch(f"{home}{member.pk}/", {"uid": "other"}).status_code == 200
    assert not FormerUid.objects.filter(person=member).exists()
