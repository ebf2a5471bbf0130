"""An id of another institution and an id of nobody are the same to every caller: status, body, number of statements."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.models import Activity, ActivityInstrument
from institutions.models import Provider
from tests.captures import FA, KS, PLAG, archive, consented, sample, session_for
from tests.contract import calls, desk, vle_calls
from tests.contract.calls import ids_of
from tests.world import rewritten

NOBODYS_ID, UNKNOWN_UUID = 987_654_321, "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e11"
WHO = ("global", "admin", "legal", "data", "send", "teacher", "bob", "ann", "member", "stranger", "vle", "anonymous")
WHO_OF_VLES = ("vle", "away vle", "sister vle", "admin", "anonymous")
# Rows of no institution; codes; and the UUIDs of learners, which are tried below with unknown ones of their own kind.
SHARED = {"ks", "fr", "provider", "route", "language", "learner_id"}
WHO_OF_PROVIDERS = ("desk", "next desk", "provider", "admin", "anonymous")
NOBODYS = {"bob_uuid": "7b0dd3a1-5f3c-4b3e-9b57-2f4a5a7c1e12"}
# Who may look into the other institution: an id of it in the place of the first one is no unknown id for them.
AT_HOME_THERE = {"i": {"global", "stranger"}, "vle": {"away vle"}, "desk": {"next desk"}}


# People whose rights are columns of their own rows, and learners of one course. Those of a group who are refused are
# refused by one line of code, whatever they ask for (test_access.py): of them one asks, another one for each operation.
ALIKE = (("admin", "legal", "data", "send", "member"), ("bob", "ann"))


class Operation(NamedTuple):
    name: str
    method: str
    path: str  # names in braces are filled from the world
    body: Any
    before: Any
    who: tuple[str, ...]


def _operations() -> Iterator[Operation]:
    """All declared operations whose address names a row; those of captures are below, with ids of their own kind."""
    for name in calls.names("institution", "vle", "provider", "me"):
        call = calls.CALLS[name]
        who = {"vle": WHO_OF_VLES, "provider": WHO_OF_PROVIDERS}.get(call.resource.root, WHO)
        yield Operation(name, call.method, call.path, call.body, call.before, _asking(call, who))


def _asking(call: calls.Call, who: tuple[str, ...]) -> tuple[str, ...]:
    left_out: set[str] = set()
    for group in ALIKE:
        refused = [one for one in group if one in who and call.answers.get(one) in (401, 403)]
        left_out.update(refused)
        left_out -= {*refused[len(call.name) % max(len(refused), 1) :][:1]}
    return tuple(one for one in who if one not in left_out)


OPERATIONS = [operation for operation in _operations() if "{" in operation.path]


def answered(client, method: str, url: str, body: Any, *unknown: object) -> tuple[int, str, int]:
    """What a caller can tell of an answer, without the unknown id that was asked for."""
    more = {} if body is None else {"data": body, "format": "json"}
    assert connection.features.supports_json_field  # which SQLite is asked once in each process
    with CaptureQueriesContext(connection) as captured:
        answer = getattr(client, method)(url, **more)
    text = answer.content.decode()
    for value in unknown:
        text = text.replace(str(value), "?")
    return answer.status_code, text, len(captured)


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.name) for operation in OPERATIONS])
def test_ids_in_addresses(operation, world, caller):
    if operation.who == WHO_OF_PROVIDERS:
        desk.stand(world)
    if operation.before is not None:
        operation.before(world)
    operation = operation._replace(body=operation.body(world) if callable(operation.body) else operation.body)
    own, foreign = ids_of(world), ids_of(world, world.away)
    for who in operation.who:
        client = caller(who)
        for name in re.findall(r"{(\w+)}", operation.path):
            if name not in SHARED and who not in AT_HOME_THERE.get(name, ()):
                _compare(client, operation, own, name, foreign[name], who)


@pytest.mark.parametrize(
    "operation", [pytest.param(each, id=each.name) for each in OPERATIONS if each.who == WHO_OF_VLES]
)
def test_ids_of_another_vle_in_addresses(operation, world, caller):
    own, client = ids_of(world), caller("vle")
    for name, key in calls.ids_of_vle(vle_calls.Sister(world.home)).items():
        if f"{{{name}}}" in operation.path and key != own[name]:
            _compare(client, operation, own, name, key, "vle")


@pytest.mark.parametrize("name", calls.names("admin", is_of_row=True))
def test_administration_is_the_same_to_others_whatever_is_there(name, world, caller):
    call = calls.CALLS[name]
    if call.before is not None:
        call.before(world)
    Provider.objects.get_or_create(
        acronym="p1", defaults={"name": "P", "version": "1", "queue": "p1", "instrument_id": 1}
    )
    there = calls.url_of(call, world)
    unknown = re.sub(r"/\d+/(\w*/?)$", rf"/{NOBODYS_ID}/\1", there)
    assert unknown != there
    for who in _asking(call, WHO):
        if who == "global":
            continue
        client = caller(who)
        theirs, nobodys = (answered(client, call.method, url, calls.body_of(call, world)) for url in (there, unknown))
        assert theirs[0] >= 400, who
        assert theirs == nobodys, who


def _compare(client, operation: Operation, own: dict[str, Any], name: str, key: int, who: str) -> None:
    theirs, nobodys = (
        answered(client, operation.method, operation.path.format(**own | {name: unknown}), operation.body)
        for unknown in (key, NOBODYS.get(name, NOBODYS_ID))
    )
    assert theirs[0] >= 400, (who, name)
    assert theirs == nobodys, (who, name)


# Ids in bodies and in query strings, for who may do the rest of what is asked. "?" is the id in question, of the row
# that stands behind it.

COURSE, TOOLS = "institution/{i}/course/{course}/", "institution/{i}/course/{course}/activity/{activity}/instrument/"
NEEDS = "institution/{i}/learner/{ann}/send/"
GROUP = "institution/{i}/group/{group}/"
OF_VLE = "vle/{vle}/course/{course}/activity/{activity}/"
NEW_TOOL = {"instrument_id": 3, "active": True, "alternative_to": "?"}
ALERT = {
    "learner_id": "{uuid}", "level": "warning", "course_id": "{course}", "activity_id": "{activity}", "data": {},
    "raised_at": "2026-11-25T09:00:00Z",
}  # fmt: skip
VERIFICATION = sample(learner_id="{uuid}", course_id="{course}", activity_id="{activity}")
DOCUMENT = sample(archive(), "application/zip", (PLAG,))
QUIZ_OF_VLE = {"vle_activity_type": "quiz", "vle_activity_id": "1", "vle_learner_uid": "ann"}
UNKNOWN = [
    ("admin, data", "post", "institution/{i}/group/", {"name": "x", "parent": "?"}, "group"),
    ("admin, data", "put", GROUP, {"name": "x", "parent": "?"}, "group"),
    ("admin, data", "patch", GROUP, {"parent": "?"}, "group"),
    ("admin, member", "get", "institution/{i}/group/?parent=?", None, "group"),
    ("admin, data", "post", f"{GROUP}course/", {"id": "?"}, "course"),
    ("admin, data", "put", f"{GROUP}course/{{course}}/", {"id": "?"}, "course"),
    ("admin, data", "patch", f"{GROUP}course/{{course}}/", {"id": "?"}, "course"),
    ("admin, member", "get", f"{GROUP}course/?vle_id=?", None, "vle"),
    ("admin", "post", "institution/{i}/ui/", {"route": "x", "user": "?"}, "ann"),
    ("admin", "put", "institution/{i}/ui/{ui}/", {"route": "x", "user": "?"}, "ann"),
    ("admin", "patch", "institution/{i}/ui/{ui}/", {"user": "?"}, "ann"),
    ("admin, send", "post", NEEDS, {"category": "?"}, "category"),
    ("admin, send", "put", f"{NEEDS}{{assignment}}/", {"category": "?"}, "category"),
    ("admin, send", "patch", f"{NEEDS}{{assignment}}/", {"category": "?"}, "category"),
    ("admin, teacher", "post", TOOLS, NEW_TOOL, "tool"),
    ("admin, teacher", "put", f"{TOOLS}{{tool}}/", NEW_TOOL, "tool"),
    ("admin, teacher", "patch", f"{TOOLS}{{tool}}/", {"alternative_to": "?"}, "tool"),
    ("admin, teacher", "post", f"{COURSE}instructor/", {"uid": "?"}, "uid"),
    ("admin, teacher", "patch", f"{COURSE}instructor/{{teacher}}/", {"uid": "?"}, "uid"),
    ("admin, teacher", "post", f"{COURSE}learner/", {"uid": "?"}, "uid"),
    ("admin, teacher", "put", f"{COURSE}learner/{{ann}}/", {"uid": "?"}, "uid"),
    ("admin, data, member", "get", "institution/{i}/user/?search=?", None, "uid"),
    ("admin, teacher, member", "get", "institution/{i}/learner/?id=?", None, "ann"),
    ("admin, teacher, ann", "get", "institution/{i}/learner/?uid=?", None, "uid"),
    ("admin, ann, teacher", "get", "institution/{i}/learner/{ann}/enrolment/?activity_id=?", None, "activity"),
    ("admin, member", "get", "institution/{i}/course/?search=?", None, "course"),
    ("vle", "get", "vle/{vle}/course/?vle=?", None, "vle"),
    ("vle", "get", "vle/{vle}/course/{course}/activity/?course_id=?&vle_id={vle}", None, "course"),
    ("vle", "get", "vle/{vle}/course/{course}/activity/?vle_id=?", None, "vle"),
    ("vle", "post", f"{OF_VLE}instrument/", NEW_TOOL | {"instrument": 3}, "tool"),
    ("vle", "put", f"{OF_VLE}instrument/{{tool}}/", NEW_TOOL | {"instrument": 3}, "tool"),
    ("vle", "patch", f"{OF_VLE}instrument/{{tool}}/", {"alternative_to": "?"}, "tool"),
    ("vle", "post", "vle/{vle}/assessment/", {"session_id": "?"}, "session"),
    ("vle", "post", "vle/{vle}/assessment/", {"session_id": "?", "close": True}, "session"),
    ("vle", "post", "vle/{vle}/assessment/", QUIZ_OF_VLE | {"vle_learner_uid": "?"}, "uid"),
    ("vle", "post", "vle/{vle}/assessment/", QUIZ_OF_VLE | {"vle_activity_id": "?"}, "number"),
    ("vle", "post", "vle/{vle}/launcher/", {"vle_user_uid": "?"}, "uid"),
    ("vle", "post", "vle/{vle}/launcher/", {"vle_user_uid": "ann", "session_id": "?"}, "session"),
    ("vle", "post", f"{OF_VLE}attachment/{{uuid}}/", DOCUMENT | {"session_id": "?"}, "session"),
    ("vle", "get", f"{OF_VLE}attachment/?/", None, "uuid"),
    ("vle", "post", f"{OF_VLE}attachment/?/", DOCUMENT, "uuid"),
    ("desk", "post", "provider/{desk}/enrolment/", {"learner_id": "?", "task_id": str(desk.TASK)}, "uuid"),
    ("desk", "put", "provider/{desk}/enrolment/{bob_uuid}/", desk.METADATA | {"used_samples": ["?"]}, "sample"),
    *(
        (who, "post", path, body | {name: "?"}, name.removesuffix("_id"))
        for who, path, body in (
            ("ann, ann learner, session", "lapi/alert/{i}/{uuid}/", ALERT),
            ("ann, ann learner, session, vle", "lapi/verification/{i}/{uuid}/", VERIFICATION),
        )
        for name in ("course_id", "activity_id", "session_id")
    ),
]
CAPTURES = {
    "enrolment": ("post", sample(learner_id="{uuid}", instruments=(1,))),
    "verification": ("post", VERIFICATION),
    "alert": ("post", ALERT),
    "status": ("post", {"learner_id": "{uuid}", "samples": ["?/request/1"]}),
    "profile": ("get", None),
}
WHO_OF_CAPTURES = (
    "ann", "ann launched", "ann learner", "session", "bob learner", "teacher", "admin", "global", "vle", "provider",
    "anonymous",
)  # fmt: skip
UNKNOWN += [
    (", ".join(WHO_OF_CAPTURES), method, f"lapi/{word}/{path}/", body, name)
    for word, (method, body) in CAPTURES.items()
    for path, name in (("{i}/?", "uuid"), ("?/{uuid}", "i"))
]
UNKNOWN.append(("ann, session", "post", "lapi/status/{i}/{uuid}/", CAPTURES["status"][1], "uuid"))


def _filled(value: Any, ids: dict[str, Any], unknown: Any) -> Any:
    """Bodies and addresses with the ids in the place of their names."""
    if isinstance(value, dict):
        return {name: _filled(inner, ids, unknown) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, ids, unknown) for inner in value]
    if value == "?":
        return unknown
    if isinstance(value, str):
        return re.sub(r"{(\w+)}", lambda name: str(ids[name[1]]), value).replace("?/", f"{unknown}/")
    return value


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "name"),
    [pytest.param(*case, id=f"{case[1]} {case[2]} {n}") for n, case in enumerate(UNKNOWN)],
)
def test_ids_in_bodies_and_query_strings(who, method, path, body, name, world, caller):
    home, away = world.home, world.away
    consented(home, "ann")
    for instrument in (KS, PLAG, FA):
        ActivityInstrument.objects.get_or_create(activity=home.activity, instrument_id=instrument)
    if "{desk}" in path:
        desk.locked_by_task(world)
    away.learner("theirs")
    rewritten(Activity.objects.filter(pk=away.activity.pk), vle_activity_id="theirs")
    own = ids_of(world) | {"uuid": str(home.learners["ann"].learner_id)}
    foreign = ids_of(world, away) | {
        "uuid": str(away.learners["ann"].learner_id),
        "uid": "theirs",
        "number": "theirs",
        "session": session_for(away, "ann").pk,
    }
    nobodys = {"uuid": UNKNOWN_UUID, "uid": "no-such", "number": "no-such"}.get(name, NOBODYS_ID)
    base = "/lapi/v1/" if path.startswith("lapi/") else "/api/v2/"
    for one in who.split(", "):
        if one == "global" and name == "i":
            continue  # to whom every institution is there
        client, answers = caller(one), []
        for unknown in (foreign[name], nobodys):
            url = base + _filled(path.removeprefix("lapi/"), own, unknown).replace("=?", f"={unknown}")
            answers.append(answered(client, method, url, _filled(body, own, unknown), unknown))
        theirs, of_nobody = answers
        assert theirs == of_nobody, one
        is_refused = theirs[0] >= 400 or '"status":"ERROR"' in theirs[1]  # a capture that is refused for good is 200
        assert method == "get" or path.startswith("lapi/status/") or is_refused, one
