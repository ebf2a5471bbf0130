"""Paths: ids that are none, chains that are broken, both slash forms, verbs that nobody has, HEAD and OPTIONS."""

import re

import pytest

from courses.models import Activity, CourseGroup
from reports.models import Report
from tests.contract.calls import (
    BASE,
    CALLS,
    DEEPER,
    NAMES,
    QUIZ,
    RIGHT_CALLER,
    TOOLS,
    ids_of,
    name_of,
    request,
    send,
    url_of,
)
from tests.contract.document import operations

NO_IDS = [
    "0", "-1", "abc", "1.0", "01", "%20", "1e3", "null", "9999999999999999999", "99999999999999999999999999",
    str(2**63), str(2**64), str(2**64 + 1), "٣",
]  # fmt: skip
LAST = {
    "1": "i", "2": "vle", "3": "course", "6": "ic", "10": "ann", "11": "teacher", "12": "ann", "15": "teacher",
    "16": "ann", "17": "activity", "18": "tool", "4": "group", "5": "course", "9": "ui", "13": "category",
    "14": "assignment", "19": "report", "20": "request", "21": "ks",
}  # fmt: skip
DETAILS = [n for n in CALLS if f"{{{LAST.get(n.split('.')[0])}}}" in CALLS[n].path]


@pytest.mark.parametrize("number", DETAILS, ids=name_of)
def test_what_is_no_id_is_404(number, caller, world):
    client = caller(RIGHT_CALLER.get(number, "admin"))
    for text in NO_IDS:
        url = url_of(CALLS[number], world, **{LAST[number.split(".")[0]]: text})
        answer = request(client, CALLS[number].method, url, CALLS[number].body)
        assert answer.status_code == 404, (text, answer.status_code)
        assert answer["Content-Type"] == "application/json"


def number_parents(number: str) -> list[str]:
    """The parents below the institution, by their names in the path: of 18 the course and the activity."""
    words = re.findall(r"\{(\w+)\}/(?=\w)", CALLS[number].path)
    return words[1:] if number.split(".")[0] in DEEPER else []


PARENTED = [(number, parent) for number in CALLS for parent in number_parents(number)]


@pytest.mark.parametrize("text", NO_IDS)
def test_no_id_anywhere_above_is_404(text, caller, world):
    for number, call in CALLS.items():
        if number != "1.1":
            client = caller(RIGHT_CALLER.get(number, "admin"))
            assert request(client, call.method, url_of(call, world, i=text), call.body).status_code == 404, number
    for number, parent in PARENTED:
        url = url_of(CALLS[number], world, **{parent: text})
        assert request(caller("admin"), CALLS[number].method, url, CALLS[number].body).status_code == 404, number
    assert caller("admin").get(f"{BASE}{world.home.institution.pk}/instrument/{text}/").status_code == 404
    for number, call in CALLS.items():
        for name in ("course", "activity", "report"):
            if f"{{{name}}}/" in call.path.rpartition("{")[0]:
                client, url = caller("admin"), url_of(call, world, **{name: text})
                assert request(client, call.method, url, call.body).status_code == 404, (number, name)


UNKNOWN = 987654321


@pytest.mark.parametrize("who", ["admin", "global"])
@pytest.mark.parametrize("number", [n for n in CALLS if n != "1.1"], ids=name_of)
def test_unknown_institution_is_404(number, who, caller, world):
    call = CALLS[number]
    answer = request(caller(who), call.method, url_of(call, world, i=UNKNOWN), call.body)
    # A global admin may enter wherever there is something to enter; without the verb it ends there.
    assert answer.status_code in ({404} if who == "admin" else {403, 404})
    assert answer.status_code == 404 or call.method != "get" or number == "12.7"


@pytest.mark.parametrize("number", [n for n in DETAILS if not n.startswith("1.")], ids=name_of)
def test_unknown_row_is_404(number, caller, world):
    call = CALLS[number]
    url = url_of(call, world, **{LAST[number.split(".")[0]]: UNKNOWN})
    assert request(caller(RIGHT_CALLER.get(number, "admin")), call.method, url, call.body).status_code == 404


@pytest.mark.parametrize(("number", "parent"), PARENTED, ids=[f"{name_of(n)}-{parent}" for n, parent in PARENTED])
@pytest.mark.parametrize("who", ["admin", "global", "member"])
def test_row_under_an_unknown_parent_is_404_never_an_empty_page(number, parent, who, caller, world):
    call = CALLS[number]
    for key in (UNKNOWN, ids_of(world, world.away)[parent]):
        answer = request(caller(who), call.method, url_of(call, world, **{parent: key}), call.body)
        assert answer.status_code == 404


@pytest.mark.parametrize(("number", "parent"), PARENTED, ids=[f"{name_of(n)}-{parent}" for n, parent in PARENTED])
def test_row_under_another_parent_of_the_institution_is_404(number, parent, caller, world):
    """What exists is not found, and nothing is made, in a chain that is not its own."""
    call, last = CALLS[number], CALLS[number].path.rstrip("/").rpartition("/")[2]
    other = _other(world, parent)
    is_list = not last.startswith("{") and last != "en"
    if is_list and parent == number_parents(number)[-1]:
        return  # that parent has rows of its own, and takes new ones
    answer = request(caller("admin"), call.method, url_of(call, world, **{parent: other}), call.body)
    assert answer.status_code == 404


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


# What is beside the document.
BESIDE = {
    "2.credentials": 201, "3.delete": 204, "10.profile": 200, "10.activities": 200, "12.erase": 204,
}  # fmt: skip


@pytest.mark.parametrize("number", list(CALLS), ids=name_of)
def test_both_slash_forms_answer_the_same_without_redirect(number, caller, world, django_capture_on_commit_callbacks):
    """The bare form does the operation; reading answers the very bytes of the other form."""
    call, client = CALLS[number], caller(RIGHT_CALLER.get(number, "admin"))
    if call.before is not None:
        call.before(world)
    url = url_of(call, world)
    if call.method == "get":
        slashed = client.get(f"{url}?limit=1000")  # no link to a next page, which would differ
        bare = client.get(f"{url.rstrip('/')}?limit=1000")
        assert bare.content == slashed.content
    else:
        bare = request(client, call.method, url.rstrip("/"), call.body)
    status = operations()[number].status if number in operations() else BESIDE[number]
    assert bare.status_code == status
    assert "Location" not in bare


def test_bare_form_keeps_the_query(caller, world):
    url = url_of(CALLS["10.1"], world).rstrip("/")
    body = caller("admin").get(f"{url}?limit=1&offset=1").json()
    assert len(body["results"]) == 1
    assert body["next"] == f"http://testserver{url}?limit=1&offset=2"
    assert body["previous"] == f"http://testserver{url}?limit=1"


# Path -> the verbs that the contract gives to anybody there. 3: DELETE is the extension of A2.
VERBS = {
    "": "get",
    "{i}/": "get put patch",
    "{i}/vle/": "get post",
    "{i}/vle/{vle}/": "get put patch delete",
    "{i}/vle/{vle}/credentials/": "post",
    "{i}/course/": "get",
    "{i}/course/{course}/": "get delete",
    "{i}/group/": "get post",
    "{i}/group/{group}/": "get put patch delete",
    "{i}/group/{group}/course/": "get post",
    "{i}/group/{group}/course/{course}/": "get put patch delete",
    "{i}/ic/": "get post",
    "{i}/ic/{ic}/": "get put patch delete",
    "{i}/ic/current/": "get",
    "{i}/ic/{ic}/document/": "get post",
    "{i}/ic/{ic}/document/en/": "get put patch delete",
    "{i}/instrument/": "get",
    "{i}/instrument/1/": "get",
    "{i}/ui/": "get post",
    "{i}/ui/{ui}/": "get put patch delete",
    "{i}/user/": "get post",
    "{i}/user/{ann}/": "get put patch delete",
    "{i}/user/{ann}/profile/": "post",
    "{i}/user/{ann}/activities/": "get",
    "{i}/instructor/": "get post",
    "{i}/instructor/{teacher}/": "get put patch delete",
    "{i}/learner/": "get post",
    "{i}/learner/{ann}/": "get put patch delete",
    "{i}/learner/{ann}/enrolment/": "get delete",
    "{i}/learner/{ann}/ic/": "post delete",
    "{i}/course/{course}/instructor/": "get post",
    "{i}/course/{course}/instructor/{teacher}/": "get put patch delete",
    "{i}/course/{course}/learner/": "get post",
    "{i}/course/{course}/learner/{ann}/": "get put patch delete",
    "{i}/course/{course}/activity/": "get post",
    "{i}/course/{course}/activity/{activity}/": "get put patch delete",
    TOOLS: "get post",
    f"{TOOLS}{{tool}}/": "get put patch delete",
    "{i}/learner/{ann}/send/": "get post",
    "{i}/learner/{ann}/send/{assignment}/": "get put patch delete",
    "{i}/send/": "get post",
    "{i}/send/{category}/": "get put patch delete",
    f"{QUIZ}report/": "get",
    f"{QUIZ}report/{{report}}/": "get",
    f"{QUIZ}report/{{report}}/request/": "get",
    f"{QUIZ}report/{{report}}/request/{{request}}/": "get",
    f"{QUIZ}report/{{report}}/audit/": "get",
    f"{QUIZ}report/{{report}}/audit/{{ks}}/": "get",
}
RESOURCE = {call.path: NAMES[number.split(".")[0]] for number, call in CALLS.items()}
PATHS = [pytest.param(path, id=f"{RESOURCE[path]}-{path or 'root'}") for path in VERBS]


def test_every_path_has_its_verbs():
    for path, verbs in VERBS.items():
        assert {call.method for call in CALLS.values() if call.path == path} == set(verbs.split())


@pytest.mark.parametrize("path", PATHS)
def test_verb_that_nobody_has_is_405_for_members(path, caller, world):
    url = BASE + path.format(**ids_of(world))
    for method in {"get", "post", "put", "patch", "delete"} - set(VERBS[path].split()):
        for who, status in (("admin", 405), ("ann", 405), ("global", 405), ("stranger", 404), ("anonymous", 401)):
            expected = 405 if path == "" and status == 404 else status  # the root list has no strangers
            answer = request(caller(who), method, url, {})
            # Whom the parent of an own path lets in, but no row of it is found, may also be answered 404.
            assert answer.status_code == expected, (method, who)
            if expected == 405:
                allowed = {verb.strip().lower() for verb in answer["Allow"].split(",")}
                assert allowed - {"head", "options"} == set(VERBS[path].split())


@pytest.mark.parametrize("path", [p for p in PATHS if "get" in VERBS[p.values[0]]])
def test_head_is_get_without_a_body(path, caller, world):
    url = BASE + path.format(**ids_of(world))
    for who in ("admin", "member", "stranger", "anonymous"):
        get, head = caller(who).get(url), caller(who).head(url)
        assert head.status_code == get.status_code
        assert head.content == b""
        assert head["Content-Type"] == get["Content-Type"]


@pytest.mark.parametrize("path", PATHS)
def test_options_tells_members_the_verbs_and_others_nothing(path, caller, world):
    url = BASE + path.format(**ids_of(world))
    answer = caller("admin").options(url)
    assert answer.status_code == 200
    assert set(answer["Allow"].lower().split(", ")) - {"head", "options"} == set(VERBS[path].split())
    assert list(answer.json()) == ["name", "description", "renders", "parses"]
    assert caller("anonymous").options(url).status_code == 401
    assert caller("stranger").options(url).status_code == (200 if path == "" else 404)


def test_404_outside_the_tree_is_json(caller, world):
    for url in ("/api/v2/nothing/", "/nothing", f"{BASE}{world.home.institution.pk}/nothing/"):
        answer = caller("admin").get(url)
        assert answer.status_code == 404
        assert answer.json() == {"detail": "Not found."}


def test_malformed_json_is_400_and_another_media_type_415(caller, world):
    url = url_of(CALLS["2.1"], world)
    client = caller("admin")
    for text in ("{", "[1,", "NaN", '{"name": 1e999}', "", b"\xff\xfe"):
        answer = client.post(url, text, content_type="application/json")
        assert answer.status_code == 400, text
    for text in ("[]", '"name"', "1", "null", "true"):
        assert client.post(url, text, content_type="application/json").status_code == 400, text
    assert client.post(url, "<vle/>", content_type="application/xml").status_code == 415


def test_deep_json_is_400(caller, world):
    deep = "[" * 100_000 + "]" * 100_000
    answer = caller("admin").post(url_of(CALLS["2.1"], world), deep, content_type="application/json")
    assert answer.status_code == 400


def test_unknown_and_read_only_keys_are_ignored(caller, world):
    body = {"type": 0, "name": "Other", "id": 99, "institution": world.away.institution.pk, "lti": {"x": 1}, "nope": []}
    answer = send(caller("admin"), CALLS["2.4"], world)
    assert answer.status_code == 200
    answer = request(caller("admin"), "put", url_of(CALLS["2.4"], world), body)
    assert answer.status_code == 200
    assert answer.json()["id"] == world.home.vle.pk
    assert answer.json()["lti"] == {"consumer_key": "k"}
    world.home.vle.refresh_from_db()
    assert world.home.vle.institution_id == world.home.institution.pk
