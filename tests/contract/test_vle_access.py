"""Who may call what below /vle/{id}/: the VLE of that id alone, and of its own rows alone."""

import pytest
from rest_framework.test import APIClient

from courses.models import Activity
from institutions.models import VLE
from tests.contract.vle_calls import BASE, CALLS, Sister, ids_of, send, url_of

# Who -> the answer to every call, whatever it is; None is the call's own status.
ANSWERED = {
    "vle": None,
    "sister vle": 403,
    "away vle": 403,
    "provider": 403,
    "session": 403,
    "admin": 403,
    "global": 403,
    "teacher": 403,
    "ann launched": 403,
    "teacher launched": 403,
    "stranger": 403,
    "anonymous": 401,
    "revoked vle": 401,
}
PARENTS = {name: [word for word in ("course", "activity", "ann") if f"{{{word}}}/" in call.path.rpartition("{")[0]]
           for name, call in CALLS.items()}  # fmt: skip
ROWS = {name: call.path.rpartition("{")[2].removesuffix("}/") for name, call in CALLS.items() if call.path[-2] == "}"}
NO_IDS = ["0", "-1", "abc", "1.0", "01", "null", "%20", "٣", str(2**63), str(2**64), "9" * 30]
UNKNOWN = 987654321


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("who", ANSWERED)
def test_matrix(who, name, caller, world):
    call = CALLS[name]
    answer = send(caller(who), call, world)
    assert answer.status_code == (ANSWERED[who] or call.status), answer.content
    assert answer.has_header("WWW-Authenticate") == (answer.status_code == 401)
    if ANSWERED[who]:
        assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("who", ["vle", "admin", "global", "provider"])
def test_vles_have_no_list(who, caller, world):
    assert caller(who).get(BASE).status_code == 403
    assert APIClient().get(BASE).status_code == 401


@pytest.mark.parametrize("who", ["sister", "away"])
@pytest.mark.parametrize("name", CALLS)
def test_another_vles_id_is_403_whatever_stands_below_it(name, who, caller, world):
    other = Sister(world.home) if who == "sister" else world.away
    for ids in (ids_of(other), {"vle": other.vle.pk}):
        assert send(caller("vle"), CALLS[name], world, **ids).status_code == 403
    assert send(caller("vle"), CALLS[name], world, vle=UNKNOWN).status_code == 403


@pytest.mark.parametrize("who", ["sister", "away"])
@pytest.mark.parametrize("name", [name for name in CALLS if name in ROWS and ROWS[name] not in ("vle", "ks")])
def test_row_of_another_vle_is_404(name, who, caller, world):
    other = Sister(world.home) if who == "sister" else world.away
    before = Activity.objects.count()
    foreign = ids_of(other) | {"vle": world.home.vle.pk}
    assert send(caller("vle"), CALLS[name], world, **foreign).status_code == 404
    if ids_of(other)[ROWS[name]] != ids_of(world.home)[ROWS[name]]:  # people are the institution's
        assert send(caller("vle"), CALLS[name], world, **{ROWS[name]: foreign[ROWS[name]]}).status_code == 404
    assert send(caller("vle"), CALLS[name], world, **{ROWS[name]: UNKNOWN}).status_code == 404
    assert Activity.objects.count() == before


@pytest.mark.parametrize("name", [name for name in CALLS if PARENTS[name]])
def test_row_below_what_is_not_its_parent_is_404_never_an_empty_page(name, caller, world):
    sister, client = Sister(world.home), caller("vle")
    others = {
        "course": [ids_of(sister)["course"], ids_of(world.away)["course"], UNKNOWN],
        "activity": [ids_of(sister)["activity"], ids_of(world.away)["activity"], UNKNOWN],
        "ann": [world.away.people["ann"].pk, world.people["eve"].pk, world.people["member"].pk, UNKNOWN],
    }
    for parent in PARENTS[name]:
        for key in others[parent]:
            answer = send(client, CALLS[name], world, **{parent: key})
            assert answer.status_code == 404, (parent, key, answer.content)


@pytest.mark.parametrize("name", [name for name in CALLS if "{activity}" in CALLS[name].path])
def test_activity_below_another_course_of_the_vle_is_404(name, caller, world):
    answer = send(caller("vle"), CALLS[name], world, course=world.home.other_course.pk)
    assert answer.status_code == 404


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_is_404(text, caller, world):
    client = caller("vle")
    for name, call in CALLS.items():
        for word in ("vle", *PARENTS[name], *([ROWS[name]] if name in ROWS else [])):
            answer = send(client, call, world, **{word: text})
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/json"), (name, word)


def test_deleted_vle_has_no_access_left(caller, world):
    client = caller("vle")
    assert send(client, CALLS["vle_self.read"], world).status_code == 200
    VLE.objects.filter(pk=world.home.vle.pk).delete()
    assert send(client, CALLS["vle_self.read"], world).status_code == 401


@pytest.mark.parametrize("name", CALLS)
def test_both_slash_forms_do_the_same_without_redirect(name, caller, world):
    call = CALLS[name]
    more = {} if call.body is None else {"data": call.body, "format": "json"}
    answer = getattr(caller("vle"), call.method)(url_of(call, world).rstrip("/"), **more)
    assert (answer.status_code, answer.has_header("Location")) == (call.status, False)


VERBS = {"get": set(), "post": set(), "put": set(), "patch": set(), "delete": set()}
for _call in CALLS.values():
    VERBS[_call.method].add(_call.path)


@pytest.mark.parametrize("path", sorted({call.path for call in CALLS.values()}))
def test_verb_that_is_not_there_is_405_for_the_vle_and_403_for_others(path, caller, world):
    url = BASE + path.format(**ids_of(world.home))
    for method, paths in VERBS.items():
        if path not in paths:
            assert getattr(caller("vle"), method)(url, {}, format="json").status_code == 405, method
            assert getattr(caller("sister vle"), method)(url, {}, format="json").status_code == 403, method
            assert getattr(APIClient(), method)(url, {}, format="json").status_code == 401, method
