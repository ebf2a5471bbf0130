"""Deletion in bulk: preview, the same preview still true, and a job that deletes part by part."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from courses.models import Course, CourseGroup, GroupCourse
from pipeline.running import run_due
from reports.models import Report, Request
from retention.models import Deletion
from retention.services.kinds import WORK
from rights.models import LegalHold
from tests.retention.test_applying import OLD, Past
from trail.models import Line


@pytest.fixture
def past(world):
    return Past(world.home)


@pytest.fixture
def url(world):
    return f"/api/v2/institution/{world.home.institution.pk}/deletion/"


@pytest.fixture
def ask(as_, url):
    """ask(course=1): the preview. ask(..., state="..."): the deletion."""

    def asked(status: int = 200, who: str = "data", **body):
        where = url if "state" in body else f"{url}preview/"
        answer = as_(who).post(where, body, format="json")
        assert answer.status_code == status, answer.content
        return answer.json()

    return asked


def test_a_course_is_previewed_and_deleted_in_parts(past, ask, as_, url, world, monkeypatch):
    past.captured()
    past.captured("ann", session=past.session("ann"))
    home = world.home
    LegalHold.objects.create(institution=home.institution, person=home.people["ann"], reason="A lawsuit.")
    Report.objects.get(learner=home.learners["ann"]).sessions.update(closed_at=OLD)
    body = {"course": home.course.pk}
    seen = ask(**body)
    assert (seen["expected"]["reports"], seen["expected"]["requests"], seen["held"]["legal_hold"]) == (1, 1, 1)
    assert ask(course=home.other_course.pk)["expected"]["reports"] == 0
    ask(412, state="another", **body)
    past.captured("bob")
    ask(412, state=seen["state"], **body)
    assert Report.objects.filter(activity=home.activity).count() == 2
    made = ask(201, state=ask(**body)["state"], **body)
    assert (made["status"], made["expected"]["requests"], made["course"]) == ("running", 2, home.course.pk)
    run_due()
    row = as_("admin").get(f"{url}{made['id']}/").json()
    assert (row["status"], row["deleted"], row["files"]) == ("done", {"reports": 1, "requests": 2}, 4)
    assert [*Report.objects.filter(activity=home.activity).values_list("learner", flat=True)] == [home.people["ann"].pk]
    assert Course.objects.filter(pk=home.course.pk).exists()
    lines = Line.objects.filter(resource="institution/deletion").order_by("pk")
    assert [line.verb for line in lines] == ["create", "erase"]
    assert json.loads(lines[1].details)["files"] == 4
    told = Line.objects.get(
        verb="delete", resource="institution/course/activity/report", person_id=home.people["bob"].pk
    )
    assert (told.actor_kind, json.loads(told.details)) == ("command", {"reports": 1})
    assert told.row_key == f"{home.institution.pk}/{home.course.pk}/{home.activity.pk}"
    assert not Line.objects.filter(verb="delete", person_id=home.people["ann"].pk).exists()


def test_a_contest_that_is_opened_after_the_preview_keeps_its_report(past, ask, world, as_):
    """Before the deletion is asked for the preview is not true any more; after that the job leaves the report out."""
    body = {"course": world.home.course.pk}
    for name in ("ann", "bob"):
        past.captured(name)
    seen = ask(**body)
    for name, is_asked in (("ann", False), ("bob", True)):
        if is_asked:
            ask(201, state=ask(**body)["state"], **body)
        contest = {"report": past.report(name).pk, "reason": "It was me."}
        assert as_(name).post("/api/v2/me/contest/", contest, format="json").status_code == 201
        ask(412, state=seen["state"], **body)
        assert ask(**body)["held"]["contest"] == 1 + is_asked
    run_due()
    done = Deletion.objects.latest("pk")
    assert (done.status, done.expected["reports"], done.deleted) == ("done", 1, {})
    assert Report.objects.filter(activity=world.home.activity).count() == 2


def test_a_term_is_a_group_with_the_groups_below_it(past, ask, world):
    past.captured()
    home = world.home
    term = CourseGroup.objects.create(institution=home.institution, name="Term")
    below = CourseGroup.objects.create(institution=home.institution, name="Faculty", parent=term)
    ask(400, group=term.pk)
    GroupCourse.objects.create(institution=home.institution, group=below, course=home.course)
    assert ask(group=term.pk)["expected"]["reports"] == 1
    assert ask(group=term.pk, before=OLD.isoformat())["expected"]["reports"] == 0


def test_before_an_instant(past, ask, world):
    past.captured()
    past.captured("ann")
    bob = Report.objects.filter(learner=world.home.learners["bob"])
    bob.update(updated_at=OLD)
    before = (timezone.now() - timedelta(days=300)).isoformat()
    ask(201, state=ask(before=before)["state"], before=before)
    run_due()
    assert not bob.exists()
    assert Request.objects.filter(learner=world.home.learners["ann"]).exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "before"),
        ({"before": "2999-01-01T00:00:00Z"}, "before"),
        ({"course": 10**6}, "course"),
        ({"course": "away"}, "course"),
        ({"group": "away"}, "group"),
        ({"course": 1, "group": 1}, "group"),
        ({"course": "x"}, "course"),
        ({"course": 2**63}, "course"),
    ],
)
def test_what_cannot_be_chosen(body, field, ask, world):
    """Also rows of another institution."""
    away = {"course": world.away.course.pk, "group": world.away.group.pk}
    body = {name: away[name] if value == "away" else value for name, value in body.items()}
    assert [*ask(400, **body)] == [field]
    assert [*ask(400, state="s", **body)] == ([field] if body else ["non_field_errors"])
    assert not Deletion.objects.filter(status="running").exists()


def test_each_job_does_one_part(past, ask, world):
    """So that no transaction is long."""
    past.captured()
    deletion = Deletion.objects.get(pk=ask(201, state=ask(course=world.home.course.pk)["state"],
                                           course=world.home.course.pk)["id"])  # fmt: skip
    assert run_due(most=1) == 1
    deletion.refresh_from_db()
    assert (deletion.step, deletion.deleted, deletion.status) == (0, {"reports": 1, "requests": 1}, "running")
    assert run_due() == len(WORK)
    deletion.refresh_from_db()
    assert deletion.status == "done"
    assert run_due() == 0
