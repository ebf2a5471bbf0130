"""Who has read what: a line for each request that shows something of people, and for each page of the console."""

import pytest

from kernel.recording import Entry, Origin, acting, page_made, record, saw
from rights.words import thing
from tests.conftest import client_of
from tests.lines import details_of
from trail.models import Key, Line, Part


def path(world, rest: str = "") -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/{rest}"


def test_a_list_tells_what_was_asked_for_and_how_many_rows_were_shown(world):
    admin = world.people["admin"]
    assert client_of(admin).get(path(world, "learner/?search=ann&limit=5")).status_code == 200
    line = Line.objects.get()
    assert (line.verb, line.resource, line.person_id, line.actor_id) == ("read", "institution/learner", None, admin.pk)
    assert line.row_key == str(world.home.institution.pk)
    assert "ann" not in line.details
    assert details_of(line) == {"rows": 1, "asked": {"search": ["ann"], "limit": ["5"]}}
    assert Key.objects.get(part=Part.DETAILS).person_id == admin.pk


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


def test_a_vle_that_searches_leaves_no_names(world, as_):
    course, activity = world.home.course.pk, world.home.activity.pk
    url = f"/api/v2/vle/{world.home.vle.pk}/course/{course}/activity/{activity}/report/?search=ann"
    assert as_("vle").get(url).status_code == 200
    line = Line.objects.get()
    assert (line.actor_kind, details_of(line)["asked"]) == ("vle", ["search"])


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
