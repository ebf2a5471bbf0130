"""Defects of an earlier implementation of this API that must be impossible here, each described above its tests.

Others are described at the tests of their resource. Two need no test of their own: a minimum over truth values, which
PostgreSQL refuses and which made it fail on the details of learners, is read by test_operations.py on both databases;
several hundred statements for a page are kept away by test_budgets.py.
"""

import json

import pytest
from django.db import connection
from django.urls import set_script_prefix
from django.utils import timezone

from institutions.models import VLE, InformedConsent, Institution, User
from learners.models import ConsentDecision, Learner
from tests.contract.calls import BASE, CALLS, body_of, request, send, url_of
from tests.world import PAST, rewritten

WRITES = [operation for operation, call in CALLS.items() if call.method != "get"]


def stored() -> str:
    """All texts of all tables."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            texts += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(texts)


# A uid, unique in its institution only, was looked up in all of them: the wrong account, or 500.


def test_same_uid_in_two_institutions_is_two_people(caller, world):
    """Home and away have the same uids throughout."""
    assert world.home.people["ann"].uid == world.away.people["ann"].uid
    body = caller("admin").get(f"{url_of(CALLS['learner.list'], world)}?uid=ann").json()
    assert [row["id"] for row in body["results"]] == [world.home.people["ann"].pk]
    answer = request(
        caller("admin"), "post", url_of(CALLS["learner.create"], world), {"uid": "ann", "email": "x@example.org"}
    )
    assert (answer.status_code, list(answer.json())) == (400, ["uid"])


# Passwords stood in the database in clear.


def test_no_password_is_stored_in_clear(caller, world):
    secret = "a-Long-9-secret-battery"
    body = CALLS["user.create"].body | {"password": secret, "password2": secret}
    created = request(caller("admin"), "post", url_of(CALLS["user.create"], world), body)
    assert created.status_code == 201
    assert secret not in created.content.decode()
    assert secret not in stored()
    without = request(
        caller("admin"), "post", url_of(CALLS["learner.create"], world), CALLS["learner.create"].body | {"uid": "n2"}
    )
    assert without.status_code in (201, 400)
    assert not User.objects.get(pk=world.people["bob"].pk).check_password("")


# A data administrator could give the right of an administrator to anybody, itself included, and delete administrators;
# the last one could go.

FLAGS = ("inst_admin", "legal_admin", "send_admin", "data_admin")


@pytest.mark.parametrize("flag", [*FLAGS, "login_allowed", "is_staff", "is_active"])
@pytest.mark.parametrize("operation", ["user.patch", "learner.patch"])
@pytest.mark.parametrize("target", ["data", "bob"])
def test_data_admin_raises_neither_itself_nor_others(target, operation, flag, caller, world):
    person = world.people[target]
    if target == "data" and operation == "learner.patch":
        Learner.objects.create(user=person, institution=world.home.institution)
    url = url_of(CALLS[operation], world, ann=person.pk)
    User.objects.filter(pk=world.people["bob"].pk).update(login_allowed=False)
    before = User.objects.filter(pk=person.pk).values(*FLAGS, "login_allowed", "is_staff", "is_active").get()
    request(caller("data"), "patch", url, {flag: not before[flag]})
    after = User.objects.filter(pk=person.pk).values(*FLAGS, "login_allowed", "is_staff", "is_active").get()
    assert after == before


def test_data_admin_neither_creates_nor_deletes_administrators(caller, world):
    assert send(caller("data"), CALLS["user.create"], world).status_code == 403
    for who in ("admin", "legal", "send", "data"):
        url = url_of(CALLS["user.delete"], world, ann=world.people[who].pk)
        assert request(caller("data"), "delete", url).status_code == 403
    assert User.objects.filter(institution=world.home.institution).count() == 10


@pytest.mark.parametrize(
    ("method", "body"),
    [("patch", {"inst_admin": False}), ("patch", {"login_allowed": False}), ("delete", None)],
)
def test_last_administrator_stays(method, body, caller, world):
    """By another administrator who may not sign in with a password, and so does not count."""
    User.objects.filter(pk=world.people["legal"].pk).update(inst_admin=True)
    client = caller("legal")
    url = url_of(CALLS["user.patch"], world, ann=world.people["admin"].pk)
    root = User.objects.filter(pk=world.people["legal"].pk)
    root.update(is_staff=True, login_allowed=False)
    assert request(client, method, url, body).status_code == 409
    person = User.objects.get(pk=world.people["admin"].pk)
    assert person.inst_admin
    assert person.login_allowed
    root.update(login_allowed=True)
    assert request(client, method, url, body).status_code in (200, 204)


# Every member could read every learner's enrolment. Instructors saw an empty list of learners. Members could not list
# their own institution.


@pytest.mark.parametrize("who", ["member", "send", "global"])
def test_enrolment_status_is_not_for_every_member(who, caller, world):
    assert send(caller(who), CALLS["learner.enrolment"], world).status_code == 403


def test_learner_and_strange_teacher_read_no_enrolment_of_others(caller, world):
    for who in ("bob", "eve", "visitor"):
        assert send(caller(who), CALLS["learner.enrolment"], world).status_code == 404


def test_teacher_lists_the_learners_of_the_own_courses(caller, world):
    rows = send(caller("teacher"), CALLS["learner.list"], world).json()["results"]
    assert [row["uid"] for row in rows] == ["ann", "bob"]


def test_members_list_their_institution(caller, world):
    body = send(caller("ann"), CALLS["institution.list"], world).json()
    assert [row["id"] for row in body["results"]] == [world.home.institution.pk]


# The LTI secret could be read for ever; credentials were never replaced, and outlived their VLE.


def test_lti_secret_and_role_secret_are_answered_once_and_never_stored_in_clear(caller, world):
    created = send(caller("admin"), CALLS["vle.create"], world).json()
    issued = created["credentials"]
    assert {"role_id", "secret_id", "consumer_key", "consumer_secret", "api_url"} <= set(issued)
    url = f"{url_of(CALLS['vle.list'], world)}{created['id']}/"
    later = [
        caller("admin").get(url),
        caller("global").get(url),
        caller("admin").get(url_of(CALLS["vle.list"], world)),
        request(caller("admin"), "patch", url, {"client_id": "x"}),
        request(caller("admin"), "put", url, {"type": 0, "name": "Other"}),
    ]
    for answer in later:
        for secret in ("secret_id", "consumer_secret"):
            assert issued[secret] not in answer.content.decode()
        row = answer.json()
        assert [vle["credentials"] for vle in row.get("results", [row])] in ([None], [None, None])
    for secret in ("secret_id", "consumer_secret"):
        assert issued[secret] not in stored()


def test_deleted_vle_has_no_credentials_left(caller, world):
    client = caller("vle")
    assert request(client, "get", BASE).status_code == 403
    assert send(caller("admin"), CALLS["vle.delete"], world).status_code == 204
    assert request(client, "get", BASE).status_code == 401


# mail_domain was compared as an ending, with case: evil-uni.org passed for uni.org. People were not checked at all.

LOOK_ALIKES = ["a@evil-uni.org", "a@uni.org.evil.com", "a@xuni.org", "a@sub.uni.org", "a@uni.or", "a@uni.orgx"]


@pytest.mark.parametrize(
    ("operation", "method"), [("user.create", "post"), ("instructor.create", "post"), ("learner.create", "post")]
)
@pytest.mark.parametrize("declared", ["uni.org", "@UNI.org", ".uni.org", "other.org, uni.org", "other.org;uni.org"])
def test_mail_domain_is_compared_whole_and_without_case(declared, operation, method, caller, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(mail_domain=declared)
    client, url = caller("admin"), url_of(CALLS[operation], world)
    body = {"uid": "n1", "username": "n1"}
    for email in LOOK_ALIKES:
        answer = request(client, method, url, body | {"email": email})
        assert (answer.status_code, list(answer.json())) == (400, ["email"]), email
    assert request(client, method, url, body | {"email": "a@Uni.ORG"}).status_code == 201


# The HTML of consents was stored as it came, and so was any file.


def test_html_of_consents_is_cleaned_when_stored(caller, world):
    html = '<p onclick="x()">Yes<script>alert(1)</script><a href="javascript:x()">no</a><img src=x onerror=y></p>'
    for operation in ("document.create", "document.put", "document.patch"):
        body = {"language": CALLS[operation].body.get("language", "en"), "html": html}
        answer = request(caller("admin"), CALLS[operation].method, url_of(CALLS[operation], world), body)
        assert answer.status_code in (200, 201), answer.content
        for evil in ("script", "onclick", "javascript", "onerror"):
            assert evil not in answer.json()["html"]
        assert "Yes" in answer.json()["html"]
    assert "alert(1)" not in stored()


@pytest.mark.parametrize("content", [b"<html></html>", b"MZ\x90\x00", b"", b"%PDX-1.4"])
def test_pdf_is_known_by_its_content(content, caller, world):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("consent.pdf", content, content_type="application/pdf")
    answer = caller("admin").post(
        url_of(CALLS["document.list"], world), {"language": "ca", "pdf": file}, format="multipart"
    )
    assert (answer.status_code, list(answer.json())) == (400, ["pdf"])


# Rights were found in the text of the URL: below a prefix of the server they were others.


def test_rights_do_not_hang_on_the_text_of_the_url(caller, world):
    """Behind a prefix of the server every answer is the same."""
    for operation, who in (
        ("learner.read", "ann"),
        ("learner.accept", "ann"),
        ("course.read", "teacher"),
        ("instructor.read", "teacher"),
        ("vle.list", "admin"),
    ):
        try:
            answer = send(caller(who), CALLS[operation], world, SCRIPT_NAME="/prefix/learner/1")
        finally:
            set_script_prefix("/")
        assert answer.status_code in (200, 201)
    for operation, who in (("learner.read", "bob"), ("course.read", "visitor")):
        try:
            answer = send(caller(who), CALLS[operation], world, SCRIPT_NAME=f"/learner/{world.people['bob'].pk}")
        finally:
            set_script_prefix("/")
        assert answer.status_code == 404


# A consent could be changed and deleted after it was accepted, obsolete and future versions could be accepted, and
# nobody could tell later who had accepted which text, when, in which language and from where.


def test_accepted_consent_is_frozen_with_its_documents(caller, world):
    assert send(caller("ann"), CALLS["learner.accept"], world).status_code == 201
    frozen = {"ic": world.home.newer_consent.pk}
    client = caller("admin")
    added = request(client, "post", url_of(CALLS["document.create"], world, **frozen), CALLS["document.create"].body)
    assert added.status_code == 201  # a further language takes nothing back
    for operation, change in (
        ("ic.put", CALLS["ic.put"].body), ("ic.patch", {"valid_from": "2021-01-01T00:00:00Z"}), ("ic.delete", None),
        ("document.put", {"language": "ca", "html": "<p>No.</p>"}), ("document.patch", {"html": ""}),
        ("document.delete", None),
    ):  # fmt: skip
        url = url_of(CALLS[operation], world, **frozen).replace("/en/", "/ca/")
        assert request(client, CALLS[operation].method, url, change).status_code == 409, operation
    same = client.get(url_of(CALLS["ic.read"], world, **frozen)).json()
    assert request(client, "put", url_of(CALLS["ic.put"], world, **frozen), same).status_code == 200


def test_every_decision_is_recorded_and_none_is_changed(caller, world):
    for operation in ("learner.accept", "learner.reject", "learner.accept"):
        request(caller("ann"), CALLS[operation].method, url_of(CALLS[operation], world), CALLS[operation].body)
    recorded = ConsentDecision.objects.exclude(at=PAST).order_by("pk")
    records = list(recorded.values_list("decision", "version", "learner_id", "address"))
    learner_id = world.home.learners["ann"].learner_id
    assert records == [(word, "2.0.0", learner_id, "127.0.0.1") for word in ("accepted", "rejected", "accepted")]
    with pytest.raises(TypeError):
        ConsentDecision.objects.update(decision="rejected")
    with pytest.raises(TypeError):
        ConsentDecision.objects.first().save()


@pytest.mark.parametrize(("version", "status"), [("1.0.0", 400), ("9.9.9", 404), ("3.0.0", 400), ("", 400)])
def test_only_the_current_consent_is_accepted(version, status, caller, world):
    InformedConsent.objects.create(
        institution=world.home.institution, version="3.0.0", major=3, minor=0, patch=0,
        valid_from=timezone.now() + timezone.timedelta(days=1),
    )  # fmt: skip
    answer = request(caller("ann"), "post", url_of(CALLS["learner.accept"], world), {"version": version})
    assert answer.status_code == status
    assert not ConsentDecision.objects.exclude(at=PAST).exists()


# 500: people without password, names or e-mail; a second instructor, since all had the user name ""; a change of a
# learner without e-mail in the body; a user name that somebody has.


def test_people_are_created_without_password_names_and_email(caller, world):
    client = caller("admin")
    for operation, body in (
        ("user.create", {"username": "n1", "uid": "n1"}),
        ("instructor.create", {"uid": "n2"}),
        ("instructor.create", {"uid": "n3"}),
    ):
        answer = request(client, "post", url_of(CALLS[operation], world), body)
        assert answer.status_code == 201, answer.content
        row = answer.json()
        assert (row["first_name"], row["last_name"], row["email"]) == ("", "", "")
        assert not User.objects.get(pk=row["id"]).has_usable_password()
    put = {"username": "n1", "uid": "n1"}
    created = User.objects.get(username="n1")
    assert request(client, "put", url_of(CALLS["user.put"], world, ann=created.pk), put).status_code == 200


def test_learner_is_changed_without_an_email_in_the_body(caller, world):
    answer = request(caller("admin"), "patch", url_of(CALLS["learner.patch"], world), {"first_name": "Anna"})
    assert (answer.status_code, answer.json()["email"]) == (200, "ann@home.example.org")


def test_username_collision_is_no_error(caller, world):
    """Somebody has the e-mail's text as username, somebody else the made one."""
    for number, username in enumerate(("new@example.org", "HOME-n1")):
        User.objects.create(username=username, uid=f"u{number}", institution=world.home.institution)
    answer = send(caller("admin"), CALLS["learner.create"], world)
    assert (answer.status_code, answer.json()["username"]) == (201, "HOME-n1-2")


# Who was both learner and instructor could not be deleted: 500.


def test_person_of_two_roles_loses_one_at_a_time(caller, world):
    world.home.teach("ann", world.home.course)
    url = url_of(CALLS["instructor.delete"], world, teacher=world.people["ann"].pk)
    assert request(caller("admin"), "delete", url).status_code == 204
    assert request(caller("admin"), "get", url).status_code == 404
    assert send(caller("admin"), CALLS["learner.read"], world).status_code == 200
    world.home.teach("ann", world.home.course)
    assert send(caller("admin"), CALLS["learner.delete"], world).status_code == 204
    assert request(caller("admin"), "get", url).status_code == 200


# 500: a second document in a language; consents, learners or activities that are not there; what is no number.


def test_duplicate_language_is_400_on_post_and_put(caller, world):
    client = caller("admin")
    for language in ("en", "EN"):
        answer = request(client, "post", url_of(CALLS["document.create"], world), {"language": language})
        assert (answer.status_code, list(answer.json())) == (400, ["language"])
    assert send(client, CALLS["document.create"], world).status_code == 201
    answer = request(client, "put", url_of(CALLS["document.put"], world), {"language": "ca"})
    assert (answer.status_code, list(answer.json())) == (400, ["language"])


def test_duplicate_version_is_400_however_it_is_written(caller, world):
    for version in ("1.0.0", "01.0.0", " 1.0.0 ", "2.0.00"):
        answer = request(
            caller("admin"), "post", url_of(CALLS["ic.create"], world), CALLS["ic.create"].body | {"version": version}
        )
        assert answer.status_code == 400, version


NO_VERSIONS = ["-1.0.0", "1.-1.0", "1.0", "1.0.0.0", "a.b.c", "", "1..0", "1.\n0.0", "9" * 300, "٣.0.0"]


@pytest.mark.parametrize("version", NO_VERSIONS)
def test_version_that_is_none_is_400(version, caller, world):
    for operation in ("ic.create", "ic.put", "ic.patch"):
        body = CALLS["ic.create"].body | {"version": version}
        answer = request(caller("admin"), CALLS[operation].method, url_of(CALLS[operation], world), body)
        assert (answer.status_code, list(answer.json())) == (400, ["version"])


@pytest.mark.parametrize(
    ("value", "status"),
    [("abc", 400), ("", 400), ("1.5", 400), ("null", 400), ("987654321", 404), ("9" * 30, 404), ("0", 404)],
)
def test_enrolment_of_what_is_no_activity(value, status, caller, world):
    answer = caller("admin").get(f"{url_of(CALLS['learner.enrolment'], world)}?activity_id={value}")
    assert answer.status_code == status


def test_enrolment_of_another_institutions_activity_is_404(caller, world):
    url = url_of(CALLS["learner.enrolment"], world)
    assert caller("admin").get(f"{url}?activity_id={world.home.activity.pk}").status_code == 200
    assert caller("admin").get(f"{url}?activity_id={world.away.activity.pk}").status_code == 404


# Wrong types in every key of every body: 400 under the key or ignored, never 500.

NONSENSE = [
    None, True, 0, -1, 1.5, 2**70, "", " ", "\x00", "a\x00b", "\x1b[31m", "a\nb", [], [1], {}, {"a": {"b": [1]}},
    "x" * 5000, "\U0001f600" * 200, "\U0001f4a5",
]  # fmt: skip
BODIES = {
    "institution.patch": "external_ic mail_domain disable_vle_user_creation",
    "vle.create": "type name url client_id",
    "vle.patch": "type name url client_id",
    "vle.credentials": "overlap_minutes close_sessions",
    "ic.create": "version valid_from",
    "ic.patch": "version valid_from",
    "document.create": "language html pdf",
    "document.patch": "language html pdf",
    "user.create": "username uid email first_name last_name locale inst_admin login_allowed password password2 "
    "current_password",
    "user.patch": "username uid email first_name last_name locale inst_admin login_allowed password password2 "
    "current_password",
    "instructor.create": "uid email first_name last_name locale inst_admin",
    "instructor.patch": "uid email first_name last_name locale inst_admin",
    "learner.create": "uid email first_name last_name locale inst_admin",
    "learner.patch": "uid email first_name last_name locale inst_admin",
    "learner.accept": "version consent language",
}
# Besides the key itself: what is no JSON, what is already taken by the round before, what goes with the key.
BLAMED = {"detail", "non_field_errors", "password2", "uid", "email", "version", "username", "language"}
KEYS = [(operation, key) for operation, names in BODIES.items() for key in names.split()]


@pytest.mark.parametrize(("operation", "key"), KEYS, ids=[f"{n}-{k}" for n, k in KEYS])
def test_nonsense_in_a_body_is_400_under_its_key_or_harmless(operation, key, caller, world):
    client = caller("ann" if operation == "learner.accept" else "admin")
    call = CALLS[operation]
    for n, value in enumerate(NONSENSE):
        fresh = {name: f"{text}{n}" for name, text in call.body.items() if name in ("username", "name")}
        body = call.body | fresh | {key: value}
        text = json.dumps(body)
        if n == len(NONSENSE) - 1:
            text = text.replace("\\udca5", "")  # half of a pair
        answer = getattr(client, call.method)(url_of(call, world), text, content_type="application/json")
        assert answer.status_code in (200, 201, 400, 404, 409), (value, answer.content)
        if answer.status_code == 400:
            assert {key, *BLAMED} & set(answer.json()), value
    for control in ("a\x00b", "\x1b", "a\x7f", "a\x85b"):
        body = call.body | {key: control}
        answer = request(client, call.method, url_of(call, world), body)
        assert answer.status_code in (400, 404) or key == "locale", control


# Whatever failed was answered in plain text, with the stack on the standard output.


def test_server_error_is_json_without_a_trace(caller, world, monkeypatch, capsys):
    from institutions.api.vle import VLEViewSet

    def broken(self, *args, **kwargs):
        raise RuntimeError("hidden words")

    monkeypatch.setattr(VLEViewSet, "read", broken)
    client = caller("admin")
    client.raise_request_exception = False
    answer = send(client, CALLS["vle.list"], world)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
    assert answer.json() == {"detail": "Server error."}
    assert "hidden words" not in capsys.readouterr().out


# Lengths were not checked where a field was declared again, e-mails were unique with case, versions could be negative,
# and any text was a language.

LONG = [
    ("vle.create", "name", 250),
    ("vle.create", "client_id", 250),
    ("user.create", "username", 150),
    ("user.create", "first_name", 150),
    ("user.create", "last_name", 150),
    ("user.create", "uid", 255),
    ("instructor.create", "uid", 255),
    ("instructor.create", "first_name", 150),
    ("learner.create", "uid", 255),
    ("learner.create", "last_name", 150),
]


@pytest.mark.parametrize(("operation", "key", "longest"), LONG, ids=[f"{n}-{k}" for n, k, _ in LONG])
def test_lengths_are_checked(operation, key, longest, caller, world):
    call = CALLS[operation]
    answer = request(caller("admin"), "post", url_of(call, world), call.body | {key: "x" * (longest + 1)})
    assert (answer.status_code, list(answer.json())) == (400, [key])
    answer = request(caller("admin"), "post", url_of(call, world), call.body | {key: "x" * longest})
    assert answer.status_code == 201
    assert answer.json()[key] == "x" * longest


def test_email_is_unique_ignoring_case_in_the_institution(caller, world):
    for number, operation in enumerate(("user.create", "instructor.create", "learner.create")):
        rewritten(User.objects.filter(institution=world.away.institution, uid="bob"), email=f"bob{number}@x.org")
        for email, status in (("BOB@home.example.org", 400), (f"Bob{number}@X.org", 201)):
            body = CALLS[operation].body | {"email": email}
            answer = request(caller("admin"), "post", url_of(CALLS[operation], world), body)
            assert (answer.status_code, status == 201 or [*answer.json()]) == (status, status == 201 or ["email"])
            if status == 201:
                User.objects.filter(institution=world.home.institution, email=email).delete()


@pytest.mark.parametrize(
    ("locale", "stored"),
    [
        ("ca_valencia", "ca"), ("sr@latin", "sr"), ("en_", "en"), ("en-\n", "en"), ("", None), ("e", None),
        ("english language", None), ("1", None), ("x" * 11, None), ("../../x", None), ("\x00", None), (7, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["user.patch", "instructor.patch", "learner.patch", "admin_user.patch"])
def test_what_is_no_locale_keeps_nobody_out_and_is_not_stored(operation, locale, stored, caller, world):
    call = CALLS[operation]
    answer = request(caller(call.by), "patch", url_of(call, world), {"locale": locale})
    assert (answer.status_code, answer.json()["locale"]) == (200, stored)


@pytest.mark.parametrize("operation", ["user.create", "instructor.create", "learner.create", "admin_user.create"])
def test_who_is_new_may_have_a_locale_that_is_none(operation, caller, world):
    call = CALLS[operation]
    answer = request(caller(call.by), "post", url_of(call, world), body_of(call, world) | {"locale": "ca_valencia"})
    assert (answer.status_code, answer.json()["locale"]) == (201, "ca")


# PUT set to its default what it left out.

PUTS = {
    "institution.put": {},
    "vle.put": {"type": 0, "name": "Moodle"},
    "ic.put": {"version": "1.0.0", "valid_from": "2020-01-01T00:00:00Z"},
    "document.put": {"language": "en"},
    "user.put": {"username": "home-ann", "uid": "ann"},
    "instructor.put": {"uid": "teacher"},
    "learner.put": {"uid": "ann", "email": "ann@home.example.org"},
}


@pytest.mark.parametrize("operation", list(PUTS))
def test_put_resets_nothing_that_it_leaves_out(operation, caller, world):
    """Every other column holds something that a default would not be."""
    people = User.objects.filter(institution=world.home.institution)
    rewritten(people, locale="ca", first_name="First", last_name="Last", **dict.fromkeys(FLAGS, True))
    rewritten(VLE.objects.filter(pk=world.home.vle.pk), client_id="client")
    Institution.objects.filter(pk=world.home.institution.pk).update(
        external_ic=True, mail_domain="home.example.org", allow_valid_audit=True, disable_vle_user_creation=True,
        allowed_domains="a.org",
    )  # fmt: skip
    url, client = url_of(CALLS[operation], world), caller("admin")
    before = client.get(url).json()
    answer = request(client, "put", url, PUTS[operation])
    assert answer.status_code == 200, answer.content
    after = client.get(url).json()
    for row in (before, after, answer.json()):
        row.pop("updated_at", None)
    assert after == before == answer.json()


# The current consent and special needs came from a cache of 24 hours: a deleted consent was still current, a new one
# came a day late.


def test_current_consent_is_exact_at_every_moment(caller, world):
    def current():
        return [row["version"] for row in send(caller("ann"), CALLS["ic.current"], world).json()["results"]]

    def status():
        return send(caller("ann"), CALLS["learner.read"], world).json()["ic_status"]

    assert current() == ["2.0.0"]
    send(caller("ann"), CALLS["learner.accept"], world)
    assert status() == "VALID"
    newest = InformedConsent.objects.create(
        institution=world.home.institution, version="3.0.0", major=3, minor=0, patch=0,
        valid_from=timezone.now() + timezone.timedelta(hours=1),
    )  # fmt: skip
    assert (current(), status()) == (["2.0.0"], "VALID")
    InformedConsent.objects.filter(pk=newest.pk).update(valid_from=timezone.now())
    assert (current(), status()) == (["3.0.0"], "NOT_VALID")
    url = url_of(CALLS["ic.delete"], world, ic=newest.pk)
    assert request(caller("admin"), "delete", url).status_code == 204
    assert (current(), status()) == (["2.0.0"], "VALID")
    Institution.objects.filter(pk=world.home.institution.pk).update(external_ic=True)
    assert status() == "VALID_EXTERNAL"


def test_lower_version_that_becomes_valid_later_replaces_nothing(caller, world):
    InformedConsent.objects.create(
        institution=world.home.institution, version="1.10.0", major=1, minor=10, patch=0, valid_from=timezone.now()
    )
    body = send(caller("admin"), CALLS["ic.current"], world).json()
    assert (body["count"], body["version"], body["results"][0]["version"]) == (1, "2.0.0", "2.0.0")


def test_page_of_the_current_consent_may_be_empty(caller, world):
    InformedConsent.objects.filter(institution=world.home.institution).update(
        valid_from=timezone.now() + timezone.timedelta(days=1)
    )
    url = url_of(CALLS["ic.current"], world)
    assert caller("admin").get(url).json() == {"count": 0, "next": None, "previous": None, "results": []}
    InformedConsent.objects.filter(institution=world.home.institution).update(valid_from=timezone.now())
    one = caller("admin").get(url).json()
    page = caller("admin").get(f"{url}?search=nothing&ordering=-id&limit=0&offset=5").json()
    assert page == one
    assert one["count"] == 1


def test_special_need_that_has_run_out_is_gone_at_once(caller, world):
    def send_of_ann():
        return send(caller("ann"), CALLS["learner.read"], world).json()["send"]

    options = {"enabled_options": ["big_fonts"], "disabled_instruments": [2]}
    assert send_of_ann() == {"is_send": True, "send": options}
    world.home.assignment.expires_at = timezone.now() - timezone.timedelta(seconds=1)
    world.home.assignment.save()
    assert send_of_ann() == {"is_send": False, "send": {"enabled_options": [], "disabled_instruments": []}}
