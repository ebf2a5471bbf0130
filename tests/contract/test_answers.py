"""Untrue schemas are noticed: by every client of the tests, whichever way the answer and the schema differ."""

import json
from collections.abc import Iterator

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver
from rest_framework.response import Response

from institutions.api.vle import VLEViewSet
from tests.answers import API, UntrueSchemaError, check, check_sent
from tests.conftest import token_of

ROUTE = "api/v2/institution/<id:parent_lookup_institution_id>/vle/<id:id>/"
VLE = {"id": 1, "type": 0, "lti": None, "name": "M", "credentials": None, "url": None, "client_id": None}
JSON = {"Content-Type": "application/json"}


def seen(method: str, status: int, content: object, route: str = ROUTE) -> None:
    body = b"" if content is None else json.dumps(content).encode()
    check(method, route, status, JSON, body, is_legacy=False, is_page=False)


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """All addresses of the service as the resolver writes them."""
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, route)
        else:
            yield route


@pytest.mark.parametrize(
    ("method", "status", "content"),
    [
        ("GET", 200, VLE),
        ("GET", 404, {"detail": "Not found."}),
        ("GET", 304, None),
        ("PUT", 400, {"name": ["Too long."]}),
        ("PUT", 400, {"lti": {"key": ["Too long."]}}),
        ("PUT", 400, {"detail": "JSON parse error"}),
        ("DELETE", 204, None),
        ("POST", 405, {"detail": "Method not allowed."}),
    ],
)
def test_true_answers_pass(method, status, content):
    seen(method, status, content)


@pytest.mark.parametrize(
    ("method", "status", "content", "told"),
    [
        ("GET", 200, VLE | {"name": None}, "name: null is not of type"),
        ("GET", 200, VLE | {"type": 7}, "type: 7 is not one of"),
        ("GET", 200, VLE | {"secret": "x"}, "'secret' was unexpected"),
        ("GET", 200, {name: VLE[name] for name in VLE if name != "name"}, '"name" is a required property'),
        ("GET", 200, None, "it has no body"),
        ("GET", 409, {"detail": "No."}, "the schema has only 200, 304, 400, 401, 403, 404, 406, 414, 503"),
        ("PUT", 400, {"name": "Too long."}, "the body: "),
        ("PUT", 400, ["Too long."], "the body: "),
        ("DELETE", 204, {}, "it has a body, and the schema none"),
        ("POST", 405, "no", "the body: "),
    ],
)
def test_untrue_answers_are_noticed(method, status, content, told):
    with pytest.raises(UntrueSchemaError, match=told):
        seen(method, status, content)


def test_formats_are_looked_at():
    group = {"created_at": "yesterday"}
    with pytest.raises(UntrueSchemaError, match='created_at: "yesterday" is not a "date-time"'):
        seen("GET", 200, group, "api/v2/institution/<id:parent_lookup_institution_id>/group/<id:id>/")


def test_answers_of_servers_are_looked_at_by_their_path():
    for path in ("/api/v2/institution/1/vle/1/", "//api/v2/institution/1/vle/1?format=json"):
        check_sent("GET", path, 200, JSON, json.dumps(VLE).encode())
        with pytest.raises(UntrueSchemaError, match="it has no body"):
            check_sent("GET", path, 200, JSON, b"")


def test_refusals_are_looked_at_wherever_they_come_from():
    """No resource has a list for people where VLEs and providers have theirs, and nobody has anything at "nothing"."""
    for path in ("/api/v2/nothing/", "/lapi/v1/nothing/", "/api/v2/vle/", "/api/v2/provider/1/request/"):
        check_sent("GET", path, 404, JSON, b'{"detail": "Not found."}')
        for status, body in ((404, b""), (404, b'{"error": "Not found."}'), (200, b"{}")):
            with pytest.raises(UntrueSchemaError):
                check_sent("GET", path, status, JSON, body)


def test_no_address_is_passed_over():
    """Trees of all kinds of callers: what is no answer is noticed at each of them."""
    passed = []
    for route in routes(get_resolver()):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if route.startswith(API) else ():
            try:
                seen(method, 404, ["no"], route)
                passed.append((method, route))
            except UntrueSchemaError:
                pass
    assert passed == []


@pytest.fixture
def url(world) -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/vle/{world.home.vle.pk}/"


def test_pages_are_for_who_asks_for_them(url, as_, monkeypatch):
    monkeypatch.setattr(VLEViewSet, "retrieve", lambda self, request, **_: HttpResponse("<p>Refused.</p>", status=404))
    assert as_("admin").get(url, headers={"accept": "text/html"}).status_code == 404
    with pytest.raises(UntrueSchemaError, match="text/html"):
        as_("admin").get(url)


def test_of_what_is_sent_in_parts_the_type_is_compared(url, as_, monkeypatch):
    parts = StreamingHttpResponse([b"a"], content_type="text/csv; charset=utf-8")
    monkeypatch.setattr(VLEViewSet, "retrieve", lambda self, request, **_: parts)
    with pytest.raises(UntrueSchemaError, match="text/csv is none of application/json"):
        as_("admin").get(url)


def test_clients_of_tests_look_at_their_answers(world, url, as_, monkeypatch):
    monkeypatch.setattr(VLEViewSet, "retrieve", lambda self, request, **_: Response({"id": 1}))
    with pytest.raises(UntrueSchemaError, match="required property"):
        as_("admin").get(url)
    with pytest.raises(UntrueSchemaError, match="required property"):
        Client().get(url, headers={"Authorization": f"JWT {token_of(world.people['admin'])}"})
