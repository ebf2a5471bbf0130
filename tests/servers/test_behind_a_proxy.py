"""Behind a proxy with TLS every absolute link leads back to the proxy, whichever way the service knows its address."""

import json
import ssl
import urllib.request
from dataclasses import dataclass
from urllib.error import HTTPError

import pytest

from tests.files.conftest import PDF
from tests.servers.conftest import DASHBOARD
from tests.servers.proxy import tls_proxy
from tests.servers.service import Answer

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
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
            with urllib.request.urlopen(request, context=self.trusts, timeout=60) as answer:
                return Answer(answer.status, lower(answer.headers), answer.read())
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


# The proxy's headers tell the service its address, or PUBLIC_URL does, with a path that the proxy takes away.
# PUBLIC_URL without a path: tests/kernel/test_public_address.py.
@pytest.fixture(scope="module", params=["headers", "setting"])
def outside(service, servers, facts, request, tmp_path_factory):
    headers = request.param == "headers"
    prefix = "" if headers else "/trust"
    with tls_proxy(tmp_path_factory.mktemp("proxy"), tells=headers, prefix=prefix) as proxy:
        server = servers[0] if headers else service.start(TRUSTED_PROXIES="", PUBLIC_URL=proxy.url)
        proxy.to = server.port
        yield Outside(proxy.url, proxy.trusts), facts["proxy"]


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
    preflight = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "authorization"}
    answers = [client.call("OPTIONS", url, Origin=DASHBOARD, **preflight), client.call("GET", url, Origin=DASHBOARD)]
    assert [answer.status for answer in answers] == [200, 401]
    assert {answer.headers[ALLOWED] for answer in answers} == {DASHBOARD}
    other = client.call("GET", url, Origin="https://evil.example.org")
    assert ALLOWED not in other.headers
