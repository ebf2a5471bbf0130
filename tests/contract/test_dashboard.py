"""What dashboards in the field ask of the service: their requests, and what they read in the answers.

docs/dashboards.md says how a dashboard is connected. The whole requests stand in tests/clients/requests/dashboard.
Signing in by launcher, the capture API and /admin/ have tests of their own; so have CORS (tests/kernel/test_cors.py)
and the two old shapes (tests/learners/test_legacy.py).
"""

import base64
import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import Activity, ActivityInstrument
from files.models import Kind
from files.services import file_store
from institutions.models import InformedConsent, Institution, Instrument, User
from learners.models import Learner
from signin.models import CallerSession
from tests.conftest import token_of
from tests.contract.calls import CALLS, ids_of
from tests.contract.document import documented
from tests.contract.filling import fill
from tests.files.conftest import PDF
from tests.world import PASSWORD, PAST

ANGULAR = "application/json, text/plain, */*"


@pytest.fixture
def at(world):
    """at("course/{course}/"): an address below the own institution."""
    return lambda path: f"/api/v2/institution/{world.home.institution.pk}/{path.format(**ids_of(world))}"


@pytest.fixture
def spa(world):
    """spa("admin"): a dashboard in which somebody is signed in. It says what it accepts, and nothing else."""

    def signed_in(name: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"JWT {token_of(world.people[name])}", HTTP_ACCEPT=ANGULAR)
        return client

    return signed_in


@pytest.fixture
def multipart(spa):
    """multipart("post", url, ("language", "ca"), ...): a form as browsers write it, of the administrator."""

    def sent(method: str, url: str, *parts: tuple[str, str | bytes]):
        lines = []
        for name, value in parts:
            file = '; filename="consent.pdf"\r\nContent-Type: application/pdf' if isinstance(value, bytes) else ""
            content = value if isinstance(value, bytes) else value.encode()
            lines += [b"--Web", f'Content-Disposition: form-data; name="{name}"{file}'.encode(), b"", content]
        body = b"\r\n".join([*lines, b"--Web--", b""])
        return spa("admin").generic(method.upper(), url, body, content_type="multipart/form-data; boundary=Web")

    return sent


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.content
    return answer.json()


def opened(link: str) -> bytes:
    """What stands at an address, asked without token."""
    answer = APIClient().get(link, HTTP_ACCEPT=ANGULAR)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def holds(row: dict, names: str) -> None:
    """Every name is a key of the row; `learner{uid}` also of the row in it, `detail[]{id}` of its rows, one or more."""
    for name, many, inner in re.findall(r"(\w+)(\[\])?(?:\{([^}]*)\})?", names):
        assert name in row, (name, row)
        for one in row[name] if many else [row[name]] * bool(inner):
            holds(one, inner)
        assert not many or row[name], name


# What is most likely to break.


def test_allowed_domains_is_a_text_in_every_institution_object(spa, at):
    for who in ("admin", "teacher", "ann", "member"):
        assert ok(spa(who).get(at("")))["allowed_domains"] == ""
    assert ok(spa("ann").get(at("learner/{ann}")))["institution"]["allowed_domains"] == ""
    assert ok(spa("ann").get(at("course/{course}/")))["vle"]["institution"]["allowed_domains"] == ""
    assert ok(spa("admin").patch(at(""), {"allowed_domains": "moodle.x.org,*.y.org"}))["allowed_domains"]


@pytest.mark.parametrize("path", ["course", "user", "ic", "send", "learner", "course/{course}/activity"])
def test_lists_are_asked_without_their_slash(path, spa, at):
    answer = spa("admin").get(at(path) + "?offset=0&limit=10")
    assert set(ok(answer)) == {"count", "next", "previous", "results"}


def test_a_learner_is_asked_without_the_slash_on_every_page(spa, at, world):
    assert ok(spa("ann").get(at("learner/{ann}")))["id"] == world.people["ann"].pk
    for who in ("member", "teacher", "admin"):  # plugin pages ask for everybody
        assert spa(who).get(at(f"learner/{world.people[who].pk}")).status_code in (403, 404)


def test_a_refused_refresh_is_403_whatever_the_header_says(world):
    for token in ({"access_token": "a", "refresh_token": "b"}, "x", {}, {"access_token": None, "refresh_token": None}):
        answer = APIClient().post(
            "/api/v2/auth/token/refresh", {"token": token}, HTTP_AUTHORIZATION="JWT expired.expired.expired"
        )
        assert answer.status_code == 403, token


# That what is written answers an object: test_operations.py.


def test_the_two_shapes_against_the_document_are_served_on_demand(spa, at, world, settings):
    settings.LEGACY_DASHBOARD = True
    for who in ("ann", "teacher", "admin", "member"):
        assert isinstance(ok(spa(who).get(at(f"learner/{world.people[who].pk}/enrolment/"))), list)
    ok(spa("ann").post(at("learner/{ann}/ic/"), {"version": "2.0.0"}), 201)
    holds(ok(spa("ann").delete(at("learner/{ann}/ic/"))), "id institution{id} ic_status")


def test_activities_of_a_person_name_their_course(spa, at, world):
    for who in ("ann", "teacher"):
        (row,) = ok(spa(who).get(at(f"user/{world.people[who].pk}/activities/")))["results"]
        assert row["course_id"] == row["course"]["id"] == world.home.course.pk


def test_options_schema_is_an_object_in_the_list_and_a_text_in_an_activity(spa, at, world):
    (fr, ks) = (Instrument.objects.get(acronym=acronym) for acronym in ("fr", "ks"))
    listed = {row["id"]: row["options_schema"] for row in ok(spa("admin").get(at("instrument/")))["results"]}
    assert isinstance(listed[fr.pk], dict)
    assert listed[ks.pk] is None
    ActivityInstrument.objects.create(activity=world.home.activity, instrument=fr)
    tools = ok(spa("admin").get(at("course/{course}/activity/{activity}/instrument/")))["results"]
    shown = {row["instrument"]["acronym"]: row["instrument"]["options_schema"] for row in tools}
    assert json.loads(shown["fr"]) == listed[fr.pk]
    assert shown["ks"] is None


def test_options_are_sent_as_text_or_object_and_answered_as_object(spa, at):
    tools, admin = at("course/{course}/activity/{activity}/instrument/"), spa("admin")
    body = {"options": '{"online":true}', "instrument_id": 1, "required": False, "active": True, "alternative_to": None}
    made = ok(admin.post(tools, body), 201)
    assert (made["options"], made["alternative_to"]) == ({"online": True}, None)
    body = {"active": True, "instrument_id": 1, "options": {"offline": True}, "required": True}
    assert ok(admin.put(f"{tools}{made['id']}/", body))["options"] == {"offline": True}


def test_a_put_without_alternative_to_keeps_it(spa, at):
    tools, admin = at("course/{course}/activity/{activity}/instrument/"), spa("admin")
    main = ok(admin.get(tools))["results"][0]["id"]
    body = {"options": "{}", "instrument_id": 1, "required": False, "active": True, "alternative_to": main}
    other = ok(admin.post(tools, body), 201)
    assert other["alternative_to"] == main
    off = ok(admin.put(f"{tools}{other['id']}/", {"active": False, "instrument_id": 1, "options": None}))
    assert (off["alternative_to"], off["active"], off["options"]) == (main, False, None)


def test_instruments_have_the_ids_that_dashboards_know(spa, at):
    rows = ok(spa("admin").get(at("instrument/")))["results"]
    assert {row["id"]: row["acronym"] for row in rows} == {1: "fr", 2: "ks", 3: "vr", 4: "fa", 5: "plag"}


def test_no_schema_uses_enum(spa, at):
    for row in ok(spa("admin").get(at("instrument/")))["results"]:
        assert "enum" not in json.dumps(row["options_schema"])
        for field in ((row["options_schema"] or {}).get("properties") or {}).values():
            assert (field["type"], "title" in field, "default" in field) == ("boolean", True, True)


def evidence(world, kind: Kind):
    home = world.home
    return file_store(
        institution=home.institution, owner=home.people["ann"], kind=kind, media_type="application/json",
        content=[b'{"sessions": [], "documents": []}'], extension="json",
    )  # fmt: skip


REPORT = "course/{course}/activity/{activity}/report/{report}/"


def test_a_report_carries_what_its_page_draws(spa, at, world):
    body = ok(spa("teacher").get(at(REPORT)))
    holds(
        body, "id learner{first_name last_name} identity_level content_level integrity_level data detail[]{instrument}"
    )
    (detail,) = body["detail"]
    assert (detail["instrument_acronym"], detail["instrument_id"]) == ("ks", 2)
    assert [len(detail[name]) for name in ("activity_histogram", "learner_histogram")] == [10, 10]
    assert detail["result_bean"] == 9
    assert isinstance(detail["facts"], dict)
    assert detail["instrument_polarity"] in (None, 1, -1)
    (document,) = (data := json.loads(opened(body["data"])))["documents"]
    assert (data["sessions"], document["instruments"]) == ([], [2])
    assert document["results"] == {"2": {"status": 1, "result": 0.9}}


def test_an_audit_is_an_address_or_null(spa, at, world):
    assert ok(spa("teacher").get(at(REPORT + "audit/{ks}/")))["audit_data"] is None
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_valid_audit=True)
    link = ok(spa("teacher").get(at(REPORT + "audit/{ks}/")))["audit_data"]
    assert opened(link)


def test_a_consents_pdf_is_opened_by_its_plain_name_and_without_token(multipart, at, spa):
    ok(multipart("post", at("ic/{ic}/document/"), ("language", "pt-BR"), ("pdf", PDF), ("html", "")), 201)
    links = [row["pdf"] for row in ok(spa("ann").get(at("ic/{ic}/document/")))["results"] if row["pdf"] is not None]
    assert [re.search(r"[0-9A-Za-z]+\.pdf$", link)[0] for link in links] == ["BR.pdf"]
    assert opened(links[0]) == PDF


def test_documents_are_forms_with_the_language_twice(multipart, at):
    parts = (("language", "ca"), ("pdf", PDF), ("html", ""), ("language", "ca"))
    made = ok(multipart("post", at("ic/{ic}/document/"), *parts), 201)
    assert (made["language"], made["html"]) == ("ca", "")
    changed = ok(multipart("put", at("ic/{ic}/document/ca/"), ("language", "ca"), ("html", "<p>Hi consento.</p>")))
    assert (changed["html"], changed["pdf"] is None) == ("<p>Hi consento.</p>", False)


def test_a_pdf_is_taken_away_by_json(multipart, at, spa):
    ok(multipart("post", at("ic/{ic}/document/"), ("language", "ca"), ("pdf", PDF), ("html", "x")), 201)
    body = ok(spa("admin").patch(at("ic/{ic}/document/ca/"), {"pdf": None}))
    assert (body["pdf"], body["html"]) == (None, "x")


@pytest.mark.parametrize("html", ["", "null"])
def test_a_document_that_nobody_touched_is_sent_too_and_stays(html, multipart, at, world):
    """Its text is null, which a form cannot say; and its consent may have been accepted."""
    world.home.document.html = None
    world.home.document.save()
    InformedConsent.objects.filter(pk=world.home.consent.pk).update(accepted_at=PAST)
    body = ok(multipart("put", at("ic/{ic}/document/en/"), ("language", "en"), ("html", html)))
    assert body["html"] is None


def test_disabled_instruments_are_sent_as_texts_and_echoed_as_given(spa, at):
    data = {"enabled_options": ["big_fonts"], "disabled_instruments": ["1", "5"]}
    made = ok(spa("admin").post(at("send/"), {"description": "low sight", "data": data}), 201)
    assert made["data"] == {"enabled_options": ["big_fonts"], "disabled_instruments": [1, 5]}
    assigned = {"category": made["id"], "description": made["description"], "data": made["data"]}
    ok(spa("admin").post(at("learner/{bob}/send/"), assigned), 201)
    assert ok(spa("bob").get(at("learner/{bob}")))["send"]["send"] == made["data"]


def test_a_person_has_no_institution_that_is_a_number(spa, at):
    row = ok(spa("admin").get(at("user/{ann}/")))
    assert not isinstance(row.get("institution"), int)


@pytest.mark.parametrize("who", ["global", "admin", "legal", "data", "send", "teacher", "ann", "member"])
def test_a_profile_has_its_three_lists(who, spa):
    body = ok(spa(who).get("/api/v2/auth/profile"))
    assert all(isinstance(body[name], list) for name in ("routes", "roles", "institutions"))


def test_the_next_page_of_activities_is_an_absolute_address(spa, at, world):
    fill(world, 12)
    page = ok(spa("ann").get(at("user/{ann}/activities/")))
    assert page["next"] == "http://testserver" + at("user/{ann}/activities/") + "?limit=10&offset=10"


def test_courses_have_the_roles_and_the_institution_and_activities_their_course(spa, at, world):
    for who, roles in (("ann", ["LEARNER"]), ("teacher", ["INSTRUCTOR"]), ("admin", []), ("data", [])):
        course = ok(spa(who).get(at("course/{course}/")))
        assert (course["user_roles"], course["vle"]["institution"]["id"]) == (roles, world.home.institution.pk)
        assert isinstance(course["enabled"], bool)
        activity = ok(spa(who).get(at("course/{course}/activity/{activity}/")))
        assert (activity["course_id"], activity["vle_id"]) == (course["id"], course["vle"]["id"])


def test_main_instruments_are_alternative_to_null_exactly(spa, at, world):
    fr = ActivityInstrument.objects.create(
        activity=world.home.activity, instrument_id=1, alternative_to=world.home.activity_instrument
    )
    rows = ok(spa("teacher").get(at("course/{course}/activity/{activity}/instrument/")))["results"]
    shown = {row["id"]: row["alternative_to"] for row in rows}
    assert shown == {world.home.activity_instrument.pk: None, fr.pk: world.home.activity_instrument.pk}


FIRST_PAGES = [
    "instrument/", "course/{course}/activity/{activity}/instrument/", "ic/{ic}/document/", "learner/{ann}/send/",
    "course/{course}/activity/{activity}/report/",
]  # fmt: skip


@pytest.mark.parametrize("path", FIRST_PAGES)
def test_a_first_page_without_limit_has_ten_rows(path, spa, at, world):
    fill(world, 12)
    body = ok(spa("admin").get(at(path)))
    assert len(body["results"]) == min(10, body["count"])
    assert body["count"] > 1


# Headers.


@pytest.mark.parametrize("accept", [None, ANGULAR, "*/*", "application/json", "text/plain, */*", ""])
def test_json_is_answered_whatever_programs_accept(accept, world, at):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {token_of(world.people['admin'])}")
    more = {} if accept is None else {"HTTP_ACCEPT": accept}
    for path, method in (("", "get"), ("user?limit=1", "get"), ("nothing/", "get"), ("user/", "post")):
        assert getattr(client, method)(at(path), **more)["Content-Type"] == "application/json"


def test_a_wrong_password_sent_twice_locks_nobody_out_early(world, settings):
    body = {"email": "ann@home.example.org", "password": "wrong-password"}
    for _ in range(settings.SIGN_IN_FAILURES // 2 - 1):
        for _ in range(2):
            assert APIClient().post("/api/v2/auth/login", body).status_code == 401
    ok(APIClient().post("/api/v2/auth/login", body | {"password": PASSWORD}))


# Signing in.


def claims(token: str) -> dict:
    """As dashboards read a token: three parts, the middle one JSON in base64."""
    _, payload, _ = token.split(".")
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_login_answers_a_nested_pair_and_ignores_what_else_is_sent(world):
    body = {"email": "ann@home.example.org", "password": PASSWORD, "rememberMe": True}
    answer = ok(APIClient().post("/api/v2/auth/login", body, HTTP_AUTHORIZATION="JWT old.old.old"))
    assert list(answer) == ["token"]
    payload = claims(answer["token"]["access_token"])
    assert payload["exp"] - payload["iat"] == 15 * 60
    refused = APIClient().post("/api/v2/auth/login", body | {"password": "wrong"})
    assert refused.status_code == 401


def test_refresh_takes_the_whole_object_of_the_dashboard(world):
    body = {"email": "ann@home.example.org", "password": PASSWORD}
    pair = ok(APIClient().post("/api/v2/auth/login", body))["token"]
    sent = {
        "token": pair, "payload": pair, "ownerStrategyName": "email", "createdAt": "2026-01-01T00:00:00.000Z",
        "accessTokenPayload": claims(pair["access_token"]),
    }  # fmt: skip
    header = {"HTTP_AUTHORIZATION": f"JWT {pair['access_token']}"}
    again = ok(APIClient().post("/api/v2/auth/token/refresh", sent, **header))
    assert list(again["token"]) == ["access_token", "refresh_token"]
    assert again["token"]["refresh_token"] == pair["refresh_token"]
    by_header = {"HTTP_AUTHORIZATION": f"JWT {pair['refresh_token']}"}
    ok(APIClient().post("/api/v2/auth/token/refresh", {"token": pair["access_token"]}, **by_header))


def test_sessions_last_a_day_and_those_of_global_admins_an_hour(world):
    for email, hours in (("ann@home.example.org", 24), ("root@example.org", 1)):
        ok(APIClient().post("/api/v2/auth/login", {"email": email, "password": PASSWORD}))
        assert CallerSession.objects.latest("pk").expires_at - timezone.now() <= timedelta(hours=hours)


def test_logout_is_2xx_and_needs_no_body(spa):
    client = spa("ann")
    assert client.delete("/api/v2/auth/logout").status_code == 204
    assert client.get("/api/v2/auth/profile").status_code == 401


ROLES = {
    "global": ["GLOBAL_ADMIN"], "admin": ["ADMIN"], "send": ["SEND"], "legal": ["LEGAL"], "data": ["DATA"],
    "teacher": ["INSTRUCTOR"], "ann": ["LEARNER"], "member": [],
}  # fmt: skip


@pytest.mark.parametrize("who", ROLES)
def test_a_profile_read_twice_is_the_same(who, spa, world):
    client = spa(who)
    body = ok(client.get("/api/v2/auth/profile"))
    assert ok(client.get("/api/v2/auth/profile")) == body
    holds(
        body,
        "id first_name last_name email roles routes locale is_admin login_allowed full_name institutions[]{id acronym}",
    )
    assert (body["roles"], body["is_admin"], body["login_allowed"]) == (ROLES[who], who == "global", True)
    if who == "global":
        assert body["institution"] is None
        assert len(body["institutions"]) == Institution.objects.count()
    else:
        holds(body["institution"], "id acronym learner_id")
        assert (body["institution"]["learner_id"] is None) is (who != "ann")


# Lists: what is typed into the boxes above columns, and what their heads sort by, never fails.

COLUMNS = {
    "course": "id code start end",
    "course/{course}/activity": "name vle_activity_type start end",
    "course/{course}/activity/{activity}/report": (
        "learner summary instrument-fr instrument-ks identity_level__gte content_level__gte integrity_level__gte"
    ),
    "user": "id username email",
    "ic": "id version valid_from",
    "send": "id description",
    "learner": "id username email",
}
TYPED = (
    "x", "1", "-1", "2", "4", "1.5", "9" * 30, "2020-01-01", "2020-13-45", "2020-01-01T00:00:00.000Z", "%", "_", "'",
    "\\", "\x00", "\n", " ", "null", "[]", "é", "a,b", "😀", "x" * 5000,
)  # fmt: skip
BOXES = [(path, name) for path, names in COLUMNS.items() for name in names.split()]


@pytest.mark.parametrize(("path", "name"), BOXES)
def test_a_box_above_a_column_never_fails(path, name, spa, at):
    for text in TYPED:
        body = ok(spa("admin").get(at(path), {name: text, "offset": 0, "limit": 10}))
        assert list(body) == ["count", "next", "previous", "results"]


@pytest.mark.parametrize(("path", "name"), BOXES)
def test_sorting_by_a_column_never_fails_and_loses_no_row(path, name, spa, at, world):
    fill(world, 3)
    rows = {row["id"] for row in ok(spa("admin").get(at(path), {"limit": 100}))["results"]}
    for ordering in (name, f"-{name}"):
        body = ok(spa("admin").get(at(path), {"ordering": ordering, "offset": 0, "limit": 100}))
        assert {row["id"] for row in body["results"]} == rows


def test_columns_sort_where_they_can(spa, at, world):
    fill(world, 3)
    for path, name in BOXES:
        if name in ("learner", "summary") or name.startswith("instrument-") or "__" in name:
            continue
        shown = [
            [row[name] for row in ok(spa("admin").get(at(path), {"ordering": sign + name, "limit": 100}))["results"]]
            for sign in ("", "-")
        ]
        up, down = ([value for value in values if value not in (None, "")] for values in shown)
        assert down == up[::-1], (path, name)  # which text is smaller the database decides
        assert name != "id" or up == sorted(up)


@pytest.mark.parametrize("limit", [5, 10, 50, 100])
def test_pages_of_the_sizes_that_dashboards_offer(limit, spa, at, world):
    fill(world, 12)
    for path in COLUMNS:
        body = ok(spa("admin").get(at(path), {"offset": 0, "limit": limit}))
        assert len(body["results"]) == min(limit, body["count"])
        assert (body["next"] is None) is (body["count"] <= limit)


def test_no_header_is_named_count(spa, at):
    for path in COLUMNS:
        assert "count" not in {name.lower() for name in spa("admin").get(at(path)).headers}


@pytest.mark.parametrize("bound", ["identity_level__gte", "content_level__gte", "integrity_level__gte"])
def test_level_bounds_are_two_three_four_or_none(bound, spa, at, world):
    counts = {
        number: ok(spa("teacher").get(at("course/{course}/activity/{activity}/report"), {bound: number}))["count"]
        for number in (2, 3, 4, -1)
    }
    assert counts == {2: int(bound.startswith("identity")), 3: 0, 4: 0, -1: 1}


# What each page reads when it is opened.

PERSON_FIELDS = (
    "username email first_name last_name uid locale inst_admin send_admin legal_admin data_admin login_allowed"
)
SWITCHES = (
    "external_ic disable_vle_learner_creation disable_vle_instructor_creation disable_vle_user_creation "
    "allow_learner_report allow_learner_audit allow_valid_audit"
)
PAGES = [
    # page                          who                       address, fields
    ("dashboard", "ann teacher", "user/{me}/activities/",
     "results[]{id name start end description course_id user_instruments}"),
    ("courses", "admin data teacher ann", "course", "results[]{id code start end vle user_roles}"),
    ("course", "admin data teacher ann", "course/{course}/", "code description start end user_roles vle"),
    ("course", "admin data teacher ann member", "", "allow_learner_report allow_learner_audit allowed_domains"),
    ("course", "admin data teacher ann", "course/{course}/activity",
     "results[]{id course_id name vle_activity_type start end}"),
    ("activity", "admin data teacher ann", "course/{course}/activity/{activity}/",
     "name description start end enabled"),
    ("activity", "admin data teacher ann", "course/{course}/activity/{activity}/instrument/",
     "results[]{id alternative_to active options instrument}"),
    ("activity update", "admin teacher", "instrument/",
     "results[]{id acronym name description options_schema requires_enrolment}"),
    ("reports", "admin data teacher", "course/{course}/activity/{activity}/report",
     "results[]{id learner detail identity_level content_level integrity_level}"),
    ("users", "admin legal data", "user",
     f"results[]{{id {PERSON_FIELDS}}}"),
    ("user", "admin legal data", "user/{ann}/", PERSON_FIELDS),
    ("consents", "admin legal ann", "ic", "results[]{id version valid_from}"),
    ("consent", "admin legal ann", "ic/{ic}/", "id version valid_from"),
    ("consent", "admin legal ann", "ic/{ic}/document/", "results[]{language html pdf}"),
    ("own consent", "ann", "ic/current/", "id version valid_from"),
    ("own consent", "ann", "learner/{ann}", "id ic_status institution{id external_ic}"),
    ("SEND categories", "admin send", "send", "results[]{id description data}"),
    ("SEND category", "admin send", "send/{category}/", "description data{enabled_options disabled_instruments}"),
    ("SEND users", "admin send", "learner", "results[]{id username email send}"),
    ("SEND user", "admin send", "learner/{ann}/", "send{is_send send}"),
    ("SEND user", "admin send", "learner/{ann}/send/", "results[]{id category expires_at info}"),
    ("settings", "admin", "",
     f"{SWITCHES} allowed_domains id acronym name"),
    ("system institutions", "global", "", "name acronym allowed_domains"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "who", "path", "fields"), PAGES, ids=[f"{line[0]}-{line[2]}" for line in PAGES])
def test_a_page_finds_what_it_reads(page, who, path, fields, spa, at, world):
    for name in who.split():
        holds(ok(spa(name).get(at(path.replace("{me}", str(world.people[name].pk))))), fields)


def test_the_tree_of_the_dashboard_finds_course_and_instruments(spa, at):
    for row in ok(spa("teacher").get(at("user/{teacher}/activities/")))["results"]:
        holds(row["course"], "id code start end description user_roles")
        for shown in row["user_instruments"]:
            assert shown["instrument"]["acronym"] in {"fr", "ks", "vr", "fa", "plag"}
        assert row["user_instruments"]


def test_reports_show_percent_and_levels(spa, at):
    (row,) = ok(spa("teacher").get(at("course/{course}/activity/{activity}/report")))["results"]
    holds(row["learner"], "first_name last_name")
    (detail,) = row["detail"]
    holds(detail, "instrument_id enrolment confidence result identity_level content_level integrity_level")
    assert [detail[name] for name in ("enrolment", "confidence", "result", "identity_level")] == [80, 100, 90, 2]


def test_a_learner_lists_the_reports_with_the_slash_and_finds_the_own(spa, at, world):
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_learner_report=True)
    (row,) = ok(spa("ann").get(at("course/{course}/activity/{activity}/report/")))["results"]
    assert row["id"] == world.home.report.pk


def test_an_own_consent_without_a_current_one_is_an_empty_page_and_no_crash(spa, at, world):
    InformedConsent.objects.filter(institution=world.home.institution).update(valid_from="2100-01-01T00:00:00Z")
    assert ok(spa("ann").get(at("ic/current/")))["count"] == 0


def test_the_picker_of_institutions_searches_for_the_word_undefined(spa):
    assert ok(spa("global").get("/api/v2/institution/?search=undefined"))["results"] == []


# What each page writes, and who has its button.

PERSON = {
    "username": "zoe", "email": None, "password": None, "password2": None, "first_name": None, "last_name": None,
    "uid": "z1", "locale": None, "inst_admin": None, "send_admin": None, "legal_admin": None, "data_admin": None,
    "login_allowed": None,
}  # fmt: skip
NEW = "brand-new-77-Pencil"


def test_a_person_is_created_with_null_for_all_that_nobody_touched(spa, at):
    assert ok(spa("admin").post(at("user/"), PERSON), 201)["username"] == "zoe"


@pytest.mark.parametrize("name", ["uid", "username"])
def test_a_person_needs_uid_and_username(name, spa, at):
    refused = ok(spa("admin").post(at("user/"), PERSON | {name: None}), 400)
    assert list(refused) == [name]
    assert isinstance(refused[name][0], str)
    assert not User.objects.filter(username="zoe").exists()


def test_a_person_is_created_with_everything(spa, at):
    body = PERSON | {
        "email": "zoe@home.example.org", "password": NEW, "password2": NEW, "first_name": "Zoe", "last_name": "Z",
        "locale": "ca", "inst_admin": True, "login_allowed": True,
    }  # fmt: skip
    made = ok(spa("admin").post(at("user/"), body), 201)
    assert {name: made[name] for name in body if name[:8] != "password"} == {
        name: value or False for name, value in body.items() if name[:8] != "password"
    }


def test_a_person_is_updated_with_the_same_keys_without_passwords(spa, at):
    row = ok(spa("admin").get(at("user/{ann}/")))
    body = {name: row[name] for name in PERSON if not name.startswith("password")} | {"first_name": "Anna"}
    assert ok(spa("admin").patch(at("user/{ann}/"), body))["first_name"] == "Anna"
    refused = ok(spa("admin").patch(at("user/{ann}/"), body | {"email": "nobody"}), 400)
    assert list(refused) == ["email"]
    assert isinstance(refused["email"][0], str)


def test_an_administrator_sets_a_password(spa, at):
    ok(spa("admin").patch(at("user/{ann}/"), {"password": NEW, "password2": NEW}))
    ok(APIClient().post("/api/v2/auth/login", {"email": "ann@home.example.org", "password": NEW}))


def test_data_admins_delete_people_and_their_biometric_enrolment(spa, at):
    assert spa("data").delete(at("learner/{ann}/enrolment/")).status_code == 204
    assert spa("data").delete(at("user/{ann}/")).status_code == 204


def test_own_locale_and_password_and_the_page_goes_on(spa, at, settings):
    """It does not ask for the present password: LEGACY_DASHBOARD lets whoever has just signed in."""
    settings.LEGACY_DASHBOARD = True
    client = spa("teacher")
    CallerSession.objects.update(address="127.0.0.1")  # where it signed in
    assert ok(client.post(at("user/{teacher}/profile/"), {"locale": "es"}))["locale"] == "es"
    ok(client.post(at("user/{teacher}/profile/"), {"password": NEW, "password2": NEW}))
    ok(client.get("/api/v2/auth/profile"))


def test_settings_are_put_as_they_were_read(spa, at):
    read = ok(spa("admin").get(at("")))
    body = read | {"allow_learner_report": True, "allowed_domains": "moodle.x.org"}
    assert ok(spa("admin").put(at(""), body)) | {"updated_at": ""} == body | {"updated_at": ""}


def test_consents_are_created_updated_and_deleted(spa, at):
    body = {"version": "3.0.0", "valid_from": "2030-01-02T03:04:05.678Z"}
    made = ok(spa("admin").post(at("ic/"), body), 201)
    assert (made["version"], made["valid_from"]) == ("3.0.0", "2030-01-02T03:04:05.678000Z")
    row = at(f"ic/{made['id']}/")
    assert ok(spa("admin").put(row, {"version": "3.0.1", "valid_from": made["valid_from"]}))["version"] == "3.0.1"
    assert list(ok(spa("admin").post(at("ic/"), {"version": "4.0.0", "valid_from": None}), 400)) == ["valid_from"]
    assert spa("admin").delete(row).status_code == 204


def test_a_language_is_deleted(spa, at):
    assert spa("admin").delete(at("ic/{ic}/document/en/")).status_code == 204


def test_a_send_category_is_updated_without_a_key_that_was_not_stored(spa, at):
    for data in ({"enabled_options": ["high_contrast"]}, {"disabled_instruments": ["1"], "enabled_options": None}, {}):
        body = ok(spa("admin").put(at("send/{category}/"), {"description": "less", "data": data}))
        assert list(body["data"]) == ["enabled_options", "disabled_instruments"]
    assert spa("admin").delete(at("send/{category}/")).status_code == 204


def test_special_needs_are_assigned_changed_and_taken_away(spa, at, world):
    own = {"category": world.home.category.pk, "description": "ignored", "data": {"x": 1}}
    made = ok(spa("admin").post(at("learner/{bob}/send/"), own | {"expires_at": "2100-01-01T00:00:00.000Z"}), 201)
    assert made["info"]["description"] == "low sight"
    row = at(f"learner/{{bob}}/send/{made['id']}/")
    assert ok(spa("admin").patch(row, own | {"expires_at": None}))["expires_at"] is None
    assert spa("admin").delete(row).status_code == 204


@pytest.mark.parametrize("who", ["admin", "teacher"])
def test_an_activity_is_switched_by_enabled_alone(who, spa, at, world):
    before = ok(spa(who).get(at("course/{course}/activity/{activity}/")))
    after = ok(spa(who).put(at("course/{course}/activity/{activity}/"), {"enabled": False}))
    assert after | {"updated_at": ""} == before | {"enabled": False, "updated_at": ""}


@pytest.mark.parametrize("who", ["admin", "teacher"])
def test_instruments_are_added_switched_and_removed_with_their_alternative(who, spa, at):
    tools, client = at("course/{course}/activity/{activity}/instrument/"), spa(who)
    body = {"options": "{}", "instrument_id": 5, "required": False, "active": True, "alternative_to": None}
    main = ok(client.post(tools, body), 201)
    holds(main, "id alternative_to active options instrument{id acronym name description options_schema}")
    ok(client.post(tools, body | {"instrument_id": 1, "alternative_to": main["id"]}), 201)
    off = ok(client.put(f"{tools}{main['id']}/", {"active": False, "instrument_id": 5, "options": main["options"]}))
    assert off["active"] is False
    assert client.delete(f"{tools}{main['id']}/").status_code == 204
    assert [row["instrument_id"] for row in ok(client.get(tools))["results"]] == [2]


def test_data_admins_delete_activities_and_courses(spa, at, world):
    assert spa("data").delete(at("course/{course}/activity/{activity}/")).status_code == 204
    course = ok(spa("data").get(at("course/{course}/")))
    institution = course["vle"]["institution"]["id"]
    assert spa("data").delete(f"/api/v2/institution/{institution}/course/{course['id']}/").status_code == 204
    assert not Activity.objects.filter(course=world.home.course).exists()


def test_a_consent_is_accepted_and_rejected(spa, at, world):
    body = ok(spa("ann").post(at("learner/{ann}/ic/"), {"version": "2.0.0"}), 201)
    assert body["ic_status"] == "VALID"
    assert spa("ann").delete(at("learner/{ann}/ic/")).status_code == 204
    assert Learner.objects.get(pk=world.people["ann"].pk).consent_rejected is not None


# Screens per role: what is read and written by whom is the matrix of test_access.py; here the doors of the screens.

SCREENS = [
    # address                                      opens for
    ("user/{me}/activities/", "admin legal data send teacher ann member"),
    ("course", "global admin legal data send teacher ann member"),
    ("course/{course}/activity/{activity}/report", "global admin data teacher"),
    ("user/{ann}/", "global admin legal data ann"),
    ("ic", "global admin legal data send teacher ann member"),
    ("send", "global admin send"),
    ("learner/{ann}/send/", "global admin send ann"),
    ("", "global admin legal data send teacher ann member"),
    ("learner/{ann}/enrolment/", "admin legal data teacher ann"),
]
EVERYBODY = ("global", "admin", "legal", "data", "send", "teacher", "ann", "member")


@pytest.mark.parametrize(("path", "opens"), SCREENS, ids=[path or "institution" for path, _ in SCREENS])
def test_a_screen_opens_for_these_and_no_others(path, opens, spa, at, world):
    opened = {
        who for who in EVERYBODY if spa(who).get(at(path.replace("{me}", str(world.people[who].pk)))).status_code == 200
    }
    assert opened == set(opens.split())


def test_the_documented_keys_come_first_in_both_modes(spa, at, world, settings):
    for mode in (False, True):
        settings.LEGACY_DASHBOARD = mode
        keys = [key.name for key in documented(CALLS["learner.read"]).keys]
        assert list(ok(spa("ann").get(at("learner/{ann}/"))))[: len(keys)] == keys
