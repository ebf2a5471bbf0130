"""No stored text breaks a page or an answer, or becomes a part of a page's code."""

from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Field

from tests.admin.forms import PAGES, request_of
from tests.attack.texts import text_columns, written
from tests.console.conftest import ids
from tests.console.test_access import MATRIX, REPORT, WHO
from tests.contract.calls import CALLS, body_of, names, request, url_of
from tests.contract.conftest import undone
from tests.contract.test_schema import SCHEMA
from tests.guards import lifted
from tests.rights.test_pages import PAGES as OWN_PAGES
from tests.rights.test_pages import address as own_page

MARK = "zqx7"  # in every text that would run as code: a page that holds it unescaped has let it in
MARKUP = "<p>x</p><![foo[x]]><!doctype <?x </ x <!-- <![if"  # which parsers refuse
CODE = f"'\"></textarea></script><script>{MARK}()</script>{{{{7|{MARK}}}}}"
NESTED = "<" * 60 + "a>" + "b>" * 60  # which Django's strip_tags refuses
LETTERS = (
    f"<img src=x onerror={MARK}()>{MARKUP} "
    "%s %d %(a)s {0} {a!r:>{b}} \\ \\u0041 &#x; &lt &amp;lt; ]]> <!-- -- /* # ; = + |"
    "\u202e\u2066\u200b\ufeff\u2028\u2029 \U0001f469\u200d\U0001f52c Z\u0351\u036b\u0343 \ufdfd İıſẞ \t\r\n"
)
# Of each kind a column holds the first text that it accepts, as far as it has room: 255 letters hold the code and what
# is nested.
NASTY = {
    "markup": [
        CODE + NESTED + LETTERS,
        CODE,
        MARKUP,
        f"https://example.org/?a='\"><script>{MARK}()</script>",
        f'"<img/src=x/onerror={MARK}()>"@example.org',
    ],
    "scheme": [f"javascript:{MARK}()//" + "W" * 3000, "W" * 3000],  # and without a place to break
}
# Columns that hold none of these texts: a validator or a constraint refuses them all.
REFUSED = {
    "institutions.InformedConsentDocument.language",
    "institutions.Institution.time_zone",
    "institutions.User.locale",
}


def _name(field: Field) -> str:
    return f"{field.model._meta.label}.{field.name}"


def _ours(field: Field) -> bool:
    """All but the framework's tables, and passwords: other ones end sessions."""
    return field.model.__module__.partition(".")[0] != "django" and field.name != "password"


def test_every_text_column_takes_a_nasty_text(world):
    with lifted():
        taken = {
            _name(field): any(written(field.model._base_manager.all(), field, texts) for texts in NASTY.values())
            for field in filter(_ours, text_columns())
        }
    assert {name for name, was in taken.items() if not was} == REFUSED


# Addresses hold codes and routes, so they are found before these are overwritten.


def _console_pages(world):
    """[(who, address)]: the institution's administrator, or whoever else may open the page."""
    at = f"/console/{world.home.institution.pk}/"
    return [
        (next(who for who in ("admin", *WHO) if statuses[WHO.index(who)] == 200), (at + page).format(**ids(world)))
        for page, statuses in MATRIX.items()
    ]


def _own_pages(world):
    return [("ann", own_page(page, world)) for page, statuses in OWN_PAGES.items() if statuses[0] == 200]


def _admin_pages(world):
    request = request_of(world.people["global"])
    rows = {name: page.get_queryset(request).first().pk for name, page in PAGES.items()}
    return [
        f"/admin/{name}/{rest}" for name in PAGES for rest in ("", f"{rows[name]}/change/", f"{rows[name]}/history/")
    ]


def _read(world, *roots):
    """[(who, address)] of everything that is read below these roots."""
    calls = (CALLS[name] for name in names(*roots, method="get"))
    return [(call.by, url_of(call, world)) for call in calls if call.status == 200]


@pytest.fixture(params=NASTY)
def spoil(request):
    """One of the texts, put into every column that can hold it."""

    def overwrite():
        with lifted():
            for field in filter(_ours, text_columns()):
                written(field.model._base_manager.all(), field, NASTY[request.param])

    return overwrite


class Page(HTMLParser):
    """What a browser would run of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.code: list[str] = []
        self.in_script = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.in_script = tag in {"script", "style"} and "json" not in str(dict(attributes).get("type"))
        self.code += [tag, *(name for name, _ in attributes)]
        self.code += [value or "" for name, value in attributes if name.startswith("on") or name == "style"]
        links = [value or "" for name, value in attributes if name in {"href", "src", "action", "formaction", "data"}]
        self.code += [link for link in links if link.lower().lstrip().startswith("javascript:")]

    def handle_endtag(self, tag):
        self.in_script = False

    def handle_data(self, data):
        if self.in_script:
            self.code.append(data)


def _refuse_code(path: str, answer) -> None:
    assert answer.status_code == 200, (path, answer.status_code)
    if answer.streaming:  # a table, which no browser runs
        assert b"".join(answer.streaming_content), path
        assert answer["Content-Type"].startswith("text/csv"), path
        return
    assert [part for part in Page(answer.content.decode()).code if MARK in part] == [], path


def test_pages(world, signed_in, spoil):
    """The console, the browsable API and Django's admin."""
    pages = [*_console_pages(world), *_own_pages(world), *(("global", path) for path in _admin_pages(world))]
    pages += _read(world, "institution", "admin", "me")
    pages += [(who, path) for who in ("admin", "global") for path in ("/", "/console/", "/signin/password/")]
    browsers = {who: signed_in(who) for who in {who for who, _ in pages}}
    spoil()
    for who, path in pages:
        _refuse_code(path, browsers[who].get(path, follow=True))
    download = browsers["admin"].get(f"/console/{world.home.institution.pk}/imports/{world.home.job.pk}/errors.csv")
    assert len(b"".join(download.streaming_content).splitlines()) >= 2
    paper = browsers["admin"].get(f"/console/{world.home.institution.pk}/{REPORT}report.pdf".format(**ids(world)))
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")


def test_answers(world, caller, spoil):
    calls = _read(world, "institution", "admin", "vle", "provider", "lapi", "me")
    clients = {who: caller(who) for who in {who for who, _ in calls}}
    spoil()
    assert {path: clients[who].get(path).status_code for who, path in calls} == {path: 200 for _, path in calls}


# Texts that are sent: code looks at them before a column does.


def _with_text(value, text):
    """The body with the text in the place of one of its texts, or with a file for it, one after the other."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in _with_text(inner, text):
                yield value | {name: other}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for other in _with_text(inner, text):
                yield [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, str):
        yield text


def _described(call) -> set[str]:
    """The keys that the schema names for this operation's body."""
    operation = SCHEMA["paths"].get(call.url, {}).get(call.method, {})
    found = [body["schema"] for body in operation.get("requestBody", {}).get("content", {}).values()]
    keys: set[str] = set()
    while found:
        schema = found.pop()
        if "$ref" in schema:
            schema = SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        keys |= schema.get("properties", {}).keys()
        found += [*schema.get("allOf", ()), *schema.get("oneOf", ())]
    return keys


ROOTS = ("institution", "admin", "vle", "lapi", "provider", "me")
WRITES = [name for name in names(*ROOTS) if CALLS[name].method != "get"]


@pytest.mark.parametrize("name", WRITES)
def test_no_text_that_is_sent_breaks_an_operation(name, world, caller):
    """Texts in the places of texts and at all other keys, and files where no file belongs."""
    call = CALLS[name]
    if call.before is not None:
        call.before(world)
    client, url, sent = caller(call.by), url_of(call, world), body_of(call, world)
    for text in (CODE + NESTED + LETTERS + NASTY["scheme"][0], MARKUP):  # the first is long
        bodies = [*_with_text(sent, text)]
        if isinstance(sent, dict):
            bodies += [sent | {key: text} for key in _described(call)]
        for body in bodies:
            with undone():
                assert request(client, call.method, url, body).status_code < 500, body
    plain = {key: value for key, value in (sent or {}).items() if isinstance(value, str | int)}
    for key in _described(call):
        with undone():
            body = plain | {key: SimpleUploadedFile("x.txt", b"text")}
            assert getattr(client, call.method)(url, body, format="multipart").status_code < 500, key
