"""Below /vle/{id}/ a VLE reaches its own rows alone: not those of another VLE, not those below another parent.

Who is refused whatever stands there: test_access.py, from the declarations.
"""

import pytest
from rest_framework.test import APIClient

from courses.models import Activity
from institutions.models import VLE
from tests.contract.calls import CALLS, body_of, ids_of_vle, names, request, send, url_of
from tests.contract.conftest import undone
from tests.contract.vle_calls import Sister

OF_VLES = names("vle")
BELOW = [name for name in OF_VLES if "{vle}" in CALLS[name].path]
OWN = [name for name in BELOW if CALLS[name].is_of_row and CALLS[name].resource.own not in ("vle", "ks", "learner_id")]
UNKNOWN = 987654321


def answered(client, call, world, **other) -> int:
    with undone():
        return request(client, call.method, url_of(call, world, **other), body_of(call, world)).status_code


def others(world) -> list:
    """Another VLE of the institution, with rows of the same people, and one of another institution."""
    return [Sister(world.home), world.away]


@pytest.mark.parametrize("who", ["vle", "admin", "global", "provider"])
def test_vles_have_no_list(who, caller, world):
    assert caller(who).get("/api/v2/vle/").status_code == 403
    assert APIClient().get("/api/v2/vle/").status_code == 401


@pytest.mark.parametrize("name", BELOW)
def test_another_vles_id_is_403_whatever_stands_below_it(name, caller, world):
    client, call = caller("vle"), CALLS[name]
    for other in others(world):
        for ids in (ids_of_vle(other), {"vle": other.vle.pk}):
            assert answered(client, call, world, **ids) == 403
    assert answered(client, call, world, vle=UNKNOWN) == 403


@pytest.mark.parametrize("name", OWN)
def test_row_of_another_vle_is_404(name, caller, world):
    client, call, own = caller("vle"), CALLS[name], CALLS[name].resource.own
    places = others(world)
    before = Activity.objects.count()
    for other in places:
        foreign = ids_of_vle(other) | {"vle": world.home.vle.pk}
        assert answered(client, call, world, **foreign) == 404
        if foreign[own] != ids_of_vle(world.home)[own]:  # people are the institution's
            assert answered(client, call, world, **{own: foreign[own]}) == 404
    assert Activity.objects.count() == before


@pytest.mark.parametrize("name", [name for name in BELOW if CALLS[name].resource.parents])
def test_row_below_what_is_not_its_parent_is_404_never_an_empty_page(name, caller, world):
    sister, client = Sister(world.home), caller("vle")
    strange = {
        "course": [sister.course.pk, world.away.course.pk, UNKNOWN],
        "activity": [sister.activity.pk, world.away.activity.pk, UNKNOWN],
        "ann": [world.away.people["ann"].pk, world.people["eve"].pk, world.people["member"].pk, UNKNOWN],
    }
    for parent in CALLS[name].resource.parents:
        for key in strange[parent]:
            assert answered(client, CALLS[name], world, **{parent: key}) == 404, (parent, key)


@pytest.mark.parametrize("name", [name for name in BELOW if "{activity}" in CALLS[name].path])
def test_activity_below_another_course_of_the_vle_is_404(name, caller, world):
    assert answered(caller("vle"), CALLS[name], world, course=world.home.other_course.pk) == 404


def test_deleted_vle_has_no_access_left(caller, world):
    client = caller("vle")
    assert send(client, CALLS["vle_self.read"], world).status_code == 200
    VLE.objects.filter(pk=world.home.vle.pk).delete()
    assert send(client, CALLS["vle_self.read"], world).status_code == 401
