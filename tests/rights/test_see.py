"""/me/...: what the caller is told, and what is nobody else's to see."""

import pytest

from courses.models import ActivityInstrument, AssessmentSession
from institutions.models import VLE, Institution, Instrument, User
from kernel.recording import Entry, Origin, record
from learners.models import Learner, SENDLearner
from reports.models import Report, Request
from tests.contract.calls import BASE
from tests.reports.conftest import allow
from tests.world import World

REPORTS, HELD, TRAIL = "/api/v2/me/report/", "/api/v2/me/held/", "/api/v2/me/trail/"


def line(world: World, who: str, resource: str, row: object = "", verb: str = "read", **more) -> None:
    """Somebody has done something with what is held about ann."""
    home = world.home
    by = Origin("person", home.people[who].pk, f"home-{who}", "password", None, "192.0.2.7", "r")
    if "by" in more:
        by = more.pop("by")
    record(Entry(verb, resource, row, home.institution.pk, home.people["ann"].pk, sealed=True, **more), by=by)


def by_vle(vle: VLE) -> Origin:
    return Origin("vle", vle.pk, "role", "approle", None, "192.0.2.8", "r")


def kinds(body) -> dict[str, int]:
    return {row["kind"]: row["count"] for row in body["kinds"]}


def test_held_counts_the_own_rows_alone(world, as_):
    home = world.home
    session = AssessmentSession.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["ann"]
    )
    Request.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["ann"], session=session
    )
    body = as_("ann").get(HELD).json()
    counted = kinds(body)
    held_once = ("memberships", "needs", "decisions", "reports", "documents", "corrections", "erasures")
    assert {name: counted[name] for name in held_once} == dict.fromkeys(held_once, 1)
    assert (counted["sessions"], counted["captures"], counted["samples"], counted["models"]) == (1, 1, 0, 0)
    decisions = next(row for row in body["kinds"] if row["kind"] == "decisions")
    assert decisions["oldest"] == decisions["newest"] == "2020-01-01T00:00:00Z"
    assert body["account"]["uid"] == "ann"
    assert body["account"]["roles"] == ["LEARNER"]
    assert body["consent"] == "NOT_VALID_MISSING"
    assert body["needs"] == {
        "is_send": True, "enabled_options": ["big_fonts"], "disabled_instruments": [2],
        "extra_time": None, "allowances": [],
        "categories": body["needs"]["categories"],
    }  # fmt: skip
    assert [row["name"] for row in body["needs"]["categories"]] == ["low sight"]
    assert kinds(as_("eve").get(HELD).json())["reports"] == 0
    member = as_("member").get(HELD).json()
    assert (member["consent"], member["needs"], member["instruments_off"]) == (None, None, [])


def test_who_brought_the_account_is_told(world, as_):
    ann = world.people["ann"]
    ann.brought_by_vle = world.home.vle.pk
    ann.save()
    assert as_("ann").get(HELD).json()["account"]["origin"] == "The learning platform Moodle."


def test_what_needs_are_called_is_not_told_a_vle_of_who_signs_in_otherwise(world, sent, signed_in):
    """It may be the name of an illness; nobody's own data is kept back for the lack of a password."""
    assert "low sight" in signed_in("ann").get("/me/").text
    launched = sent("ann")
    assert launched.get(HELD).json()["needs"]["categories"] is None
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=False)
    assert launched.get(HELD).json()["needs"]["categories"][0]["name"] == "low sight"


def test_instruments_are_off_for_the_first_reason(world, as_):
    """Each reason alone, from the one that nobody can change to the own consent."""
    home = world.home
    learner = Learner.objects.filter(pk=world.people["ann"].pk)
    primary = home.activity_instrument

    def codes() -> dict[str, str]:
        return {row["instrument"]: row["code"] for row in as_("ann").get(HELD).json()["instruments_off"]}

    name = primary.instrument.name
    home.category.data = {"enabled_options": ["big_fonts"], "disabled_instruments": []}
    home.category.save()
    assert codes() == {name: "consent"}
    learner.update(consent=home.newer_consent)
    assert codes() == {}
    other = Instrument.objects.get(pk=1)
    ActivityInstrument.objects.create(activity=home.activity, instrument=other, alternative_to=primary)
    assert codes() == {other.name: "alternative"}
    home.category.data = {"enabled_options": [], "disabled_instruments": [primary.instrument_id]}
    home.category.save()
    assert codes() == {name: "send"}
    SENDLearner.objects.all().delete()
    Instrument.objects.filter(pk=primary.instrument_id).update(enabled=False)
    assert codes() == {name: "service"}
    ActivityInstrument.objects.filter(pk=primary.pk).update(active=False)
    assert codes() == {name: "inactive", other.name: "alternative"}
    type(home.activity).objects.filter(pk=home.activity.pk).update(enabled=False)
    assert codes() == {name: "activity", other.name: "activity"}


def test_levels_and_reasons_are_told_where_the_institution_allows_it(world, as_):
    path = f"{REPORTS}{world.home.report.pk}/"
    body = as_("ann").get(path).json()
    assert (body["levels_shown"], body["identity_level"], body["explained"]) == (False, None, None)
    assert body["activity"] == {"id": world.home.activity.pk, "name": "Quiz", "type": "quiz"}
    allow(world.home, learner_report=True)
    body = as_("ann").get(path).json()
    assert (body["levels_shown"], body["identity_level"]) == (True, 2)
    explained = body["explained"]
    assert [(row["kind"], row["word"]) for row in explained["levels"]] == [
        ("identity", "OK"), ("content", "No information"), ("integrity", "No information"),
    ]  # fmt: skip
    assert all(row["reasons"] for row in explained["levels"])
    assert [row["name"] for row in explained["instruments"]] == [world.home.activity_instrument.instrument.name]


def test_whoever_has_left_the_course_still_sees_the_report(world, as_):
    world.home.course.learners.through.objects.all().delete()
    assert as_("ann").get(REPORTS).json()["count"] == 1


@pytest.mark.parametrize("everywhere", [False, True])
def test_who_was_sent_by_a_vle_sees_its_courses_alone(everywhere, world, sent):
    """Another VLE sends ann: its own courses have nothing of hers, unless the institution allows more."""
    home = world.home
    Institution.objects.filter(pk=home.institution.pk).update(launcher_everywhere=everywhere)
    other = VLE.objects.create(institution=home.institution, name="Second")
    line(world, "admin", "institution/course/activity/report", f"{home.institution.pk}/{home.course.pk}/1/2")
    line(world, "admin", "institution/learner/send", f"{home.institution.pk}/{world.people['ann'].pk}")
    line(world, "admin", "x", by=by_vle(home.vle))
    own, others = sent("ann"), sent("ann", other)
    every = 1 if everywhere else 0
    assert (own.get(REPORTS).json()["count"], others.get(REPORTS).json()["count"]) == (1, every)
    assert others.get(f"{REPORTS}{home.report.pk}/").status_code == (200 if everywhere else 404)
    mine, theirs = own.get(HELD).json(), others.get(HELD).json()
    assert (kinds(mine)["reports"], kinds(theirs)["reports"]) == (1, every)
    assert (kinds(mine)["memberships"], kinds(theirs)["memberships"]) == (1, every)
    assert ("files" in kinds(theirs), theirs["limited_to"]) == (everywhere, None if everywhere else "Second")
    assert kinds(theirs)["needs"] == kinds(theirs)["decisions"] == 1  # they are no course's
    told = {row["resource"] for row in own.get(TRAIL).json()["results"]}
    assert told >= {"institution/course/activity/report", "institution/learner/send", "x"}
    told = {row["resource"] for row in others.get(TRAIL).json()["results"]}
    assert "institution/learner/send" in told
    assert ({"institution/course/activity/report", "x"} & told != set()) is everywhere


def test_the_trail_tells_roles_and_no_names_of_people(world, as_):
    home = world.home
    line(world, "data", "institution/course/activity/report", verb="read", details={"asked": {"search": ["secret"]}})
    line(world, "teacher", "institution/learner", verb="update", details={"locale": ["en", "ca"]})
    line(world, "member", "console/learner")
    line(world, "admin", "vle/course/learner", verb="create", by=by_vle(home.vle))
    line(world, "admin", "provider/enrolment", by=Origin("provider", 1, "role", "approle", None, None, "r"))
    line(world, "admin", "institution/user", by=Origin("admin", world.people["global"].pk, "root", "password"))
    line(world, "admin", "institution/user", by=Origin("command", None, "import_csv", "command"))
    line(world, "admin", "institution/user", by=Origin("person", 10**9, "gone", "password"))
    line(world, "ann", "institution/user", verb="update")
    line(world, "ann", "institution/learner", verb="read")  # left out: her own reading
    answer = as_("ann").get(TRAIL, {"ordering": "id"})
    lines = answer.json()["results"]
    told = [(row["told"]["who"], row["told"]["did"], row["told"]["what"]) for row in lines]
    provider = told[4][0]
    assert told == [
        ("data administrator", "looked at", "your report"),
        ("instructor", "changed", "your record as a learner"),
        ("member of your institution", "looked at", "your record as a learner"),
        ("learning platform Moodle", "put you into", "a course, as a learner"),
        (provider, "looked at", "your enrolment"),
        ("administrator of the service", "looked at", "your account"),
        ("the service's operator", "looked at", "your account"),
        ("somebody whose account is gone", "looked at", "your account"),
        ("you", "changed", "your account"),
    ]
    assert provider == "provider"
    assert [row["told"]["changed"] for row in lines[:2]] == [[], ["locale"]]
    text = answer.content.decode()
    assert not any(word in text for word in ("home-", "root", "192.0.2", "secret", "import_csv"))


def test_lists_in_which_the_caller_may_have_been_are_counted_by_roles(world, as_, signed_in):
    """Lines tell how many rows a list had, not which. Lists of other courses, and lines about one person, are none."""
    home, api, lists = world.home, f"{BASE}{world.home.institution.pk}/", f"{TRAIL}lists/"
    assert as_("ann").get(lists).json()["opened"] == []
    own, other = (f"course/{course.pk}/learner/" for course in (home.course, home.other_course))
    read = {"admin": ["user/", "instructor/", own, other], "data": ["learner/", "learner/?uid=ann"], "teacher": [own]}
    for who, paths in read.items():
        assert [as_(who).get(f"{api}{path}").status_code for path in paths] == [200] * len(paths)
    assert as_("ann").get(lists).json()["opened"] == [
        {"who": "institution administrator", "number": 3},
        {"who": "data administrator", "number": 1},
        {"who": "instructor", "number": 1},
    ]
    page = signed_in("ann").get("/me/trail/").text
    assert "lists of people in which you may have been were opened, too: 3 by institution administrator;" in page


def test_of_two_accounts_only_the_one_signed_in_is_told(world, as_):
    """The same person in both institutions, with the same uid: nothing of the other account."""
    ours = as_("ann").get(REPORTS).json()["results"]
    theirs = Report.objects.exclude(institution=world.home.institution)
    assert [row["id"] for row in ours] == [world.home.report.pk]
    assert as_("ann").get(f"{REPORTS}{theirs.get().pk}/").status_code == 404
    assert as_("ann").get(f"/api/v2/me/decision/{world.away.decision.pk}/").status_code == 404
