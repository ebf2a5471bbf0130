"""/institution/{}/user/{}/activities/: who may read them, which ones are listed, and their keys."""

import pytest

from courses.models import Activity, ActivityInstrument
from institutions.models import Instrument
from learners.models import SENDLearner
from tests.conftest import client_of

DOCUMENTED = [
    "id", "vle_activity_type", "vle_activity_id", "name", "start", "end", "description", "enabled", "conf",
    "created_at", "updated_at", "course_id", "vle_id",
]  # fmt: skip


@pytest.fixture
def url(world):
    """url("ann"): the activities of one of the world's people."""
    return lambda name: f"/api/v2/institution/{world.home.institution.pk}/user/{world.people[name].pk}/activities/"


@pytest.fixture
def activity(world):
    """activity(course, name): one more."""

    def made(course, name, **values):
        own = {"institution": course.institution, "vle": course.vle, "course": course, "vle_activity_type": "quiz"}
        return Activity.objects.create(**own, vle_activity_id=name, name=name, **values)

    return made


def tool(activity, acronym, **values):
    return ActivityInstrument.objects.create(
        activity=activity, instrument=Instrument.objects.get(acronym=acronym), **values
    )


def names(answer):
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def acronyms(answer, at=0):
    return [row["instrument"]["acronym"] for row in answer.json()["results"][at]["user_instruments"]]


def test_keys_are_those_of_an_activity_then_course_and_instruments(as_, url, world):
    (row,) = as_("teacher").get(url("teacher")).json()["results"]
    assert list(row) == [*DOCUMENTED, "course", "user_instruments"]
    course = world.home.course
    assert (row["course_id"], row["vle_id"]) == (course.pk, world.home.vle.pk)
    assert row["course"] == {
        "id": course.pk, "code": "C1", "start": None, "end": None, "description": "First course",
        "user_roles": ["INSTRUCTOR"],
    }  # fmt: skip
    (shown,) = row["user_instruments"]
    tools = f"/api/v2/institution/{world.home.institution.pk}/course/{course.pk}/activity/{row['id']}/instrument/"
    assert [shown] == as_("teacher").get(tools).json()["results"]


def test_activities_of_courses_taught_and_attended_each_once(as_, url, world, activity):
    activity(world.home.other_course, "Essay")
    assert names(as_("visitor").get(url("visitor"))) == ["Essay"]
    assert names(as_("ann").get(url("ann"))) == ["Quiz"]
    world.home.teach("ann", world.home.course)
    world.home.teach("ann", world.home.other_course)
    rows = as_("ann").get(url("ann")).json()["results"]
    assert [(row["name"], row["course"]["user_roles"]) for row in rows] == [
        ("Quiz", ["LEARNER", "INSTRUCTOR"]),
        ("Essay", ["INSTRUCTOR"]),
    ]


@pytest.mark.parametrize("who", ["admin", "legal", "data", "send", "member", "eve"])
def test_who_is_in_no_course_has_an_empty_page(who, as_, url):
    answer = as_(who).get(url(who))
    assert answer.json() == {"count": 0, "next": None, "previous": None, "results": []}


def test_disabled_activities_are_shown_as_such(as_, url, world, activity):
    activity(world.home.course, "Later", enabled=False)
    rows = as_("bob").get(url("bob")).json()["results"]
    assert [(row["name"], row["enabled"]) for row in rows] == [("Quiz", True), ("Later", False)]


def test_roles_and_instruments_are_those_of_the_person_whoever_asks(as_, url):
    for who in ("global", "admin", "data"):
        (row,) = as_(who).get(url("ann")).json()["results"]
        assert (row["course"]["user_roles"], row["user_instruments"]) == (["LEARNER"], [])  # ks is not for ann
        (row,) = as_(who).get(url("teacher")).json()["results"]
        assert (row["course"]["user_roles"], len(row["user_instruments"])) == (["INSTRUCTOR"], 1)


def test_learners_have_the_instruments_that_their_needs_leave(as_, url, world):
    quiz, ks = world.home.activity, world.home.activity_instrument
    tool(quiz, "fr", alternative_to=ks)
    tool(quiz, "plag")
    tool(quiz, "vr", active=False)
    assert acronyms(as_("ann").get(url("ann"))) == ["fr", "plag"]  # ks is not for her: its alternative
    assert acronyms(as_("bob").get(url("bob"))) == ["ks", "plag"]
    assert acronyms(as_("teacher").get(url("teacher"))) == ["ks", "fr", "plag"]
    SENDLearner.objects.all().delete()
    assert acronyms(as_("ann").get(url("ann"))) == ["ks", "plag"]
    world.home.teach("ann", world.home.course)
    assert acronyms(as_("ann").get(url("ann"))) == ["ks", "fr", "plag"]


def test_an_instrument_that_is_switched_off_is_replaced(as_, url, world):
    tool(world.home.activity, "fr", alternative_to=world.home.activity.instruments.get())
    assert acronyms(as_("bob").get(url("bob"))) == ["ks"]
    Instrument.objects.filter(acronym="ks").update(enabled=False)
    assert acronyms(as_("bob").get(url("bob"))) == ["fr"]
    Instrument.objects.filter(acronym="fr").update(enabled=False)
    assert acronyms(as_("bob").get(url("bob"))) == []


def test_instruments_are_each_activitys_own(as_, url, world, activity):
    tool(activity(world.home.course, "Essay"), "plag")
    tool(activity(world.away.course, "Theirs"), "fr")
    answer = as_("bob").get(url("bob"))
    assert [acronyms(answer, 0), acronyms(answer, 1)] == [["ks"], ["plag"]]


def test_an_instrument_that_dashboards_cannot_draw_is_left_out(as_, url, world):
    Instrument.objects.create(name="Gait", acronym="gait", queue="gait", enabled=True)
    tool(world.home.activity, "gait")
    for who in ("bob", "teacher"):
        assert acronyms(as_(who).get(url(who))) == ["ks"]


def test_pages_follow_each_other_by_absolute_links(as_, url, world, activity):
    for number in range(12):
        activity(world.home.course, f"A{number}")
    client, names, link = as_("ann"), [], url("ann")
    while link:
        page = client.get(link).json()
        names += [row["name"] for row in page["results"]]
        assert (page["count"], len(page["results"]) <= 10) == (13, True)
        link = page["next"]
        assert link is None or link == f"http://testserver{url('ann')}?limit=10&offset=10"
    assert names == ["Quiz", *(f"A{number}" for number in range(12))]


def test_whatever_else_is_asked_is_ignored(as_, url):
    query = "search=nothing&ordering=-nothing&username=x&roles=nobody&id=7"
    assert names(as_("ann").get(f"{url('ann')}?{query}")) == ["Quiz"]


def test_other_people_cannot_read_the_activities(as_, url, world, client):
    for who in ("legal", "send", "teacher", "bob", "member"):
        assert as_(who).get(url("ann")).status_code == 404
    assert as_("admin", "launched").get(url("ann")).status_code == 404  # sent by a VLE: no administrator
    assert as_("ann", "launched").get(url("ann")).status_code == 200
    assert as_("stranger").get(url("ann")).status_code == 404
    assert client.get(url("ann")).status_code == 401


def test_people_of_another_institution_and_the_global_admin_are_not_here(as_, url, world):
    base = f"/api/v2/institution/{world.home.institution.pk}/user/"
    for who in ("admin", "global"):
        for person in (world.away.people["teacher"], world.people["global"]):
            assert as_(who).get(f"{base}{person.pk}/activities/").status_code == 404
    theirs = client_of(world.away.people["teacher"])
    away = f"/api/v2/institution/{world.away.institution.pk}/user/{world.away.people['teacher'].pk}/activities/"
    assert names(theirs.get(away)) == ["Quiz"]


def test_the_page_for_people_shows_the_same(as_, url):
    answer = as_("ann").get(url("ann"), HTTP_ACCEPT="text/html")
    assert answer.status_code == 200
    assert b"user_instruments" in answer.content
