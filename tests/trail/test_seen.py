"""Who has read what: a line for each request that shows something of people, and for each page of the console."""

import json
from importlib import import_module
from urllib.parse import parse_qsl, urlencode

import pytest
from django.apps import apps

from kernel.filters import TYPED
from kernel.recording import Entry, Origin, acting, page_made, record, saw
from rights.models import LegalHold
from rights.words import thing
from tests.conftest import client_of
from tests.lines import details_of
from tests.pages.conftest import signed_in, visitor
from trail.models import Key, Line, Part

__all__ = ["signed_in", "visitor"]


def path(world, rest: str = "") -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/{rest}"


@pytest.mark.parametrize(("search", "rows"), [("ann", 1), ("home", 2)])
def test_a_list_tells_how_many_rows_were_shown_and_of_one_whose_it_is(search, rows, world):
    admin = world.people["admin"]
    assert client_of(admin).get(path(world, f"learner/?search={search}&limit=2")).status_code == 200
    line, person = Line.objects.get(), world.people["ann"].pk if rows == 1 else None
    told = (line.verb, line.resource, line.person_id, line.actor_id)
    assert told == ("read", "institution/learner", person, admin.pk)
    assert line.row_key == str(world.home.institution.pk)
    assert json.loads(line.details) == {"rows": rows, "asked": {"search": [TYPED], "limit": ["2"]}}


def test_no_typed_text_is_in_the_trail(world, as_, signed_in):
    """Whom somebody has looked for outlives neither that person nor the line: texts are not kept, whatever their name.

    A number may be one that names a person, too, where a column of texts is searched.
    """
    typed = {"uid": "20260017", "id": "kanarek", "email": "kanarek@", "learner__last_name": "kanarek"}
    query = urlencode(typed | {"search": "kanarek", "kanarek": "1", "ordering": "-id,kanarek", "level": "4"})
    course = f"course/{world.home.course.pk}/"
    for below in ("learner/", "user/", f"{course}learner/", f"{course}activity/{world.home.activity.pk}/report/"):
        assert as_("admin").get(path(world, f"{below}?{query}")).status_code == 200
    home = world.home.institution.pk
    for below in ("learners/", "people/", "people/?download=csv"):
        assert signed_in("admin").get(f"/console/{home}/{below}", dict(parse_qsl(query))).status_code == 200
    assert signed_in("global").get("/admin/trail/line/?q=kanarek").status_code == 200
    told = [*Line.objects.filter(verb__in=("read", "export")).order_by("pk")]
    assert len(told) == 8
    assert not any("kanarek" in line.details or "20260017" in line.details for line in told)
    assert json.loads(told[0].details)["asked"] == {
        "search": [TYPED], "uid": [TYPED], "id": [TYPED], "email": [TYPED], "ordering": ["-id"],
    }  # fmt: skip
    assert json.loads(told[3].details)["asked"]["level"] == ["4"]


@pytest.mark.parametrize("what", ["", "send/", "decision/", "enrolment/"])
def test_what_is_of_one_learner_names_the_learner(world, what):
    ann, home = world.people["ann"], world.home.institution.pk
    assert client_of(world.people["admin"]).get(path(world, f"learner/{ann.pk}/{what}")).status_code == 200
    line = Line.objects.get()
    assert (line.person_id, line.institution_id, line.verb) == (ann.pk, home, "read")
    assert line.row_key == f"{home}/{ann.pk}"
    assert line.resource == f"institution/learner/{what}".rstrip("/")


def test_a_report_and_its_requests(world):
    home, ann = world.home, world.people["ann"]
    report = path(world, f"course/{home.course.pk}/activity/{home.activity.pk}/report/{home.report.pk}/")
    client = client_of(world.people["teacher"])
    assert client.get(report).status_code == 200
    assert client.get(f"{report}request/").status_code == 200
    assert client.get(f"{report}audit/").status_code == 200
    assert [*Line.objects.order_by("pk").values_list("person_id", flat=True)] == [ann.pk, ann.pk, ann.pk]


def test_a_refusal_and_what_tells_of_nobody_leave_none(world):
    assert client_of(world.people["ann"]).get(path(world, "learner/999/")).status_code == 404
    assert client_of(world.people["member"]).get(path(world, "learner/")).status_code == 403
    assert client_of(world.people["admin"]).get(path(world, "course/")).status_code == 200
    assert not Line.objects.exists()


def test_a_vle_that_searches_leaves_a_line(world, as_):
    course, activity = world.home.course.pk, world.home.activity.pk
    url = f"/api/v2/vle/{world.home.vle.pk}/course/{course}/activity/{activity}/report/?search=ann"
    assert as_("vle").get(url).status_code == 200
    line = Line.objects.get()
    assert (line.actor_kind, details_of(line)["asked"]) == ("vle", {"search": [TYPED]})


def test_a_vle_that_lists_learners_leaves_a_line(world, as_):
    course, activity, ann = world.home.course.pk, world.home.activity.pk, world.people["ann"].pk
    for below in ("learner/", f"learner/{ann}/", f"activity/{activity}/learner/"):
        assert as_("vle").get(f"/api/v2/vle/{world.home.vle.pk}/course/{course}/{below}").status_code == 200
    lines = Line.objects.order_by("pk").values_list("actor_kind", "resource", "person_id", "institution_id")
    home = world.home.institution.pk
    assert [*lines] == [
        ("vle", "vle/course/learner", None, home),
        ("vle", "vle/course/learner", ann, home),
        ("vle", "vle/course/activity/learner", None, home),
    ]


def test_who_reads_the_trail_leaves_a_line(world):
    ann, home, data = world.people["ann"], world.home.institution.pk, world.people["data"]
    record(Entry("update", "institution/learner", ann.pk, home, ann.pk), by=Origin("person", 1))
    about = Line.objects.get()
    for below in (f"trail/{about.pk}/", f"trail/?person_id={ann.pk}"):
        assert client_of(data).get(path(world, below)).status_code == 200
    one, some = Line.objects.exclude(pk=about.pk).order_by("pk")
    assert (one.verb, one.resource, one.row_key) == ("read", "institution/trail", f"{home}/{about.pk}")
    assert (one.person_id, one.actor_id, some.person_id) == (ann.pk, data.pk, None)
    assert details_of(some) == {"rows": 2, "asked": {"person_id": [str(ann.pk)]}}


def test_a_page_of_the_console_is_one_line(world, client):
    ann, admin = world.people["ann"], world.people["admin"]
    admin.set_password("correct horse 9")
    admin.login_allowed = True
    admin.save()
    client.post("/signin/", {"email": admin.email, "password": "correct horse 9"})
    lines = Line.objects.exclude(verb="sign-in")
    home = world.home.institution.pk
    assert client.get(f"/console/{home}/learners/{ann.pk}/").status_code == 200
    (line,) = lines
    assert (line.verb, line.resource, line.person_id) == ("read", "console/learner", ann.pk)
    assert line.row_key == f"{home}/{ann.pk}"
    assert "institution/learner/send 1/" in line.details or "institution/learner/send" in line.details
    assert client.get(f"/console/{home}/courses/").status_code == 200
    assert client.get(f"/console/{home}/learners/{admin.pk}/").status_code == 404
    assert lines.count() == 1
    for below in ("people/", f"people/{ann.pk}/", f"people/{ann.pk}/edit/"):
        assert client.get(f"/console/{home}/{below}").status_code == 200
    *_, some, one, form = lines.order_by("pk").values_list("resource", "person_id")
    assert (some, one, form) == (("console/people", None), ("console/person", ann.pk), ("console/person-edit", ann.pk))
    assert {thing(resource) for resource, _ in (one, form)} == {"your account"}


def test_what_is_shown_outside_a_request_is_a_line_of_its_own(db):
    with acting(Origin("person", 1)), page_made() as seen:
        saw(Entry("read", "one"))
    saw(Entry("read", "two"))
    with page_made() as nobody:
        record(Entry("update", "three"))
    assert [entry.resource for entry in seen] == ["one"]
    assert nobody == []
    assert [*Line.objects.order_by("pk").values_list("resource", flat=True)] == ["two", "three"]


def test_what_was_typed_before_is_forgotten(world):
    """Lines of lists from before had it, sealed for who had typed it; of people under a legal hold it is kept."""
    LegalHold.objects.all().delete()
    people = [world.people[name].pk for name in ("admin", "data")]
    LegalHold.objects.create(institution=world.home.institution, person_id=people[1], reason="Case 4.")
    home, ann = world.home.institution.pk, world.people["ann"].pk
    for person in people:
        asked = {"details": {"asked": {"search": ["ann"]}}, "sealed": True}
        lines = [Entry("read", "institution/learner", home, home, concerns, **asked) for concerns in (None, ann)]
        record(*lines, by=Origin("person", person, "name"))
    import_module("trail.migrations.0007_typed_searches").forgotten(apps, None)
    searches, *told = map(details_of, Line.objects.order_by("pk"))
    assert searches is None
    assert [each["asked"]["search"] for each in told] == [["ann"]] * 3
    assert Key.objects.filter(part=Part.ORIGIN).count() == 4
