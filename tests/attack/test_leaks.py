"""No operation and no page gives anything of another institution to anybody, or changes anything there.

Every text of the other institution is marked. Whatever is asked - its own pages, addresses with the other's ids, bodies
with the other's ids and texts, searches and filters for its texts - no answer holds the mark, and no row there changes.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, resolve
from django.utils import timezone
from rest_framework.test import APIClient

from console import paper
from console.tables import Table
from courses.models import AssessmentSession
from files.links import Links
from files.models import Kind, Made, StoredFile
from files.services import store
from institutions.models import Institution
from kernel.caller import CallerKind
from reports.models import Alert, Request, RequestResult
from rights.models import Bundle, ContestFile
from signin.models import CallerSession
from tests.admin.forms import PAGES
from tests.attack.conftest import everything
from tests.attack.texts import text_columns, written
from tests.conftest import client_of
from tests.console.conftest import downloads, ids
from tests.console.test_access import MATRIX
from tests.contract.calls import CALLS, body_of, ids_of, names, request, url_of
from tests.contract.conftest import undone, written_to
from tests.contract.declared import Call
from tests.contract.desk import DESK, NEXT_DESK, provider, stored_file
from tests.contract.test_access import REFUSALS
from tests.contract.test_answers import routes
from tests.contract.test_schema import SCHEMA
from tests.guards import lifted
from tests.rights.test_pages import PAGES as OWN_PAGES
from tests.rights.test_pages import address as own_page
from tests.world import FUTURE, World

MARK = "q9x-away"
MARKS = [f"{MARK}-text", f"{MARK}@example.org", f"https://{MARK}.example.org/"]
CALLERS = {
    "me": ("ann", "bob"),
    "institution": ("admin", "data", "teacher", "ann", "member"),
    "vle": ("vle",),
    "provider": ("desk",),
    "lapi": ("ann", "ann's session", "vle"),
    "admin": ("admin", "vle"),
}
SHARED = {"ks", "fr", "provider", "route", "language"}  # rows of no institution, and codes


def _keys(call: Call) -> set[str]:
    """What its address names of an institution's rows."""
    return {*re.findall(r"{(\w+)}", call.path)} - SHARED


@cache
def way_to_institution(model: type[Model]) -> str | None:
    """The shortest way of foreign keys from a row to its institution; None for tables of nobody's rows."""
    ways: deque[tuple[type[Model], str]] = deque([(model, "")])
    seen = {model}
    while ways:
        table, path = ways.popleft()
        if table is Institution:
            return path or "pk"
        for field in table._meta.concrete_fields:
            if field.remote_field and field.related_model not in seen:
                seen.add(field.related_model)
                ways.append((field.related_model, f"{path}__{field.name}" if path else field.name))
    return None


def owned(world: World, tables: set[str] | None = None) -> Iterator[QuerySet]:
    """The rows of the other institution, by table."""
    for model in apps.get_models():
        is_asked = tables is None or model._meta.db_table in tables
        if is_asked and (way := way_to_institution(model)) is not None:
            yield model._base_manager.filter(**{way: world.away.institution.pk})


def everything_marked(world: World) -> None:
    everything(world)
    of_table = {rows.model: rows for rows in owned(world)}
    with lifted():
        marked = {
            f"{field.model.__name__}.{field.name}"
            for field in text_columns()
            if field.model in of_table and field.name != "password" and written(of_table[field.model], field, MARKS)
        }
    assert len(marked) > 40, marked


@pytest.fixture(scope="module")
def standing(stage):
    with stage(everything_marked) as before:
        yield before


def state(world: World, tables: set[str] | None = None) -> dict[str, list]:
    """{table: rows of the other institution}"""
    return {rows.model._meta.db_table: list(rows.order_by("pk").values_list()) for rows in owned(world, tables)}


def _refuse_mark(what: object, answer) -> None:
    assert MARK not in _told(answer) + str(answer.headers), what


def _told(answer) -> str:
    """All texts of the answer."""
    content = answer.getvalue()
    if is_zipfile(BytesIO(content)) and content.startswith(b"PK"):  # not the directory alone of a bundle
        with ZipFile(BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return content.decode(errors="replace")


def _with_foreign_ids(value: Any, foreign: dict[Any, set], told: str) -> Iterator[Any]:
    """The body with one value of the other institution in the place of one of its own, one after the other."""
    if isinstance(value, dict):
        for name, inner in value.items():
            for other in _with_foreign_ids(inner, foreign, told):
                yield value | {name: other}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for other in _with_foreign_ids(inner, foreign, told):
                yield [*value[:place], other, *value[place + 1 :]]
    elif isinstance(value, int | str) and not isinstance(value, bool):
        yield from foreign.get(value, ())
        if isinstance(value, str):
            yield told


@pytest.mark.parametrize("name", names(*CALLERS))
def test_operations(name, world, caller):
    call = CALLS[name]
    own, away = ids_of(world), ids_of(world, world.away)
    if call.before is not None:
        call.before(world)
    keys = sorted(_keys(call))
    paths = [url_of(call, world), *(url_of(call, world, **{key: away[key]}) for key in keys)]
    bodies = [body_of(call, world)]
    foreign: dict[Any, set] = {}
    for key, value in own.items():
        foreign.setdefault(value, set()).add(away[key])
    bodies += _with_foreign_ids(bodies[0], foreign, MARKS[0])
    before: dict[str, list] = {}  # of the tables that were written to: what is undone is as it was
    for who in CALLERS[call.resource.root]:
        client = caller(who)
        # Whoever is refused is refused before the body is read.
        others = bodies[1:] if call.answers[who] not in REFUSALS else []
        for path, body in [*((path, bodies[0]) for path in paths), *((paths[0], body) for body in others)]:
            with undone(), CaptureQueriesContext(connection) as queries:
                answer = request(client, call.method, path, body)
                told = json.dumps(body)
                if MARK not in told:
                    _refuse_mark((who, call.method, path, body), answer)
                assert answer.status_code < 500
                tables = written_to(queries)
                after = state(world, tables)
            before |= state(world, tables - before.keys())
            assert after == {table: before[table] for table in after}


@pytest.mark.parametrize(
    "name", [name for name in names("institution", "vle", "provider", "me", method="get") if CALLS[name].is_list]
)
def test_searches_and_filters(name, world, caller):
    call = CALLS[name]
    described = SCHEMA["paths"][call.url]["get"]["parameters"]
    parameters = {each["name"] for each in described if each["in"] == "query"} - {"limit", "offset", "ordering"}
    ids = {str(value) for key, value in ids_of(world, world.away).items() if key not in SHARED}
    for who in ("admin", "ann") if call.resource.root == "institution" else (call.by,):
        if call.answers[who] in REFUSALS:
            continue
        client, path = caller(who), url_of(call, world)
        for parameter in parameters:
            is_of_ids = parameter == "search" or parameter.endswith("id") or parameter in call.path
            for value in [MARKS[0], *(ids if is_of_ids else ())]:
                answer = client.get(path, {parameter: value})
                assert answer.status_code < 500
                # The address of the next page repeats what was asked for.
                assert MARK not in answer.getvalue().decode().replace(value, ""), (who, path, parameter, value)


@pytest.mark.parametrize("name", [name for name in names("institution", method="get") if CALLS[name].is_list])
def test_the_other_institution_sees_its_own_marks(name, world):
    # Lines of the trail come later: see tests/trail/test_api.py. Periods and deletions have no text.
    if name not in ("trail.list", "retention.list", "deletion.list") and not CALLS[name].resource.is_shared:
        path = url_of(CALLS[name], world, **ids_of(world, world.away))
        assert MARK in client_of(world.away.people[CALLS[name].by]).get(path, {"limit": 1000}).content.decode()


REPORT = "courses/{course}/activities/{activity}/reports"
CONSOLE = [
    *MATRIX, "imports/template.csv", "imports/{job}/result.csv", "imports/{job}/errors.csv", "people/{ann}/password/",
    f"{REPORT}.pdf", f"{REPORT}/{{report}}/report.pdf",
]  # fmt: skip
# No rows of an institution are behind these addresses, or nobody's rights: a link is of whom it was given to. Undo
# takes back what the same browser has done, and shows nothing.
ELSEWHERE = re.compile(
    r"|console/|signin/.*|signout/|transparency/.*|docs/|redoc/|schema/|favicon\.ico|[a-z]+|api/v2/auth/.*|session/.*"
    r"|models/.*|files/.*|ui/.*|console/<id:institution>/undo/|admin/(login|logout|password_change/done|jsi18n|autocomplete|r/.*)/?|admin/\^.*|admin/\(.*"
    r"|admin/\w+/\w+/<path:object_id>/"  # leads to change/
)


def console_pages(world: World) -> tuple[list[str], list[str]]:
    """The addresses of the own institution, and those with ids of the other one."""
    home, away, own, others = world.home.institution.pk, world.away.institution.pk, ids(world), ids(world, world.away)
    paths = [f"/console/{home}/{page}".format(**own) for page in CONSOLE]
    foreign = [f"/console/{away}/{page}".format(**others) for page in CONSOLE]
    foreign += [
        f"/console/{home}/{page}".format(**own | {key: others[key]})
        for page in CONSOLE
        for key in re.findall(r"{(\w+)}", page)
    ]
    return paths, foreign


def own_pages(world: World) -> tuple[list[str], list[str]]:
    paths = [own_page(page, world) for page in OWN_PAGES]
    return paths, [own_page(page, SimpleNamespace(home=world.away)) for page in OWN_PAGES if "{" in page]


def api_pages(world: World) -> tuple[list[str], list[str]]:
    """The browsable API. With ids of the other institution each operation is asked in `test_operations`."""
    calls = [CALLS[name] for name in names("institution", "me", "admin", method="get")]
    away = {name: value for name, value in ids_of(world, world.away).items() if name not in SHARED}
    away["i"] = world.home.institution.pk
    foreign = [url_of(call, world, **away) for call in calls if _keys(call) - {"i"}]
    return [url_of(call, world) for call in calls], foreign


def admin_pages(world: World) -> list[str]:
    """Django's admin, with the rows of the other institution."""
    paths = ["/admin/", "/admin/password_change/"]
    for name, page in PAGES.items():
        way = way_to_institution(page.model)
        rows = page.model._base_manager.filter(**{way: world.away.institution.pk}) if way else page.model._base_manager
        key = rows.values_list("pk", flat=True).first() or 1
        paths += [
            f"/admin/{name}/{rest}"
            for rest in ("", "add/", *(f"{key}/{word}/" for word in ("change", "history", "delete")))
        ]
    return paths


@pytest.mark.parametrize("who", ["admin", "data", "teacher", "ann"])
def test_pages(who, world, signed_in, monkeypatch):
    """The own pages and the browsable API, with their forms, links and files."""
    monkeypatch.setattr(paper, "pdf_of", lambda html: html.encode())  # a PDF is packed
    browser = signed_in(who)
    for path in [*console_pages(world)[0], *own_pages(world)[0], *api_pages(world)[0]]:
        answer = browser.get(path)
        _refuse_mark(path, answer)
        table = answer.context.get("table") if answer.context else None
        if isinstance(table, Table):
            file = path.partition("?")[0] + downloads(answer)["xlsx" if who == "admin" else "csv"]
            _refuse_mark(file, browser.get(file))


@pytest.mark.parametrize("who", ["admin", "data", "ann"])
def test_pages_of_the_other_institution(who, world, signed_in):
    """With its ids in the places of the own ones, and Django's admin: refused, and nothing is told."""
    browser = signed_in(who)
    paths = [*console_pages(world)[1], *own_pages(world)[1], *([] if who == "data" else api_pages(world)[1])]
    for path in paths:
        answer = browser.get(path)
        _refuse_mark(path, answer)
        assert answer.status_code in (403, 404), (path, answer.status_code)
    for path in [] if who == "data" else admin_pages(world):
        answer = browser.get(path, follow=True)
        _refuse_mark(path, answer)
        assert answer.status_code == 403, path


def test_its_own_people_see_the_marks_on_pages(world, signed_in):
    pages = {page: f"/console/{world.away.institution.pk}/{page}".format(**ids(world, world.away)) for page in CONSOLE}
    browser = signed_in("stranger")
    for page in ("", "learners/", "learners/?download=csv", "courses/{course}/", "imports/{job}/result.csv"):
        path, _, query = page.partition("?")
        assert MARK in _told(browser.get(f"{pages[path]}?{query}")), page


def test_every_address_is_asked(world):
    pages = [path for find in (console_pages, own_pages, api_pages) for path in find(world)[0]] + admin_pages(world)
    pages += [url_of(call, world) for call in CALLS.values()]
    asked = {resolve(path.partition("?")[0]).route for path in pages}
    assert [route for route in routes(get_resolver()) if route not in asked and not ELSEWHERE.fullmatch(route)] == []


def _downloads(answer) -> list[str]:
    """The link of a list that leads to it as a file, of one format or the other."""
    table = answer.context.get("table") if answer.context else None
    if not isinstance(table, Table):
        return []
    return [*downloads(answer).values()][:: len(answer.wsgi_request.path) % 2 * 2 - 1][:1]


def _routes(resolver, before: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _routes(each, route)
        else:
            yield route


# Files.

READABLE = {*Kind} - {Kind.BUNDLE, Kind.REPORT, Kind.REPORT_AUDIT, Kind.SESSION}  # the others are parts, or of before


def evidence(world: World) -> None:
    """A file of each kind in the other institution, which holds the mark."""
    home = world.away
    ann = home.people["ann"].learner
    session = AssessmentSession.objects.filter(institution=home.institution, learner=ann).first()
    files = {kind: stored_file(ann, kind, "marked") for kind in READABLE}
    type(home.document).objects.filter(pk=home.document.pk).update(pdf=files[Kind.CONSENT_PDF])
    Request.objects.filter(pk=home.request.pk).update(data=files[Kind.REQUEST])
    RequestResult.objects.filter(pk=home.result.pk).update(audit=files[Kind.RESULT_AUDIT])
    Alert.objects.create(
        institution=home.institution, activity=home.activity, learner=ann, session=session, level=1,
        raised_at=timezone.now(), data=files[Kind.ALERT],
    )  # fmt: skip
    ContestFile.objects.create(
        institution=home.institution, contest=home.contest, file=files[Kind.CONTEST], name="why.pdf"
    )
    Bundle.objects.filter(pk=home.bundle.pk).update(state="ready", expires_at=FUTURE)
    for file in StoredFile.objects.filter(institution=home.institution):
        store().save(file.storage_key, ContentFile(MARK))


def test_files(world, caller):
    """Links to files of the other institution, signed for callers of this one, and for a learner who is not theirs."""
    evidence(world)
    stored = StoredFile.objects.filter(institution=world.away.institution).order_by("pk")
    files = {(None, key): kind for kind, key in dict(stored.values_list("kind", "pk")).items()}  # the last of each kind
    desks = stored.filter(owner=world.away.people["bob"]).values_list("kind", "pk")
    files |= {(None, key): f"{kind} of the desk" for kind, key in dict(desks).items()}
    made = {Made.REPORT: world.away.report, Made.AUDIT: world.away.report_instrument, Made.BUNDLE: world.away.bundle}
    files |= {(what.value, row.pk): what for what, row in made.items()}
    for who in ("vle", "desk", "next desk", "away ann"):
        caller(who)  # credentials, and a session
    read: dict[str, set[str]] = {}
    for who, (kind, key) in _followers(world).items():
        sessions = CallerSession.objects.filter(user=key).values_list("pk", flat=True)
        links = Links(base="/files/", caller=SimpleNamespace(kind=kind, id=key, sent_by=None), seconds=60)
        for (what, row), name in files.items():
            path = links(row, f"file-{sessions.last() or 1}.zip", what)
            answer = APIClient().get(path)
            assert answer.status_code in (200, 404), (who, name)
            if answer.status_code == 200 and MARK in _told(answer):
                read.setdefault(who, set()).add(str(name))
    shown = {"consent_pdf", "request", "result_audit", "audit_made", "alert", "contest"}
    assert read == {
        "their admin": shown,
        "their data": shown,
        "their ann": {"consent_pdf", "contest", "bundle_made"},
        "their bob": {"consent_pdf"},
        NEXT_DESK: {f"{kind} of the desk" for kind in ("sample", "validation", "model", "request")},
    }


def _followers(world: World) -> dict[str, tuple[CallerKind, int]]:
    """Who follows links: kind and id of the caller."""
    own = {who: (CallerKind.PERSON, world.people[who].pk) for who in ("admin", "data", "teacher", "ann")}
    own |= {"vle": (CallerKind.VLE, world.home.vle.pk)}
    theirs = {f"their {who}": (CallerKind.PERSON, world.away.people[who].pk) for who in ("admin", "data", "ann", "bob")}
    desks = {who: (CallerKind.PROVIDER, provider(who).pk) for who in (DESK, NEXT_DESK)}
    return own | theirs | desks
