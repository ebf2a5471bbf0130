"""What every write leaves in the trail: one line, of its institution, about the row of the request; a refusal none."""

import json
from collections.abc import Iterable

import pytest

from tests.contract import calls
from tests.contract.test_write_budgets import KNOWN_MEMBER, WRITES
from tests.lines import details_of
from tests.world import World
from trail.models import Line

SILENT = {KNOWN_MEMBER, "lapi_status.ask", "deletion.preview"}  # these write nothing
OF_ALL = ("admin_user.create", "admin_instrument", "admin_provider", "admin_ui", "provider_notification")
SECRETS = ("x" * 64, "correct horse", "secret", "password", "base64", 'consumer_key": "')


def lines_since(before: Iterable[int]) -> list[Line]:
    return list(Line.objects.exclude(pk__in=before).order_by("pk"))


@pytest.mark.parametrize("name", WRITES)
def test_one_line_for_each_write(name, caller, world: World):
    send = WRITES[name](caller, world)
    before = [*Line.objects.values_list("pk", flat=True)]
    answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    lines = lines_since(before)
    assert len(lines) == (name not in SILENT)
    for line in lines:
        resource = name.partition(".")[0]
        assert (line.institution_id == 0) is name.startswith(OF_ALL), line.institution_id
        assert line.institution_id in (0, world.home.institution.pk) or resource.startswith("admin")
        assert line.actor_id
        assert line.signed_in in ("password", "approle", "learner session", "link")
        assert line.verb
        assert len(line.request_id) == 36
        told = json.dumps({name: value for name, value in details_of(line).items() if value != [None, None]})
        assert not [secret for secret in SECRETS if secret in told], told


def test_a_refused_write_leaves_none(caller, world: World):
    call = calls.CALLS["course.delete"]
    stranger = caller("ann")
    before = [*Line.objects.values_list("pk", flat=True)]
    assert stranger.delete(calls.url_of(call, world)).status_code == 403
    group = calls.CALLS["group.create"]
    client = caller(group.by)
    assert client.post(calls.url_of(group, world), {"name": ""}, format="json").status_code == 400
    assert lines_since(before) == []


def test_changes_have_both_values_and_name_the_person(caller, world: World):
    call = calls.CALLS["learner.patch"]
    ann = world.people["ann"]
    answer = caller(call.by).patch(calls.url_of(call, world), {"last_name": "Changed"}, format="json")
    assert answer.status_code == 200
    line = Line.objects.latest("pk")
    assert (line.verb, line.resource) == ("update", "institution/learner")
    assert line.row_key == f"{world.home.institution.pk}/{ann.pk}"
    assert line.person_id == ann.pk
    assert "Changed" not in line.details
    assert details_of(line) == {"last_name": [ann.last_name, "Changed"]}
