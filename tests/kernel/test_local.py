"""Requests that this process makes of its own views."""

import json
from dataclasses import replace

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import ResolverMatch

from kernel.caller import Caller, CallerKind, Role
from kernel.fast.once import asked_once
from kernel.http import local
from kernel.http.client import ApiClient
from kernel.http.local import LocalClient
from kernel.reading import Reader
from learners.models import Learner


@pytest.fixture
def client(world) -> LocalClient:
    person = world.people["admin"]
    return LocalClient(Caller(CallerKind.PERSON, person.pk, world.home.institution, Role.ADMIN | Role.MEMBER))


@pytest.fixture
def groups(world) -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/group/"


def test_rows_are_read_and_written_as_this_caller(client, groups):
    made = client.send("POST", groups, {"name": "Année"})
    assert (made.status, made.data["name"]) == (201, "Année")
    found = client.get(f"{groups}?name=ann%C3%A9e&limit=1").data
    assert [row["id"] for row in found["results"]] == [made.data["id"]]
    pages = client.get(f"{groups}?limit=1")
    assert client.get(pages.data["next"]).status == 200  # a whole address
    assert client.send("PUT", f"{groups}{made.data['id']}/", {"name": ""}).status == 400
    gone = client.send("DELETE", f"{groups}{made.data['id']}/")
    assert (gone.status, gone.data) == (204, b"")
    assert client.get(f"{groups}{made.data['id']}/").status == 404


def test_what_is_no_resource_is_not_found_and_allowed_to_nobody(rf, client):
    api = ApiClient(rf.get("/"), client.caller)
    assert api.get("nothing/1/").status == 404
    assert not api.may("nothing/", "list")


def test_a_row_that_was_answered_is_not_asked_for_again_and_no_other_is_taken_for_it(rf, client, world):
    home, away = world.home, world.away
    api = ApiClient(rf.get("/"), client.caller)
    course = f"institution/{home.institution.pk}/course/{home.course.pk}/"
    foreign = [
        f"institution/{home.institution.pk}/course/{away.course.pk}/activity/",
        f"{course}activity/{away.activity.pk}/instrument/",
        f"{course}activity/{away.activity.pk}/",
        f"institution/{away.institution.pk}/course/{away.course.pk}/activity/",
    ]

    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert api.get(path).status == 200
        return len(asked)

    assert statements(f"{course}activity/") == 2
    assert [api.get(path).status for path in foreign] == [404] * 4
    api.row(course)
    assert statements(f"{course}activity/") == 1
    assert [api.get(path).status for path in foreign] == [404] * 4


def test_a_rule_about_a_row_is_asked_although_the_row_was_answered(rf, world):
    """Who teaches the course reads its activities; who reads it for another reason does not."""
    home = world.home
    member = Caller(CallerKind.PERSON, home.people["teacher"].pk, home.institution, Role.INSTRUCTOR | Role.MEMBER)
    api = ApiClient(rf.get("/"), member)
    course = f"institution/{home.institution.pk}/course/{home.course.pk}/"
    api.row(course)
    assert api.get(f"{course}activity/").status == 200
    home.course.instructors.clear()
    assert api.get(f"{course}activity/").status in (403, 404)


def test_a_rule_that_a_page_knows_to_hold_is_not_asked_below_that_row_and_is_of_no_other(rf, world):
    """All the way down to what is below a report; other courses, other callers and other pages are asked about."""
    home, away = world.home, world.away
    Learner.objects.create(user=home.people["teacher"], institution=home.institution)
    home.other_course.learners.add(home.people["teacher"].pk, through_defaults={"institution": home.institution})
    home.institution.allow_learner_report = home.institution.allow_learner_audit = True
    teacher = Caller(CallerKind.PERSON, home.people["teacher"].pk, home.institution, Role.INSTRUCTOR | Role.MEMBER)
    sent = replace(teacher, kind=CallerKind.LAUNCHED, vle_id=home.vle.pk)
    course = f"institution/{home.institution.pk}/course/{home.course.pk}/"
    activity = f"{course}activity/{home.activity.pk}/"
    report = f"{activity}report/{home.report.pk}/"
    lists = [f"{report}audit/", f"{report}request/"]

    def statements(caller: Caller) -> tuple[list[int], list[dict]]:
        counts, found = [], []
        api = ApiClient(rf.get("/"), caller)
        for path in (course, activity, report, *lists):
            with CaptureQueriesContext(connection) as asked:
                answer = api.get(path, as_listed=True)
            assert answer.status == 200, path
            counts.append(len(asked))
            found.append(answer.data)
        return counts, found

    with asked_once(True):
        counts, found = statements(teacher)
        assert counts == [1, 1, 3, 2, 5]  # with a line of the trail from the third on
    with asked_once(True):
        counts, too = statements(replace(teacher, roles=teacher.roles | Role.LEARNER))
        assert counts == [1, 1, 3, 2, 5]  # the rules for learners are known not to hold
    with asked_once(True):
        for other in (home.other_course, away.course):
            elsewhere = f"institution/{home.institution.pk}/course/{other.pk}/activity/"
            assert ApiClient(rf.get("/"), teacher).get(elsewhere).status in (403, 404)
        both, attended = (
            ApiClient(rf.get("/"), teacher),
            f"institution/{home.institution.pk}/course/{home.other_course.pk}/",
        )
        assert [both.get(path).status for path in (course, attended, f"{attended}activity/")] == [200, 200, 403]
        foreign = f"{activity}report/{away.report.pk}/"
        assert [ApiClient(rf.get("/"), teacher).get(f"{foreign}{word}/").status for word in ("audit", "request")] == [
            404, 404,
        ]  # fmt: skip
        other = Caller(CallerKind.PERSON, home.people["visitor"].pk, home.institution, Role.INSTRUCTOR | Role.MEMBER)
        assert ApiClient(rf.get("/"), other).get(f"{course}activity/").status in (403, 404)
    with asked_once(True):
        counts, same = statements(sent)
        assert counts == [1, 2, 4, 3, 6]
    with asked_once(False):
        counts, again = statements(teacher)
        assert counts == [1, 2, 4, 3, 6]
    for rows in (*found, *too, *same, *again):
        rows.pop("results", None)  # links are signed anew
    assert found == too == same == again


def test_others_are_refused_as_by_a_socket(world, groups):
    assert LocalClient().get(groups).status == 401
    member = Caller(CallerKind.PERSON, world.people["member"].pk, world.home.institution, Role.MEMBER)
    assert LocalClient(member).send("POST", groups, {"name": "x"}).status == 403
    assert LocalClient(member).get(f"/api/v2/institution/{world.away.institution.pk}/group/").status == 404


def test_procedures_and_plain_views_are_called_too(world):
    vle = Caller(CallerKind.VLE, world.home.vle.pk, world.home.institution)
    assert LocalClient(vle).send("POST", f"/api/v2/vle/{vle.id}/assessment/", {}).status == 400
    assert LocalClient(vle).get("/files/x/y.json").status == 404
    assert LocalClient(vle).get("/nowhere/").status == 404


def test_forms_arrive_with_their_file(monkeypatch):
    seen = {}

    def view(request):
        seen.update(request.POST.dict(), file=request.FILES["file"].read(), name=request.FILES["file"].name)
        return HttpResponse(status=204)

    monkeypatch.setattr(local, "resolved", lambda path: ResolverMatch(view, (), {}))
    answer = LocalClient().upload(
        "https://trust.example.org/models/x/", {"key": "é"}, "model.json", b'\x00{"a": 1}\r\n'
    )
    assert answer.status == 204
    assert seen == {"key": "é", "file": b'\x00{"a": 1}\r\n', "name": "model.json"}


def test_what_the_database_refuses_is_answered_as_by_a_server(client, groups, monkeypatch):
    def busy(*_, **__):
        error = OperationalError("database is locked")
        error.__cause__ = type("Locked", (Exception,), {"sqlite_errorname": "SQLITE_BUSY"})()
        raise error

    monkeypatch.setattr(Reader, "list", busy, raising=False)
    answer = client.get(groups)
    assert (answer.status, json.dumps(answer.data)) == (503, '{"detail": "The database is busy. Try again."}')


@pytest.mark.parametrize(
    ("allowed", "host"),
    [(["trust.example.org"], "trust.example.org"), ([".example.org"], "example.org"), (["*"], "localhost")],
)
def test_addresses_in_answers_have_a_host_that_is_admitted(client, groups, settings, allowed, host):
    settings.ALLOWED_HOSTS = allowed
    assert client.get(f"{groups}?limit=1&offset=1").data["previous"].startswith(f"http://{host}/api/v2/")
