"""Bodies, slashes and errors, as they arrive over HTTP."""

import orjson
import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError
from django.db.models import ProtectedError
from rest_framework.test import APIClient

from courses.api.user import UserViewSet
from institutions.api.institution import InstitutionViewSet
from institutions.models import VLE
from kernel import errors
from kernel.domain import Conflict, Forbidden, Invalid, Unknown
from kernel.http.renderers import JSONRenderer


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b'{"a":1}}'])
def test_malformed_json_is_400(as_, url, body):
    answer = as_("admin").patch(url, body, content_type="application/json")
    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"5", b"true"])
def test_a_body_that_is_no_object_is_400(as_, url, body):
    answer = as_("admin").patch(url, body, content_type="application/json")
    assert answer.status_code == 400


def test_a_form_that_is_not_utf8_is_400(as_, url):
    kind = "application/x-www-form-urlencoded"
    answer = as_("admin").patch(url, "allowed_domains=%ff.org", content_type=kind)
    assert (answer.status_code, answer.json()) == (400, {"detail": "The form is not UTF-8."})
    assert as_("admin").patch(url, "mail_domain=%EF%BF%BD", content_type=kind).json().keys() == {"mail_domain"}
    assert as_("admin").patch(url, "mail_domain=example.org", content_type=kind).status_code == 200


def test_other_media_types_are_415(as_, url):
    assert as_("admin").patch(url, "<a/>", content_type="application/xml").status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_body_over_the_limit_is_413(as_, url, settings, content_type):
    settings.REQUEST_BODY_BYTES = 100
    kind = content_type + ("; boundary=x" if "multipart" in content_type else "")
    answer = as_("admin").patch(url, b'{"a": "' + b"x" * 200 + b'"}', content_type=kind)
    assert (answer.status_code, list(answer.json())) == (413, ["detail"])


def test_json_forms_and_multipart_say_the_same(as_, url):
    admin = as_("admin")
    for number, kind in enumerate(("json", "multipart")):
        answer = admin.patch(url, {"mail_domain": f"x{number}.org"}, format=kind)
        assert answer.json()["mail_domain"] == f"x{number}.org"
    answer = admin.patch(url, "mail_domain=y.org", content_type="application/x-www-form-urlencoded")
    assert answer.json()["mail_domain"] == "y.org"


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_put_resets_nothing_that_it_leaves_out(as_, url, kind):
    admin = as_("admin")
    assert (
        admin.patch(url, {"external_ic": True, "mail_domain": "x.org", "allowed_domains": "a.org"}).status_code == 200
    )
    answer = admin.put(url, {"allow_learner_report": True}, format=kind).json()
    assert (answer["external_ic"], answer["allow_learner_report"], answer["mail_domain"]) == (True, True, "x.org")
    assert answer["allowed_domains"] == "a.org"


def test_unknown_and_read_only_keys_are_ignored(as_, url):
    before = as_("admin").get(url).json()
    after = as_("admin").put(url, {"id": 77, "name": "x", "acronym": [], "created_at": 5, "what": {}}).json()
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}


def test_both_slash_forms_are_answered_directly(as_, url):
    admin = as_("admin")
    with_slash, without = admin.get(url + "vle/?limit=1"), admin.get(url + "vle?limit=1")
    assert with_slash.status_code == without.status_code == 200
    assert with_slash.json()["results"] == without.json()["results"]
    made = admin.post(url + "vle", {"type": 0, "name": "No slash"})
    assert made.status_code == 201
    VLE.objects.create(institution_id=admin.get(url).json()["id"], name="Third")
    link = admin.get(url + "vle?limit=1").json()["next"]
    assert link == f"http://testserver{url}vle?limit=1&offset=1"


@pytest.mark.parametrize(
    "path", ["/api/v2/nothing", "/api/v2/nothing/", "/api", "/nothing/at/all", "/api/v2/institution/1/vle/x/"]
)
def test_unknown_paths_are_404_in_json(db, path):
    answer = APIClient().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")


def test_a_crash_is_500_in_json_and_tells_nothing(as_, url, monkeypatch):
    def crash(self, request, *args, **kwargs):
        raise RuntimeError("secret")

    monkeypatch.setattr(InstitutionViewSet, "retrieve", crash)
    client = as_("admin")
    client.raise_request_exception = False
    answer = client.get(url)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Server error."})


def test_other_error_answers_are_json(rf):
    request = rf.get("/")
    assert errors.bad_request(request).status_code == 400
    assert errors.permission_denied(request).status_code == 403
    assert orjson.loads(errors.csrf_failure(request, "no cookie").content) == {"detail": "CSRF Failed: no cookie"}


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Conflict("Frozen."), 409, {"detail": "Frozen."}),
        (Forbidden("Not yours."), 403, {"detail": "Not yours."}),
        (Unknown("No such row."), 404, {"detail": "No such row."}),
        (Invalid(uid="Too short."), 400, {"uid": ["Too short."]}),
        (ProtectedError("x", set()), 409, {"detail": "Other rows depend on this one."}),
        (RequestDataTooBig(), 400, {"detail": "The body is too large."}),
        (
            IntegrityError("UNIQUE constraint failed: institutions_instrument.acronym"),
            400,
            {"non_field_errors": ["This value is already taken."]},
        ),
        (
            IntegrityError("FOREIGN KEY constraint failed"),
            400,
            {"non_field_errors": ["These values do not go together."]},
        ),
    ],
)
def test_what_services_raise_becomes_an_answer(as_, url, monkeypatch, error, status, body):
    def refuse(self, request, **kwargs):
        raise error

    monkeypatch.setattr(UserViewSet, "update", refuse)
    answer = as_("admin").put(f"{url}user/1/", {})
    assert (answer.status_code, answer.json()) == (status, body)


def test_a_lost_race_names_the_field(as_, url, monkeypatch):
    monkeypatch.setattr("kernel.serializers.refuse_violations", lambda row, writable: None)
    answer = as_("admin").post(url + "vle/", {"type": 0, "name": "Moodle"})
    assert (answer.status_code, answer.json()) == (400, {"name": ["This value is already taken."]})


def test_the_renderer_refuses_what_json_has_not():
    with pytest.raises(TypeError):
        JSONRenderer().render({"a": object()})


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 10, 0),
        ("limit=0", 10, 0),
        ("limit=-1", 10, 0),
        ("limit=x", 10, 0),
        ("limit=5000", 1000, 0),
        ("limit=3", 3, 0),
        ("offset=-1", 10, 0),
        ("offset=x", 10, 0),
        ("offset=99999999999999999999999999", 10, None),
        ("offset=" + "9" * 5000, 10, 0),
    ],
)
def test_nonsense_in_pages_falls_back(as_, world, url, query, limit, offset):
    for number in range(12):
        VLE.objects.create(institution=world.home.institution, name=f"v{number}")
    page = as_("admin").get(f"{url}vle/?{query}").json()
    assert page["count"] == 13
    assert len(page["results"]) == (0 if offset is None else min(limit, 13))


def test_the_scheme_of_a_trusted_proxy_is_believed(as_, url, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    admin = as_("admin")
    for number in range(2):
        admin.post(url + "vle/", {"type": 0, "name": f"v{number}"})
    for remote, scheme in (("10.0.0.1", "https"), ("198.51.100.7", "http")):
        page = admin.get(url + "vle/?limit=1", REMOTE_ADDR=remote, HTTP_X_FORWARDED_PROTO="https").json()
        assert page["next"].startswith(f"{scheme}://")


@pytest.mark.parametrize("text", ["x" * 201, " ".join(map(str, range(21))), ",".join("abcdefghijklmnopqrstu")])
def test_too_long_a_search_is_400(as_, text):
    answer = as_("admin").get("/api/v2/institution/", {"search": text})
    assert (answer.status_code, list(answer.json())) == (400, ["search"])


@pytest.mark.parametrize("text", ["home " * 40, "h,o,m,e " * 25, " ".join("abcdefghijklmnopqrst"), "h" + " " * 199])
def test_words_of_a_search_count_once(as_, text):
    assert as_("admin").get("/api/v2/institution/", {"search": text}).status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_nothing_of_the_api_is_kept(as_, url, accept):
    headers = {"accept": accept}
    for client, path, status in (
        (as_("admin"), url, 200),
        (as_("admin"), url.rstrip("/"), 200),
        (as_("admin"), "/api/v2/auth/profile", 200),
        (as_("admin"), "/api/v2/nowhere/", 404),
        (APIClient(), url, 401),
        (APIClient(), "/api/v2/auth/profile", 401),
    ):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer["Cache-Control"]) == (status, "no-store"), path
    answer = APIClient().post("/api/v2/auth/login", {"email": "x@y.org", "password": "wrong"}, headers=headers)
    assert answer["Cache-Control"] == "no-store"
