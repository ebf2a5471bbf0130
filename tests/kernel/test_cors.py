"""Dashboards on other hosts: who may read from them, what, and that refusals can be read too."""

import pytest
from rest_framework.test import APIClient

from institutions.api.institution import InstitutionViewSet
from tests.conftest import client_of
from tests.kernel.test_settings import COMPLETE, line_of, start

DASHBOARD = "https://dashboard.example.org"
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
def url(world, settings):
    settings.CORS_ALLOWED_ORIGINS = [DASHBOARD, "http://127.0.0.1:4200"]
    return f"/api/v2/institution/{world.home.institution.pk}/"


def preflight(path: str, origin: str = DASHBOARD):
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type"}
    return APIClient().options(path, headers={"Origin": origin, **asked})


def words(answer, name: str) -> set[str]:
    return {word.strip().lower() for word in answer[name].split(",")}


@pytest.mark.parametrize("path", ["", "user", "user/1/profile/", "nothing"])
def test_preflight_is_answered_without_credentials(path, url):
    answer = preflight(url + path)
    assert (answer.status_code, answer[ALLOW]) == (200, DASHBOARD)
    headers = {"authorization", "content-type", "if-match", "if-none-match"}
    assert words(answer, "Access-Control-Allow-Headers") == headers
    methods = {"get", "post", "put", "patch", "delete", "options"}
    assert words(answer, "Access-Control-Allow-Methods") == methods
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", ["/api/v2/auth/login", "/lapi/v1/status/1/x/", "/files/token/name.pdf"])
def test_api_capture_and_files_are_opened(path, url):
    assert preflight(path)[ALLOW] == DASHBOARD


@pytest.mark.parametrize(
    "path", ["/", "/admin/", "/console/", "/signin/", "/docs/", "/schema/", "/health/live", "/apis/"]
)
def test_pages_for_people_are_not(path, url, world):
    for answer in (preflight(path), APIClient().get(path, headers={"Origin": DASHBOARD})):
        assert ALLOW not in answer


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.org", "http://dashboard.example.org", "https://dashboard.example.org:8443", "null", "*",
        "https://dashboard.example.org.evil.com", "https://evil-dashboard.example.org", "file://",
    ],
)  # fmt: skip
def test_other_origins_are_told_nothing(origin, url, as_):
    for answer in (preflight(url, origin), as_("admin").get(url, headers={"Origin": origin})):
        assert ALLOW not in answer
        assert "origin" in words(answer, "Vary")


@pytest.mark.parametrize(("path", "told"), [("//api/v2/auth/login", DASHBOARD), ("//admin/", None), ("//", None)])
def test_two_slashes_are_one(path, told, url):
    answer = APIClient().options("/", headers={"Origin": DASHBOARD}, PATH_INFO=path)
    assert answer.headers.get(ALLOW) == told


def test_without_the_setting_nobody_is(url, as_, settings):
    """An earlier implementation let pages of every origin read its answers."""
    settings.CORS_ALLOWED_ORIGINS = []
    for answer in (preflight(url), as_("admin").get(url, headers={"Origin": DASHBOARD})):
        assert ALLOW not in answer


def test_no_origin_in_the_example_and_by_default():
    said = start("diffsettings", **COMPLETE).stdout
    assert "CORS_ALLOWED_ORIGINS = []" in said
    assert "CORS_ALLOW_CREDENTIALS = False" in said
    assert "CORS_ALLOW_ALL_ORIGINS" not in said


@pytest.mark.parametrize(
    "wrong", ["*", "https://*", "https://*.example.org", "dashboard.example.org", "https://x.org/", "null"]
)
def test_what_is_no_origin_stops_the_start(wrong, settings_of):
    line = line_of(settings_of, **COMPLETE | {"CORS_ALLOWED_ORIGINS": f"{DASHBOARD},{wrong}"})
    assert line.startswith("CORS_ALLOWED_ORIGINS must be")


def test_refusals_can_be_read_too(url, world, monkeypatch):
    def crash(self, request, *args, **kwargs):
        raise RuntimeError

    origin, answers = {"Origin": DASHBOARD}, {}
    member = client_of(world.people["member"])
    member.raise_request_exception = False
    answers[200] = member.get(url, headers=origin)
    answers[400] = APIClient().post("/api/v2/auth/login", {}, headers=origin)
    answers[401] = APIClient().get(url, headers=origin)
    answers[403] = member.put(url, {}, headers=origin)
    answers[404] = member.get(f"{url}nothing/", headers=origin)
    answers[405] = member.delete(url, headers=origin)
    monkeypatch.setattr(InstitutionViewSet, "retrieve", crash)
    answers[500] = member.get(url, headers=origin)
    for status, answer in answers.items():
        assert (answer.status_code, answer[ALLOW]) == (status, DASHBOARD)


def test_scripts_read_the_tag_of_a_row(url, as_):
    answer = as_("admin").get(url, headers={"Origin": DASHBOARD})
    assert words(answer, "Access-Control-Expose-Headers") == {"etag"}
    assert answer["ETag"]


def test_a_file_that_is_not_there_is_told_to_the_dashboard(url):
    answer = APIClient().get("/files/token/name.pdf", headers={"Origin": DASHBOARD})
    assert (answer.status_code, answer[ALLOW]) == (404, DASHBOARD)
