"""What every write leaves in the trail: one line, of its institution, about the row of the request; a refusal none.

So does every read that tells of people.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from institutions.models import User
from tests.contract import calls
from tests.contract.test_write_budgets import KNOWN_MEMBER, WRITES
from tests.lines import details_of
from tests.world import World
from trail.models import Line

SILENT = {KNOWN_MEMBER, "lapi_status.ask", "deletion.preview"}  # these write nothing
# One learner's work goes with the row, and the learner is told of it.
WITH_WORK = {f"{name}.delete" for name in ("activity", "course", "vle", "vle_activity", "vle_course")}
OF_ALL = ("admin_user.create", "admin_instrument", "admin_provider", "admin_ui", "provider_notification")
# Who teaches a course, its learners are shown as well.
OF_INSTRUCTORS = {f"{name}.{verb}" for name in ("course_instructor", "vle_instructor") for verb in ("list", "read")}
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
    assert len(lines) == (name not in SILENT) + (name in WITH_WORK)
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


def texts_of(answer: Any) -> Iterator[str]:
    if isinstance(answer, dict | list):
        for inner in answer.values() if isinstance(answer, dict) else answer:
            yield from texts_of(inner)
    elif isinstance(answer, str):
        yield answer


def test_who_reads_of_people_leaves_one_line(caller, world: World):
    """Whatever names a person in its answer, or a learner in its address; what people read of themselves is theirs."""
    people = User.objects.values_list("first_name", "last_name", "email", "username")
    named = {text for first, last, *more in people for text in (first, last, f"{first} {last}", *more)} - {""}
    unseen = set()
    for name in calls.names("institution", "admin", "vle", method="get", status=200):
        call = calls.CALLS[name]
        if call.before is not None:
            call.before(world)
        client, url = caller(call.by), calls.url_of(call, world)
        before = [*Line.objects.values_list("pk", flat=True)]
        answer = client.get(url)
        assert answer.status_code == 200, name
        is_told = "/{ann}/" in call.path or not named.isdisjoint(texts_of([] if answer.streaming else answer.json()))
        if is_told and len(lines_since(before)) != 1:
            unseen.add(name)
    assert unseen == OF_INSTRUCTORS


@pytest.mark.parametrize(("who", "name", "is_one"), [
    ("admin", "user.list", False), ("data", "user.read", True), ("admin", "user.activities", True),
    ("data", "learner_membership.list", True), ("global", "admin_user.list", False),
    ("global", "admin_user.read", True),
])  # fmt: skip
def test_people_are_told_who_has_read_of_them_alone(who, name, is_one, caller, world: World):
    call, ann, home = calls.CALLS[name], world.people["ann"].pk, world.home.institution.pk
    assert caller(who).get(calls.url_of(call, world)).status_code == 200
    (line,) = Line.objects.filter(verb="read")
    assert (line.person_id, line.institution_id) == (ann if is_one else None, home if name != "admin_user.list" else 0)
    shown = caller("ann").get("/api/v2/me/trail/").json()["results"]
    assert [row["id"] for row in shown] == [line.pk] * is_one


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
