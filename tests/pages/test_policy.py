"""No page needs anything inline or from elsewhere, and every page says so in its policy."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from tesla_api import start_pages
from tests.pages.walk import places

STRICT = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
}  # fmt: skip
WITH_MEDIA = STRICT | {"media-src 'self'"}  # pages with recordings, which come from files/
LOADED = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "audio": "src",
    "video": "src",
    "form": "action",
    "base": "href",
}


class Inspector(HTMLParser):
    """Collects what the policy would block, and what would be fetched from another host."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.inside = tag
        self.wrong += [f"{tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style":
            self.wrong.append("a style element")
        address = urlsplit(given.get(LOADED.get(tag, ""), "") or "")
        if address.netloc not in {"", "testserver"} or address.scheme not in {"", "http", "data"}:
            self.wrong.append(f"{tag} from {address.geturl()}")

    def handle_data(self, data):
        if self.inside == "script" and data.strip():
            self.wrong.append("an inline script")

    def handle_endtag(self, tag):
        self.inside = ""


def assert_clean(answer, policy=STRICT):
    assert answer["Content-Type"].startswith("text/html"), answer["Content-Type"]
    said = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
    assert said == policy
    inspector = Inspector()
    inspector.feed(answer.text)
    assert inspector.wrong == [], answer.request["PATH_INFO"]


@pytest.mark.parametrize(
    "path", ["/", "/signin/", "/signin/oidc/", "/docs/", "/nowhere", "/api/v2/institution/", "/api/v2/auth/login"]
)
def test_open_pages_are_clean(visitor, path):
    assert_clean(visitor.get(path))


def test_redoc_alone_may_style_itself_and_search_in_a_worker(visitor):
    answer = visitor.get("/redoc/")
    nonce = answer.wsgi_request.csp_nonce
    styles = {"style-src 'self'": f"style-src 'self' 'nonce-{nonce}'"}
    assert_clean(answer, {styles.get(part, part) for part in STRICT} | {"worker-src blob:"})
    assert visitor.get("/redoc/").wsgi_request.csp_nonce != nonce


@pytest.mark.parametrize(("who", "root"), [("admin", "institution"), ("global", "institution"), ("global", "admin")])
def test_every_resource_is_clean(who, root, world, signed_in, as_):
    asking, browser = as_(who), signed_in(who)
    for place in places(lambda path: asking.get(path).json(), root):
        assert_clean(browser.get(place.listed))
        if place.first:
            assert_clean(browser.get(place.first))


def test_refusals_are_clean(world, signed_in):
    browser = signed_in("member")
    assert_clean(browser.get(f"/api/v2/institution/{world.away.institution.pk}/"))
    assert_clean(browser.get(f"/api/v2/institution/{world.home.institution.pk}/vle/"))
    assert_clean(browser.get("/admin/", follow=True))


def test_admin_index_is_clean(signed_in):
    assert_clean(signed_in("global").get("/admin/"))


def test_errors_of_the_api_are_json_and_of_pages_html(visitor):
    for path in ("/api/v2/nowhere/", "/files/x/y.pdf"):
        assert visitor.get(path).json() == {"detail": "Not found."}
    assert visitor.get("/nowhere", headers={"accept": "*/*"}).json() == {"detail": "Not found."}
    assert "There is no such page" in visitor.get("/nowhere").text


def test_failure_is_told_without_the_database(visitor, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("broken")

    monkeypatch.setattr("tesla_api.start_pages.browser_caller", fail)
    visitor.raise_request_exception = False
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "broken" not in answer.text
    assert_clean(answer)
    assert visitor.get("/", headers={"accept": "application/json"}).json() == {"detail": "Server error."}


def test_pages_are_found_without_their_slash(visitor):
    for word in ("signin", "docs", "redoc", "schema", "admin"):
        assert visitor.get(f"/{word}?x=1")["Location"] == f"/{word}/?x=1"


def test_schema_is_json_for_browsers_and_yaml_on_request(visitor):
    shown = visitor.get("/schema/", headers={"accept": "text/html,*/*;q=0.8"})
    assert shown["Content-Type"] == "application/json"
    assert "/api/v2/institution/" in shown.json()["paths"]
    assert "/schema/" not in shown.json()["paths"]
    assert visitor.get("/schema/", {"format": "yaml"}).text.startswith("openapi:")


@pytest.mark.parametrize(
    "asked", ["lang=ca", "lang=zz1", "version=9", "version=%00", "version=a%0d%0ab", "version=%22"]
)
def test_schema_is_one_whatever_is_asked(visitor, asked):
    plain, answer = visitor.get("/schema/"), visitor.get(f"/schema/?{asked}")
    assert answer.status_code == 200
    assert answer.content == plain.content
    assert answer["Content-Disposition"] == 'inline; filename="tesla-v2.json"'
    assert start_pages._public_schema.cache_info().currsize == 1
