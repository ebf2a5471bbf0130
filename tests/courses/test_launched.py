"""Whom a VLE may send, and what they see: the courses of that VLE alone, unless the institution allows more."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import Activity, ActivityInstrument, Course, CourseLearner, GroupCourse
from institutions.models import VLE, Institution, Instrument, User
from reports.models import Alert, Report, ReportInstrument, Request
from reports.visibility import report_shown
from signin import tokens
from signin.callers import caller_of
from signin.models import Target
from signin.services.launchers import launcher_create, launcher_redeem
from tests.captures import sample
from tests.conftest import client_of
from tests.contract.calls import CALLS, names
from tests.contract.calls import url_of as calls_url_of
from tests.courses.sittings import consented, url_of, vle_client
from tests.world import rewritten

EVERYBODY = ("teacher", "ann")


class Far:
    """The other VLE of the institution: a course that the teacher teaches and ann and dan attend, with a report."""

    def __init__(self, home) -> None:
        pair = {"institution": home.institution}
        self.vle = VLE.objects.create(**pair, name="Canvas", lti={"consumer_key": "f"})
        self.course = Course.objects.create(**pair, vle=self.vle, vle_course_id="far", code="FAR")
        home.learner("dan")
        home.join(self.course, "teacher", "ann", "dan")
        GroupCourse.objects.create(**pair, group=home.group, course=self.course)
        values = {"vle_activity_type": "quiz", "vle_activity_id": "9", "name": "Far", "enabled": True}
        self.activity = Activity.objects.create(**pair, vle=self.vle, course=self.course, **values)
        instrument = Instrument.objects.get(acronym="ks")
        self.instrument = ActivityInstrument.objects.create(activity=self.activity, instrument=instrument)
        work = {**pair, "activity": self.activity, "learner": home.people["ann"].learner}
        self.request = Request.objects.create(**work, status=3)
        self.request.instruments.add(instrument)
        self.report = Report.objects.create(**work, identity_level=2, content_level=1, integrity_level=1)
        ReportInstrument.objects.create(
            report=self.report, instrument=instrument, enrolment="0.8", confidence="1", result="0.9",
            identity_level=2, content_level=1, integrity_level=1,
        )  # fmt: skip


@pytest.fixture
def home(world):
    Institution.objects.filter(pk=world.home.institution.pk).update(allow_learner_report=True, allow_learner_audit=True)
    return world.home


@pytest.fixture
def far(home):
    return Far(home)


def sent(vle, person, target=Target.DASHBOARD):
    """The session of a person whom the VLE sent to a dashboard."""
    launcher, token = launcher_create(vle=vle, person=person, target=target)
    return launcher_redeem(id=launcher.pk, token=token, address=None)


def by(vle, person, target=Target.DASHBOARD) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {tokens.pair(sent(vle, person, target))['access_token']}")
    return client


def allow(home) -> None:
    Institution.objects.filter(pk=home.institution.pk).update(launcher_everywhere=True)


def ids(answer) -> set[int]:
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def places(home, far) -> list[tuple[str, str]]:
    """Addresses below the course of each VLE, near and far, that their members may read."""
    base = f"/api/v2/institution/{home.institution.pk}/course/"
    ks = Instrument.objects.get(acronym="ks").pk
    rows = [
        [
            f"{base}{where.course.pk}/",
            f"{base}{where.course.pk}/instructor/",
            f"{base}{where.course.pk}/learner/",
            f"{base}{where.course.pk}/learner/{home.people['ann'].pk}/",
            f"{base}{where.course.pk}/activity/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/instrument/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/report/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/report/{where.report.pk}/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/report/{where.report.pk}/request/",
            f"{base}{where.course.pk}/activity/{where.activity.pk}/report/{where.report.pk}/audit/{ks}/",
        ]
        for where in (home, far)
    ]
    return list(zip(*rows, strict=True))


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_of_another_vles_course_is_seen(home, far, who):
    """The same request by somebody who signed in with a password is answered."""
    here, password = by(home.vle, home.people[who]), client_of(home.people[who])
    for near, other in places(home, far):
        expected = password.get(other).status_code
        assert (here.get(near).status_code, expected) == (password.get(near).status_code, 200), other
        assert here.get(other).status_code in (403, 404), other
        assert here.get(other, HTTP_ACCEPT="text/html").status_code in (403, 404), other


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_answer_tells_of_another_vles_course(home, far, who, world):
    """Whatever is read, of the own rows too, such as a learner's memberships."""
    rewritten(Course.objects.filter(pk=far.course.pk), code="Far away")
    rewritten(Activity.objects.filter(pk=far.activity.pk), name="Far away")
    here, password, told = by(home.vle, home.people[who]), client_of(home.people[who]), 0
    for name in names("institution", method="get"):
        path = calls_url_of(CALLS[name], world)
        assert "Far away" not in here.get(path).content.decode(), path
        told += "Far away" in password.get(path).content.decode()
    assert told > 1


@pytest.mark.parametrize("who", EVERYBODY)
def test_lists_hold_the_courses_of_the_own_vle_only(home, far, who):
    person, base = home.people[who], f"/api/v2/institution/{home.institution.pk}/"
    near, other, password = by(home.vle, person), by(far.vle, person), client_of(person)
    for query in ("", "?ordering=code", "?search=c", "?code=a"):
        assert ids(near.get(f"{base}course/{query}")).isdisjoint({far.course.pk})
        assert ids(other.get(f"{base}course/{query}")) <= {far.course.pk}
    both = {home.course.pk, far.course.pk}
    for path, rows in (
        ("course/", [{home.course.pk}, {far.course.pk}, both]),
        (f"group/{home.group.pk}/course/", [{home.course.pk}, {far.course.pk}, both]),
        (f"user/{person.pk}/activities/", [{home.activity.pk}, {far.activity.pk}, {home.activity.pk, far.activity.pk}]),
    ):
        assert [ids(client.get(base + path)) for client in (near, other, password)] == rows, path
        counts = [client.get(f"{base}{path}?limit=1").json()["count"] for client in (near, other, password)]
        assert counts == [len(found) for found in rows]


def test_instructors_see_the_learners_of_that_vle(home, far):
    base, teacher = f"/api/v2/institution/{home.institution.pk}/learner/", home.people["teacher"]
    ann, bob, dan = (home.people[name].pk for name in ("ann", "bob", "dan"))
    found = [ids(client.get(base)) for client in (by(home.vle, teacher), by(far.vle, teacher), client_of(teacher))]
    assert found == [{ann, bob}, {ann, dan}, {ann, bob, dan}]
    assert by(home.vle, teacher).get(f"{base}{dan}/").status_code == 404
    assert by(home.vle, teacher).get(f"{base}{dan}/enrolment/").status_code == 404


def test_what_an_activity_lacks_is_told_of_that_vle_only(home, far):
    ann = home.people["ann"]
    url = f"/api/v2/institution/{home.institution.pk}/learner/{ann.pk}/enrolment/?activity_id="
    near, password = by(home.vle, ann), client_of(ann)
    answers = [near.get(f"{url}{home.activity.pk}"), near.get(f"{url}{far.activity.pk}")]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert password.get(f"{url}{far.activity.pk}").status_code == 200


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("everywhere", [False, True])
def test_captures_are_taken_for_that_vle_only(home, far, target, everywhere):
    """Whatever the VLE sends the person to, unless the institution allows more."""
    if everywhere:
        allow(home)
    home.join(far.course, "bob")
    learner, client = str(consented(home, "bob").learner_id), by(home.vle, home.people["bob"], target)
    for where, status in ((home, "OK"), (far, "OK" if everywhere else "ERROR")):
        activity = {"learner_id": learner, "course_id": where.course.pk, "activity_id": where.activity.pk}
        raised = {"level": "warning", "data": {"message_code": "X"}, "raised_at": timezone.now().isoformat()}
        for word, body in (("alert", raised), ("verification", sample())):
            before = Alert.objects.count() + Request.objects.count()
            answer = client.post(f"/lapi/v1/{word}/{home.institution.pk}/{learner}/", activity | body, format="json")
            stored = Alert.objects.count() + Request.objects.count() - before
            assert (answer.json()["status"], stored) == (status, int(status == "OK")), (word, answer.content)


def test_files_are_readable_for_that_vle_only(home, far):
    for vle, readable in ((home.vle, False), (far.vle, True)):
        session = sent(vle, home.people["teacher"])
        assert bool(report_shown(caller_of(session.pk, session.kind), far.report.pk)) is readable


@pytest.mark.parametrize("who", EVERYBODY)
def test_an_institution_may_allow_more(home, far, who):
    allow(home)
    near = by(home.vle, home.people[who])
    for _, other in places(home, far):
        assert near.get(other).status_code == 200, other
    assert ids(near.get(f"/api/v2/institution/{home.institution.pk}/course/")) == {home.course.pk, far.course.pk}


def test_the_limit_costs_no_statement(home, far):
    ann, url = home.people["ann"], f"/api/v2/institution/{home.institution.pk}/course/"
    counts = []
    for client in (by(home.vle, ann), client_of(ann)):
        for path in (url, f"{url}{home.course.pk}/activity/"):
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            counts.append(len(captured))
    assert counts[:2] == counts[2:]


def test_own_things_are_seen_whoever_sent_the_person(home, far):
    ann = home.people["ann"]
    base = f"/api/v2/institution/{home.institution.pk}/"
    client = by(far.vle, ann)
    for path in ("", f"user/{ann.pk}/", f"learner/{ann.pk}/", f"learner/{ann.pk}/send/", "ic/current/", "instrument/"):
        assert client.get(base + path).status_code == 200, path
    assert client.post(f"{base}learner/{ann.pk}/ic/", {"version": home.newer_consent.version}).status_code == 201


# Whom a VLE may send.


@pytest.fixture
def asked(home):
    client = vle_client(home.vle)
    return lambda uid, **body: client.post(url_of(home.vle, "launcher"), {"vle_user_uid": uid} | body)


def test_only_members_of_the_vles_courses_are_sent(home, far, asked):
    for uid in ("teacher", "visitor", "ann", "bob"):
        assert asked(uid).status_code == 200
    for uid in ("admin", "legal", "data", "send", "member", "eve", "dan", "nobody", "stranger"):
        answer = asked(uid)
        assert (answer.status_code, answer.json()) == (404, "User not found"), uid
    assert asked("dan", target="LAPI").status_code == 404


def test_who_leaves_the_course_is_sent_no_more(home, asked):
    CourseLearner.objects.filter(learner=home.people["ann"].pk).delete()
    assert asked("ann").status_code == 404


def test_an_institution_may_let_its_vles_send_everybody(home, far, asked, world):
    allow(home)
    for uid in ("admin", "member", "eve", "dan"):
        assert asked(uid).status_code == 200
    rewritten(User.objects.filter(pk=world.away.people["eve"].pk), uid="elsewhere")
    assert asked("elsewhere").status_code == 404


def test_the_switch_is_a_global_administrators(world, as_):
    home = world.home.institution
    for client, url, status in (
        (as_("admin"), f"/api/v2/institution/{home.pk}/", 200),
        (as_("global"), f"/api/v2/admin/institution/{home.pk}/", 200),
    ):
        answer = client.patch(url, {"launcher_everywhere": True})
        assert answer.status_code == status
        is_global = "admin/institution" in url
        assert ("launcher_everywhere" in answer.json()) is is_global
        assert Institution.objects.get(pk=home.pk).launcher_everywhere is is_global
