"""Absolute addresses: below PUBLIC_URL, else below what a trusted proxy says, else below what the request says."""

import pytest
from django.test import Client

from files.models import Kind
from files.services import file_store
from kernel.http.paths import PublicAddress
from tests.kernel.test_settings import COMPLETE, start

PUBLIC = "https://trust.example.org"


@pytest.fixture
def vles(world, as_):
    """The list of VLEs, of which there are two."""
    url = f"/api/v2/institution/{world.home.institution.pk}/vle/"
    as_("admin").post(url, {"type": 0, "name": "Second"})
    return url


@pytest.mark.parametrize("public", [PUBLIC, f"{PUBLIC}/trust", "http://localhost:9000"])
def test_every_link_begins_with_the_public_address(public, as_, world, vles, settings):
    settings.PUBLIC_URL = public
    admin = as_("admin")
    page = admin.get(f"{vles}?limit=1").json()
    assert (page["next"], page["previous"]) == (f"{public}{vles}?limit=1&offset=1", None)
    assert admin.get(f"{vles}?limit=1&offset=1").json()["previous"] == f"{public}{vles}?limit=1"
    assert admin.get(f"{vles.rstrip('/')}?limit=1").json()["next"] == f"{public}{vles.rstrip('/')}?limit=1&offset=1"
    issued = admin.post(vles, {"type": 0, "name": "Third"}).json()["credentials"]
    assert issued["api_url"] == f"{public}/api/v2"
    html = admin.get(f"{vles}?limit=1", HTTP_ACCEPT="text/html").content.decode()
    assert f'href="{public}{vles}?limit=1&amp;offset=1"' in html
    assert "testserver" not in html


def test_links_to_files_begin_with_the_public_address_and_work(as_, world, settings):
    settings.PUBLIC_URL = f"{PUBLIC}/trust"
    document, home = world.home.document, world.home.institution
    document.pdf = file_store(
        institution=home, owner=None, kind=Kind.CONSENT_PDF, media_type="application/pdf", content=[b"%PDF-"],
        extension="pdf",
    )  # fmt: skip
    document.save()
    url = f"/api/v2/institution/{home.pk}/ic/{document.consent_id}/document/en/"
    link = as_("admin").get(url).json()["pdf"]
    assert link.startswith(f"{PUBLIC}/trust/files/")
    answer = Client().get(link.removeprefix(f"{PUBLIC}/trust"))
    assert b"".join(answer.streaming_content) == b"%PDF-"


def test_a_mounted_service_is_not_named_twice(rf, settings):
    settings.PUBLIC_URL = f"{PUBLIC}/api-of/trust"
    request = rf.get("/apiary/", SCRIPT_NAME="/api")
    PublicAddress(lambda request: None)(request)
    assert request.build_absolute_uri() == f"{PUBLIC}/api-of/trust/apiary/"
    assert request.build_absolute_uri("/apiary/") == f"{PUBLIC}/api-of/trust/apiary/"
    assert request.build_absolute_uri("https://elsewhere.org/x") == "https://elsewhere.org/x"


def test_without_one_the_request_says_where_it_went(as_, vles, settings):
    settings.ALLOWED_HOSTS = ["one.example.org"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    link = as_("admin").get(f"{vles}?limit=1", HTTP_HOST="one.example.org").json()["next"]
    assert link == f"http://one.example.org{vles}?limit=1&offset=1"


TRUSTED, OTHER = "10.0.0.1", "198.51.100.7"


@pytest.mark.parametrize(
    ("remote", "headers", "begin"),
    [
        (TRUSTED, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "trust.example.org"}, PUBLIC),
        (TRUSTED, {"X-Forwarded-Host": "trust.example.org:8443"}, "http://trust.example.org:8443"),
        (TRUSTED, {"X-Forwarded-Host": "trust.example.org, inner"}, "http://trust.example.org"),
        (TRUSTED, {"X-Forwarded-Proto": "https"}, "https://testserver"),
        (TRUSTED, {"X-Forwarded-Proto": "HTTPS , http"}, "https://testserver"),
        (TRUSTED, {"X-Forwarded-Proto": "http, https"}, "http://testserver"),
        (TRUSTED, {"X-Forwarded-Host": " "}, "http://testserver"),
        (OTHER, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "trust.example.org"}, "http://testserver"),
    ],
)
def test_only_a_trusted_proxy_says_scheme_and_host(remote, headers, begin, as_, vles, settings):
    settings.ALLOWED_HOSTS = ["testserver", "trust.example.org"]
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    sent = {"Host": "testserver"} | headers
    link = as_("admin").get(f"{vles}?limit=1", REMOTE_ADDR=remote, headers=sent).json()["next"]
    assert link == f"{begin}{vles}?limit=1&offset=1"


def test_a_forwarded_host_that_is_not_ours_is_400(as_, vles, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    answer = as_("admin").get(vles, REMOTE_ADDR=TRUSTED, headers={"X-Forwarded-Host": "evil.example.org"})
    assert answer.status_code == 400


@pytest.mark.parametrize("wrong", ["trust.example.org", "ftp://x.org", "https://x.org/?a=1", "https://u:p@x.org"])
def test_a_public_address_that_is_none_stops_the_start(wrong):
    result = start(**COMPLETE | {"PUBLIC_URL": wrong})
    assert result.returncode == 1
    assert result.stderr.startswith("PUBLIC_URL must be")


def test_forms_sent_from_the_public_address_are_ours_and_the_schema_names_it():
    said = start("diffsettings", **COMPLETE | {"PUBLIC_URL": f"{PUBLIC}:8443/trust/"}).stdout
    assert f"CSRF_TRUSTED_ORIGINS = ['{PUBLIC}:8443']\n" in said
    assert f"'SERVERS': [{{'url': '{PUBLIC}:8443/trust'}}]" in said
