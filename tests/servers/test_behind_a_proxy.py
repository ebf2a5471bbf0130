"""Behind a proxy with TLS every absolute link leads back to the proxy, whichever way the service knows its address."""

import json
import ssl
import urllib.request
from dataclasses import dataclass
from urllib.error import HTTPError

import pytest

from tests.files.conftest import PDF
from tests.servers.proxy import tls_proxy
from tests.servers.service import Answer, service

pytestmark = pytest.mark.servers
DASHBOARD = "https://dashboard.example.org"


ALLOWED = "access-control-allow-origin"


def lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True)
class Outside:
    """A client that knows one address, and opens absolute ones as it gets them."""

    url: str
    trusts: ssl.SSLContext

    def call(self, method: str, url: str, data: bytes | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, context=self.trusts, timeout=60) as found:
                return Answer(found.status, lower(found.headers), found.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, lower(error.headers), error.read())

    def token(self, known) -> str:
        body = {"email": known["people"]["admin"]["email"], "password": known["password"]}
        answer = self.call(
            "POST", f"{self.url}/api/v2/auth/login", json.dumps(body).encode(), Content_Type="application/json"
        )
        assert answer.status == 200, answer.body
        return answer.json()["token"]["access_token"]


@pytest.fixture(scope="module")
def brought(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as found:
        found.environment |= {"ALLOWED_HOSTS": "127.0.0.1,localhost", "CORS_ALLOWED_ORIGINS": DASHBOARD}
        yield found, found.fill("tests.servers.fill")


# The proxy's headers tell the service, or PUBLIC_URL does; of a path that the proxy takes away PUBLIC_URL alone.
WAYS = {"headers": (True, ""), "setting": (False, ""), "setting with a path": (False, "/trust")}


@pytest.fixture(scope="module", params=WAYS)
def outside(brought, request, tmp_path_factory):
    found, known = brought
    tells, prefix = WAYS[request.param]
    with tls_proxy(tmp_path_factory.mktemp("proxy"), tells=tells, prefix=prefix) as proxy:
        told = {"TRUSTED_PROXIES": "127.0.0.1", "PUBLIC_URL": ""}
        found.environment |= told if tells else {"TRUSTED_PROXIES": "", "PUBLIC_URL": proxy.url}
        proxy.to = found.start().port
        yield Outside(proxy.url, proxy.trusts), known


def test_next_and_previous_begin_with_the_address_that_the_client_was_given(outside):
    client, known = outside
    token = f"JWT {client.token(known)}"
    begin = f"{client.url}/api/v2/institution/{known['institution']}/user"
    link, ids = f"{begin}?offset=0&limit=4", []
    while link:
        page = client.call("GET", link, Authorization=token).json()
        assert all(url is None or url.startswith(f"{begin}?") for url in (page["next"], page["previous"]))
        ids += [row["id"] for row in page["results"]]
        link = page["next"]
    assert len(ids) == len(set(ids)) == page["count"] > 4


def test_credentials_and_links_to_files_lead_through_the_proxy(outside):
    client, known = outside
    token = f"JWT {client.token(known)}"
    home = f"{client.url}/api/v2/institution/{known['institution']}/"
    body = json.dumps({"type": 0, "name": client.url}).encode()
    made = client.call("POST", f"{home}vle/", body, Authorization=token, Content_Type="application/json").json()
    assert made["credentials"]["api_url"] == f"{client.url}/api/v2"
    consent = json.dumps({"version": f"{made['id']}.0.0", "valid_from": "2020-01-01T00:00:00Z"}).encode()
    made = client.call("POST", f"{home}ic/", consent, Authorization=token, Content_Type="application/json").json()
    parts = b'--x\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n'
    parts += b'--x\r\nContent-Disposition: form-data; name="pdf"; filename="a.pdf"\r\n\r\n' + PDF + b"\r\n--x--\r\n"
    answer = client.call(
        "POST", f"{home}ic/{made['id']}/document/", parts, Authorization=token,
        Content_Type="multipart/form-data; boundary=x",
    )  # fmt: skip
    link = answer.json()["pdf"]
    assert link.startswith(f"{client.url}/files/")
    opened = client.call("GET", link, Origin=DASHBOARD)
    assert (opened.status, opened.body) == (200, PDF)
    assert opened.headers[ALLOWED] == DASHBOARD


def test_a_dashboard_on_another_host_asks_first_and_reads_refusals(outside):
    client, known = outside
    url = f"{client.url}/api/v2/institution/{known['institution']}/user"
    asked = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "authorization"}
    answers = [client.call("OPTIONS", url, Origin=DASHBOARD, **asked), client.call("GET", url, Origin=DASHBOARD)]
    assert [answer.status for answer in answers] == [200, 401]
    assert {answer.headers[ALLOWED] for answer in answers} == {DASHBOARD}
    other = client.call("GET", url, Origin="https://evil.example.org")
    assert ALLOWED not in other.headers
