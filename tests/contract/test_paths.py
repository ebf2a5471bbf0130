"""Paths: ids that are none, chains that are broken, both slash forms, verbs that nobody has, HEAD and OPTIONS."""

from collections import defaultdict
from urllib.parse import unquote

import pytest
from django.urls import Resolver404, resolve

from courses.models import Activity, CourseGroup
from reports.models import Report
from tests.contract.calls import BASE, CALLS, body_of, ids_of, names, request, send, url_of
from tests.contract.conftest import undone
from tests.contract.declared import RIGHT_CALLERS

NO_IDS = [
    "0", "-1", "abc", "1.0", "01", "%20", "1e3", "null", "9999999999999999999", "99999999999999999999999999",
    str(2**63), str(2**64), str(2**64 + 1), "٣",
]  # fmt: skip
UNKNOWN = 987654321
EVERYWHERE = names("institution", "admin", "vle", "provider", "me", "lapi")
TREE = names("institution", "admin", "vle", "provider", "me")
NO_ROWS = ("provider_available.read", "provider_used.read")  # what these lists hold is read elsewhere
OWN_ROWS = ("vle", "desk")  # of a module, which has no other


def ids_in(call) -> list[str]:
    """The names of the ids in the call's own path."""
    return [name for name in call.resource.ids.split() if f"{{{name}}}" in call.path]


def answered(client, call, world, **other) -> int:
    with undone():
        return request(client, call.method, url_of(call, world, **other), body_of(call, world)).status_code


def is_in_the_tree(path: str) -> bool:
    try:
        resolve(unquote(path))
    except Resolver404:
        return False
    return True


def status_of_nothing(call, where: str) -> int:
    """The learner of an attachment is checked as a body is (tests/reports/test_attachment.py)."""
    return 400 if (call.resource.name, where) == ("vle_attachment", "learner_id") else 404


@pytest.mark.parametrize("name", EVERYWHERE)
def test_what_is_no_id_is_404(name, caller, world):
    """Each id of the path is replaced by texts that are no id."""
    call = CALLS[name]
    client = caller(call.by)
    for where in ids_in(call):
        for text in NO_IDS:
            url = url_of(call, world, **{where: text})
            if text == "abc" or is_in_the_tree(url):
                answer = request(client, call.method, url, body_of(call, world))
                expected = status_of_nothing(call, where)
                assert (answer.status_code, answer["Content-Type"]) == (expected, "application/json"), (where, text)


@pytest.mark.parametrize("name", [name for name in names("institution") if "{i}" in CALLS[name].path])
def test_unknown_institution_is_404(name, caller, world):
    call = CALLS[name]
    assert answered(caller("admin"), call, world, i=UNKNOWN) == 404
    # A global admin may enter wherever there is something to enter; without the verb it ends there.
    status = answered(caller("global"), call, world, i=UNKNOWN)
    assert status == 404 or (status == 403 == call.answers["global"])


@pytest.mark.parametrize(
    "name", [name for name in TREE if CALLS[name].is_of_row and CALLS[name].resource.own not in OWN_ROWS]
)
def test_unknown_row_is_404(name, caller, world):
    call = CALLS[name]
    expected = 403 if call.name in NO_ROWS else status_of_nothing(call, call.resource.own)
    assert answered(caller(call.by), call, world, **{call.resource.own: UNKNOWN}) == expected
    if call.resource.root == "admin":  # others are told nothing by it
        assert answered(caller("admin"), call, world, **{call.resource.own: UNKNOWN}) == 403
        assert answered(caller("anonymous"), call, world, **{call.resource.own: UNKNOWN}) == 401


PARENTED = [name for name in names("institution") if CALLS[name].resource.parents]


@pytest.mark.parametrize("name", PARENTED)
def test_row_under_an_unknown_parent_is_404_never_an_empty_page(name, caller, world):
    call, foreign = CALLS[name], ids_of(world, world.away)
    for parent in call.resource.parents:
        for who in ("admin", "global", "member"):
            client = caller(who)
            for key in (UNKNOWN, foreign[parent]):
                assert answered(client, call, world, **{parent: key}) == 404, (parent, who, key)


def test_providers_of_an_unknown_instrument_are_404(caller, world):
    client = caller("global")
    for name in names("admin"):
        if "{fr}/provider/" in CALLS[name].path:
            assert answered(client, CALLS[name], world, fr=UNKNOWN) == 404, name


@pytest.mark.parametrize("name", PARENTED)
def test_row_under_another_parent_of_the_institution_is_404(name, caller, world):
    """What exists is not found, and nothing is made, in a chain that is not its own."""
    call = CALLS[name]
    parents = call.resource.parents if call.is_of_row else call.resource.parents[:-1]
    for parent in parents:  # a list's own parent has rows of its own, and takes new ones
        assert answered(caller("admin"), call, world, **{parent: _other(world, parent)}) == 404, parent


def _other(world, parent: str) -> int:
    """Another row of the same institution and kind."""
    home = world.home
    if parent == "activity":
        return Activity.objects.create(
            institution=home.institution, vle=home.vle, course=home.course, vle_activity_type="quiz",
            vle_activity_id="other",
        ).pk  # fmt: skip
    if parent == "report":
        pair = {"institution": home.institution, "activity": home.activity}
        return Report.objects.create(**pair, learner_id=home.people["bob"].pk).pk
    if parent == "group":
        return CourseGroup.objects.create(institution=home.institution, name="Other").pk
    return {"ic": home.newer_consent, "course": home.other_course, "ann": home.people["bob"]}[parent].pk


@pytest.mark.parametrize("language", ["fr", "e", "en.json", "en_", "%00", "x" * 300, "1"])
def test_unknown_language_is_404(language, caller, world):
    url = f"{BASE}{world.home.institution.pk}/ic/{world.home.consent.pk}/document/{language}/"
    assert caller("admin").get(url).status_code == 404


@pytest.mark.parametrize("root", ["institution", "admin", "vle", "provider", "lapi", "me"])
def test_both_slash_forms_answer_the_same_without_redirect(root, caller, world):
    """The bare form does the operation; reading answers the very bytes of the other form."""
    for name in names(root):
        call = CALLS[name]
        with undone():
            client = caller(call.by)
            if call.before is not None:
                call.before(world)
            url = url_of(call, world)
            if call.method == "get":
                slashed = client.get(f"{url}?limit=1000")  # no link to a next page, which would differ
                bare = client.get(f"{url.rstrip('/')}?limit=1000")
                assert bare.getvalue() == slashed.getvalue(), name
            else:
                bare = request(client, call.method, url.rstrip("/"), body_of(call, world))
            assert (bare.status_code, bare.has_header("Location")) == (call.status, False), name


def test_bare_form_keeps_the_query(caller, world):
    url = url_of(CALLS["user.list"], world).rstrip("/")
    body = caller("admin").get(f"{url}?limit=1&offset=1").json()
    assert len(body["results"]) == 1
    assert body["next"] == f"http://testserver{url}?limit=1&offset=2"
    assert body["previous"] == f"http://testserver{url}?limit=1"


METHODS = {"get", "post", "put", "patch", "delete"}
VERBS: dict[str, set[str]] = defaultdict(set)  # address with the world's rows -> what somebody may do there
ROOT_OF = {}
for _call in CALLS.values():
    VERBS[_call.path].add(_call.method)
    ROOT_OF[_call.path] = _call.resource.root
PATHS = [path for path in VERBS if ROOT_OF[path] != "lapi"]
# What others are told of a verb that nobody has: as much as of the others.
NO_VERB = {
    "institution": {"admin": 405, "ann": 405, "global": 405, "stranger": 404, "anonymous": 401},
    "admin": {"global": 405, "admin": 403, "anonymous": 401},
    "vle": {"vle": 405, "sister vle": 403, "admin": 403, "anonymous": 401},
    "provider": {"desk": 405, "next desk": 403, "admin": 403, "anonymous": 401},
    "me": {"ann": 405, "bob": 405, "vle": 403, "anonymous": 401},
}
NO_LIST = {("/api/v2/vle/", "vle"), ("/api/v2/provider/", "desk")}  # a module does not see what others there are


def address(path: str, world) -> str:
    (call, *_) = [call for call in CALLS.values() if call.path == path]
    if call.before is not None:
        call.before(world)
    return url_of(call, world)


@pytest.mark.parametrize("path", PATHS)
def test_verb_of_no_caller_is_405_for_who_may_enter(path, caller, world):
    url = address(path, world)
    for who, status in NO_VERB[ROOT_OF[path]].items():
        client, expected = caller(who), status
        if path == BASE and who == "stranger":
            expected = 405
        if (path, who) in NO_LIST:
            expected = 403
        for method in METHODS - VERBS[path]:
            answer = request(client, method, url, {})
            assert answer.status_code == expected, (method, who)
            if expected == 405:
                allowed = {verb.strip().lower() for verb in answer["Allow"].split(",")}
                assert allowed - {"head", "options"} == VERBS[path]


READERS = {"institution": ("admin", "member", "stranger", "anonymous"), "admin": ("global", "admin", "anonymous"),
           "vle": ("vle", "sister vle", "anonymous"), "provider": ("desk", "next desk", "anonymous"),
           "me": ("ann", "bob", "vle", "anonymous")}  # fmt: skip


@pytest.mark.parametrize("path", [path for path in PATHS if "get" in VERBS[path]])
def test_head_is_get_without_a_body(path, caller, world):
    url = address(path, world)
    for who in READERS[ROOT_OF[path]]:
        client = caller(who)
        get, head = client.get(url), client.head(url)
        assert (head.status_code, head.content) == (get.status_code, b""), who
        assert head["Content-Type"] == get["Content-Type"]


@pytest.mark.parametrize("path", [path for path in PATHS if path not in {root for root, _ in NO_LIST}])
def test_options_tells_members_the_verbs_and_others_nothing(path, caller, world):
    url, root = address(path, world), ROOT_OF[path]
    answer = caller(RIGHT_CALLERS[root]).options(url)
    assert answer.status_code == 200
    assert set(answer["Allow"].lower().split(", ")) - {"head", "options"} == VERBS[path]
    assert {"name", "description", "renders", "parses"} >= {*answer.json()}
    assert caller("anonymous").options(url).status_code == 401
    refused = {"institution": 200 if path == BASE else 404, "admin": 403, "vle": 403, "provider": 403, "me": 403}[root]
    assert caller("vle" if root == "me" else "stranger").options(url).status_code == refused


def test_404_outside_the_tree_is_json(caller, world):
    for url in ("/api/v2/nothing/", "/nothing", f"{BASE}{world.home.institution.pk}/nothing/"):
        answer = caller("admin").get(url)
        assert answer.status_code == 404
        assert answer.json() == {"detail": "Not found."}


def test_malformed_json_is_400_and_another_media_type_415(caller, world):
    url = url_of(CALLS["vle.list"], world)
    client = caller("admin")
    for text in ("{", "[1,", "NaN", '{"name": 1e999}', "", b"\xff\xfe"):
        answer = client.post(url, text, content_type="application/json")
        assert answer.status_code == 400, text
    for text in ("[]", '"name"', "1", "null", "true"):
        assert client.post(url, text, content_type="application/json").status_code == 400, text
    assert client.post(url, "<vle/>", content_type="application/xml").status_code == 415


def test_deep_json_is_400(caller, world):
    deep = "[" * 100_000 + "]" * 100_000
    answer = caller("admin").post(url_of(CALLS["vle.list"], world), deep, content_type="application/json")
    assert answer.status_code == 400


def test_unknown_and_read_only_keys_are_ignored(caller, world):
    body = {"type": 0, "name": "Other", "id": 99, "institution": world.away.institution.pk, "lti": {"x": 1}, "nope": []}
    answer = send(caller("admin"), CALLS["vle.put"], world)
    assert answer.status_code == 200
    answer = request(caller("admin"), "put", url_of(CALLS["vle.put"], world), body)
    assert answer.status_code == 200
    assert answer.json()["id"] == world.home.vle.pk
    assert answer.json()["lti"] == {"consumer_key": "k"}
    world.home.vle.refresh_from_db()
    assert world.home.vle.institution_id == world.home.institution.pk
