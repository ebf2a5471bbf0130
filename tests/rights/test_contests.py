"""Contests from the learner's reason to the human decision."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone

from courses.models import Activity, ActivityEditor, ActivityInstrument, CourseInstructor
from files.links import Links
from files.models import StoredFile
from institutions.models import VLE, Institution, User
from kernel.caller import CallerKind
from kernel.domain import Conflict
from kernel.recording import Entry, Origin, record
from learners.models import Learner
from learners.services import learner_delete
from pipeline.running import run_due
from reports.explaining import LEVEL_WORDS
from reports.models import Report
from reports.services.merging import merge_preview, people_merge
from rights.models import Contest, ContestFile
from rights.services import contests
from rights.services.contests import contest_withdraw, people_eligible
from rights.services.notices import assignments_told, openings_told, reminders_due, reminders_sent
from signin.callers import caller_named
from tests.contests import contest_of, file_of
from tests.reports.conftest import allow
from trail.models import Line

MINE = "/api/v2/me/contest/"
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def _no_contests(world) -> None:
    Contest.objects.all().delete()


def opened(client, world, status: int = 201, **values):
    body = {"report": world.home.report.pk, "reason": "It was me.", **values}
    answer = client.post(MINE, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def path(world, contest: int, word: str = "") -> str:
    return f"/api/v2/institution/{world.home.institution.pk}/contest/{contest}/{word}"


def told_by(client, url: str, status: int = 200, **body):
    answer = client.post(url, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def assigned(world, as_, contest: int, who: str = "data", status: int = 200):
    return told_by(as_("admin"), path(world, contest, "assign/"), status, assignee=world.people[who].pk)


def decided(world, as_, contest: int, who: str = "data", status: int = 200, **body):
    body = {"outcome": "upheld", "answer": "Somebody else is in the picture."} | body
    return told_by(as_(who), path(world, contest, "decide/"), status, **body)


def state(world):
    return Report.objects.get(pk=world.home.report.pk).contest


@pytest.mark.parametrize(
    ("decided", "human", "set_aside"),
    [
        ([("identity", "set_aside", {}), (None, "changed", {"identity": 2})], {"identity": 2}, []),
        ([("identity", "changed", {"identity": 2}), (None, "set_aside", {})], {}, ["content", "identity", "integrity"]),
        ([("identity", "changed", {"identity": 2}), ("content", "set_aside", {})], {"identity": 2}, ["content"]),
        ([("identity", "set_aside", {}), (None, "upheld", {})], {}, ["identity"]),
    ],
)
def test_the_last_decision_about_a_level_counts(decided, human, set_aside):
    """A level, and then the whole report with it, can both be contested and decided."""
    rows = [
        Contest(level=level, state=state, human_levels=levels, machine_levels={}) for level, state, levels in decided
    ]
    state = contests._state(rows)
    assert (state["human_levels"], state["set_aside"], state["state"]) == (human, set_aside, decided[-1][1])


def test_from_the_reason_to_the_decision(world, as_):
    """The machine's level stays; whoever reads the report reads the human one beside it."""
    Institution.objects.filter(pk=world.home.institution.pk).update(contest_days=4)
    allow(world.home, learner_report=True)
    made = opened(as_("ann"), world, level="identity")
    assert (made["state"], made["machine_levels"], made["is_assigned"]) == ("open", {"identity": 2}, False)
    deadline = Contest.objects.get(pk=made["id"]).deadline
    assert timedelta(days=3, hours=23) < deadline - timezone.now() < timedelta(days=4)
    place = f"course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    report = f"/api/v2/institution/{world.home.institution.pk}/{place}"
    of_vle = f"/api/v2/vle/{world.home.vle.pk}/{place}"
    for who, url in (("admin", report), ("ann", report), ("vle", of_vle), ("ann", "/api/v2/me/report/")):
        row = as_(who).get(url).json()["results"][0]
        assert row["contest"] == {
            "state": "open", "is_final": False, "level": "identity", "deadline": deadline.isoformat(),
            "human_levels": {}, "set_aside": [], "changed_since": [],
        }, (who, url)  # fmt: skip
    made_json = as_("admin").get(as_("admin").get(f"{report}{world.home.report.pk}/").json()["data"])
    assert b"".join(made_json.streaming_content).count(b'"is_final":false') == 1
    assert assigned(world, as_, made["id"])["assignee"]["id"] == world.people["data"].pk
    answer = decided(world, as_, made["id"], outcome="changed", levels={"identity": 1})
    assert (answer["state"], answer["human_levels"]) == ("changed", {"identity": 1})
    row = as_("admin").get(f"{report}{world.home.report.pk}/").json()
    assert row["identity_level"] == 2
    assert row["contest"] == {
        "state": "changed", "is_final": True, "level": "identity", "deadline": None,
        "human_levels": {"identity": 1}, "set_aside": [], "changed_since": [],
    }  # fmt: skip
    mine = as_("ann").get(f"{MINE}{made['id']}/").json()
    assert (mine["state"], mine["answer"], mine["is_assigned"]) == (
        "changed", "Somebody else is in the picture.", True,
    )  # fmt: skip
    assert "Data" not in str(mine)  # who decided is not told to the learner
    lines = Line.objects.filter(person_id=world.people["ann"].pk, resource__endswith="contest")
    verbs = [line.verb for line in lines.order_by("pk") if line.verb != "read"]
    assert verbs == ["create", "assign", "decide"]


def test_the_same_contest_again_is_the_same_one(world, as_):
    first, second = opened(as_("ann"), world), opened(as_("ann"), world)
    assert first["id"] == second["id"]
    assert Line.objects.filter(resource="me/contest", verb="create").count() == 1
    opened(as_("ann"), world, 409, reason="Something else.")
    opened(as_("ann"), world, 409, level="content")
    assert Contest.objects.count() == 1


def test_only_own_reports_can_be_contested(world, as_, sent):
    other = world.away.report.pk
    assert opened(as_("ann"), world, 400, report=other) == {
        "report": [f'Invalid pk "{other}" - object does not exist.']
    }
    assert opened(as_("bob"), world, 400)["report"][0].endswith("object does not exist.")
    assert opened(as_("ann"), world, 400, report=10**9)["report"] == [
        'Invalid pk "1000000000" - object does not exist.'
    ]
    assert opened(as_("ann"), world, 400, report=None) == {"report": ["This field may not be null."]}
    assert opened(as_("ann"), world, 400, level="all") == {"level": ['"all" is not a valid choice.']}
    assert opened(as_("ann"), world, 400, reason=" ") == {"reason": ["This field may not be blank."]}
    second = VLE.objects.create(institution=world.home.institution, name="Second")
    opened(sent("ann", second), world, 400)
    assert not Contest.objects.exists()
    made = opened(sent("ann"), world)
    assert sent("ann", second).get(f"{MINE}{made['id']}/").status_code == 404


def test_what_is_withdrawn_can_be_contested_again_what_is_decided_cannot(world, as_):
    made = opened(as_("ann"), world, level="identity")
    for _ in range(2):  # a second time is no change
        assert told_by(as_("ann"), f"{MINE}{made['id']}/withdraw/")["state"] == "withdrawn"
    assert state(world) is None
    told_by(as_("data"), path(world, made["id"], "assign/"), 409, assignee=world.people["data"].pk)
    again = opened(as_("ann"), world, level="identity")
    assigned(world, as_, again["id"])
    decided(world, as_, again["id"], outcome="set_aside")
    assert (state(world)["state"], state(world)["set_aside"]) == ("set_aside", ["identity"])
    told_by(as_("ann"), f"{MINE}{again['id']}/withdraw/", 409)
    opened(as_("ann"), world, 409, level="identity")
    whole = opened(as_("ann"), world)  # the rest of the report can be
    assert state(world) | {"deadline": None} == {
        "state": "open", "is_final": False, "level": None, "deadline": None, "human_levels": {},
        "set_aside": ["identity"], "judged": {"identity": 2},
    }  # fmt: skip
    assigned(world, as_, whole["id"])
    decided(world, as_, whole["id"])
    opened(as_("ann"), world, 409, level="content")


def test_a_level_that_changes_after_the_decision_is_not_decided(world, as_, signed_in):
    """Nobody has judged the machine's new level: it can be contested, and no decision stands for it."""
    allow(world.home, learner_report=True)
    made = opened(as_("ann"), world, level="identity")
    assigned(world, as_, made["id"])
    decided(world, as_, made["id"], outcome="changed", levels={"identity": 1})

    def seen(level: int) -> tuple[bool, list[str]]:
        Report.objects.filter(pk=world.home.report.pk).update(identity_level=level)
        told = as_("ann").get(f"/api/v2/me/report/{world.home.report.pk}/").json()["contest"]
        return told["is_final"], told["changed_since"]

    told = state(world)
    Report.objects.filter(pk=world.home.report.pk).update(contest={k: v for k, v in told.items() if k != "judged"})
    assert seen(4) == (True, [])
    import_module("rights.migrations.0009_levels_decided_about").fill(apps, None)
    assert state(world) == told
    assert seen(0) == seen(2) == (True, [])  # pending: there is no other one yet
    opened(as_("ann"), world, 409, level="identity")
    assert seen(4) == (False, ["identity"])
    page = signed_in("ann").get(f"/me/reports/{world.home.report.pk}/").text
    assert "level has changed since: identity" in page
    assert "Contest it" in page
    assert "identity changed since" in signed_in("ann").get("/me/reports/").text
    again = opened(as_("ann"), world, level="identity")
    assert again["machine_levels"] == {"identity": 4}
    assigned(world, as_, again["id"])
    decided(world, as_, again["id"])
    assert seen(4) == (True, [])
    opened(as_("ann"), world, 409, level="identity")


def test_nobody_who_set_up_the_activity_decides(world, as_):
    home = world.home
    made = opened(as_("ann"), world)["id"]
    assert "This person may not decide it" in assigned(world, as_, made, "teacher", 400)["assignee"][0]
    assert assigned(world, as_, made, "member", 400)["assignee"]
    foreign = world.away.people["data"].pk
    answer = told_by(as_("admin"), path(world, made, "assign/"), 400, assignee=foreign)
    nobody = told_by(as_("admin"), path(world, made, "assign/"), 400, assignee=10**9)
    assert answer == nobody
    places = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/activity/"
    place, instruments = f"{places}{home.activity.pk}/", f"{places}{home.activity.pk}/instrument/"
    User.objects.filter(pk=world.people["data"].pk).update(inst_admin=True)
    assert as_("data").post(places, {"name": "Another one"}, format="json").status_code == 201
    assigned(world, as_, made, "admin")
    row = ActivityInstrument.objects.create(activity=home.activity, instrument_id=4)
    assert as_("admin").delete(f"{instruments}{row.pk}/").status_code == 204
    assert assigned(world, as_, made, "admin", 400)["assignee"]
    ActivityEditor.objects.filter(activity=home.activity).delete()
    assert as_("admin").post(instruments, {"instrument_id": 4, "active": True}, format="json").status_code == 201
    assert assigned(world, as_, made, "admin", 400)["assignee"]
    assigned(world, as_, made, "data")
    home.teach("data", home.course)  # after it was assigned
    assert "any more" in decided(world, as_, made, "data", 403)["detail"]
    assert "Nobody is left" in assigned(world, as_, made, "data", 400)["assignee"][0]
    CourseInstructor.objects.filter(instructor=world.people["data"].pk).delete()
    assert as_("data").patch(place, {"enabled": home.activity.enabled}, format="json").status_code == 200
    assigned(world, as_, made, "data")  # nothing was changed
    assert as_("data").patch(place, {"enabled": not home.activity.enabled}, format="json").status_code == 200
    assert "Nobody is left" in assigned(world, as_, made, "data", 400)["assignee"][0]


def test_who_has_set_up_activities_is_taken_from_the_trail(world):
    home, data = world.home, world.people["data"].pk
    place = f"{home.institution.pk}/{home.course.pk}/{home.activity.pk}"
    for kind, who, resource, row in (
        ("person", data, "activity/instrument", f"{place}/7"),
        ("person", data, "activity", place),
        ("person", world.people["legal"].pk, "activity", f"{place}0"),  # it is gone
        ("person", world.away.people["data"].pk, "activity", place),
        ("person", 10**9, "activity", place),
        ("vle", world.people["admin"].pk, "activity", place),
    ):
        by = Origin(kind, who, "x", "password", None, None, "r")
        record(Entry("update", f"institution/course/{resource}", row, home.institution.pk), by=by)
    for _ in range(2):
        import_module("rights.migrations.0010_activity_editors_filled").fill(apps, None)
        assert [*ActivityEditor.objects.values_list("activity", "person_id")] == [(home.activity.pk, data)]
    admin, legal = (world.people[name].pk for name in ("admin", "legal"))
    people_merge(institution=home.institution, kept_id=legal, gone_id=data, by_id=admin)
    assert not people_eligible(home.report).filter(pk=legal).exists()
    assert [*ActivityEditor.objects.values_list("activity", "person_id")] == [(home.activity.pk, legal)]
    ActivityEditor.objects.all().delete()
    assert people_eligible(home.report).filter(pk=legal).exists()  # the rights have come along


def test_the_learner_does_not_decide(world, as_):
    User.objects.filter(pk=world.people["ann"].pk).update(data_admin=True)
    made = opened(as_("ann"), world)["id"]
    assert assigned(world, as_, made, "ann", 400)["assignee"]


def test_only_the_assignee_decides_and_once(world, as_):
    made = opened(as_("ann"), world, level="identity")["id"]
    decided(world, as_, made, "data", 403)
    assigned(world, as_, made)
    decided(world, as_, made, "admin", 403)
    for body, field in (
        ({"outcome": "changed"}, "levels"),
        ({"outcome": "changed", "levels": {"content": 2}}, "levels"),
        ({"outcome": "changed", "levels": {"identity": 2}}, "levels"),
        ({"outcome": "changed", "levels": {"identity": 0}}, "levels"),
        ({"outcome": "changed", "levels": {"identity": 9}}, "levels"),
        ({"levels": {"identity": 1}}, "levels"),
        ({"outcome": "open"}, "outcome"),
        ({"answer": ""}, "answer"),
    ):
        assert list(decided(world, as_, made, "data", 400, **body)) == [field], body
    assert state(world)["state"] == "open"
    first = decided(world, as_, made)
    assert decided(world, as_, made)["decided_at"] == first["decided_at"]  # sent again
    decided(world, as_, made, "data", 409, answer="Something else.")


def test_filters_find_what_waits(world, as_):
    open_one = contest_of(world.home, state="open", assignee=world.people["data"])
    contest_of(world.home)

    def found(**query):
        rows = as_("data").get(path(world, 0).removesuffix("0/"), query).json()["results"]
        return [row["id"] for row in rows]

    assert found(state="open") == [open_one.pk]
    assert found(assignee=world.people["data"].pk) == [open_one.pk]
    assert len(found(assignee=0)) == 1
    assert found(deadline__lte="2020-01-01T00:00:00Z") == []
    assert len(found(deadline__gte="2020-01-01T00:00:00Z", report=world.home.report.pk)) == 2


# Files.


def added(client, contest: int, content: bytes = PDF, name: str = "proof.pdf", kind: str = "application/pdf"):
    return client.post(f"{MINE}{contest}/file/", {"file": SimpleUploadedFile(name, content, kind)}, format="multipart")


def test_files_are_for_the_learner_and_for_who_decides(world, as_):
    made = opened(as_("ann"), world)["id"]
    answer = added(as_("ann"), made)
    assert answer.status_code == 200, answer.content
    assert [(row["name"], row["size"]) for row in answer.json()["files"]] == [("proof.pdf", len(PDF))]
    for who, url in (("ann", f"{MINE}{made}/"), ("data", path(world, made)), ("admin", path(world, made))):
        link = as_(who).get(url).json()["files"][0]["url"]
        assert b"".join(as_(who).get(link).streaming_content) == PDF
    User.objects.filter(pk=world.people["admin"].pk).update(inst_admin=False)
    assert as_("admin").get(link).status_code == 404
    ContestFile.objects.all().delete()
    assert as_("ann").get(link).status_code == 404
    assert added(as_("bob"), made).status_code == 404


def test_a_link_knows_the_vle_that_had_sent_its_caller(world, as_, client):
    """It is followed without a session: what another VLE's people may not open is not opened by their links either."""
    made = opened(as_("ann"), world)["id"]
    assert added(as_("ann"), made).status_code == 200
    file, ann = ContestFile.objects.get(contest=made).file, world.people["ann"].pk
    second = VLE.objects.create(institution=world.home.institution, name="Second")
    for vle, status in ((world.home.vle, 200), (second, 404)):
        caller = caller_named(CallerKind.LAUNCHED, ann, vle.pk)
        assert (caller.vle_id, caller.sent_by) == (vle.pk, vle.pk)
        url = str(Links(base="/files/", caller=caller, seconds=60)(file.pk, "why.pdf"))
        answer = client.get(url)
        assert (answer.status_code, b"".join(answer) != b"") == (status, True)
    line = Line.objects.get(resource="files/contest")
    assert (line.signed_in, line.signed_in_by) == ("launcher", world.home.vle.pk)


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [(b"", "a.pdf", "application/pdf"), (b"<p>", "a.html", "text/html"), (b"MZ", "a.pdf", "application/pdf")],
)
def test_files_of_other_kinds_are_refused(content, name, kind, world, as_):
    made = opened(as_("ann"), world)["id"]
    answer = added(as_("ann"), made, content, name, kind)
    assert (answer.status_code, list(answer.json())) == (400, ["file"])


def test_number_and_size_of_files_are_limited(world, as_):
    made = opened(as_("ann"), world)["id"]
    contest = Contest.objects.get(pk=made)
    with override_settings(CONSENT_PDF_BYTES=len(PDF) - 1):
        assert added(as_("ann"), made).status_code == 400
    for n in range(contests.MOST_FILES):
        file_of(contest, world.home, f"{n}.pdf")
    assert added(as_("ann"), made).status_code == 409
    told_by(as_("ann"), f"{MINE}{made}/withdraw/")
    assert added(as_("ann"), made).status_code == 409


# What goes, and what stays.


def kept(contest: Contest) -> Contest:
    stored = Contest.objects.get(pk=contest.pk)
    assert (stored.report, stored.reason, stored.answer, stored.assignee) == (None, "", "", None)
    assert not ContestFile.objects.exists()
    return stored


def test_of_a_deleted_learner_the_outcome_stays(world, as_):
    open_one = Contest.objects.get(pk=opened(as_("ann"), world)["id"])
    assert added(as_("ann"), open_one.pk).status_code == 200
    done = contest_of(world.home, state="upheld", decided_at=timezone.now(), answer="Ann was there.")
    ann = world.people["ann"].pk
    told_by(as_("ann"), f"{MINE}{open_one.pk}/withdraw/")
    learner_delete(learner=Learner.objects.get(pk=ann))
    assert (kept(open_one).state, kept(done).state) == ("withdrawn", "upheld")
    assert not StoredFile.objects.filter(owner=ann).exists()
    row = as_("data").get(path(world, done.pk)).json()
    assert (row["learner"], row["report"], row["activity"], row["course"]) == (None, None, None, None)
    told_by(as_("data"), path(world, open_one.pk, "assign/"), 404, assignee=world.people["data"].pk)


def test_nothing_above_a_contested_report_goes_before_it_is_decided(world, as_, signed_in):
    """Who is contested is not rid of the contest that way."""
    home, ann = world.home, world.people["ann"].pk
    made = opened(as_("ann"), world)["id"]
    of_institution, of_vle = f"/api/v2/institution/{home.institution.pk}/", f"/api/v2/vle/{home.vle.pk}/"
    course = f"course/{home.course.pk}/"
    activity = f"{course}activity/{home.activity.pk}/"
    for who, url in (
        ("admin", f"{of_institution}{activity}"),
        ("admin", f"{of_institution}{course}"),
        ("admin", f"{of_institution}vle/{home.vle.pk}/"),
        ("admin", f"{of_institution}learner/{ann}/"),
        ("admin", f"{of_institution}user/{ann}/"),
        ("vle", f"{of_vle}{activity}"),
        ("vle", f"{of_vle}{course}"),
    ):
        answer = as_(who).delete(url)
        assert (answer.status_code, "contests" in answer.text) == (409, True), (url, answer.content)
    assert Contest.objects.get(pk=made).state == "open"
    place = f"/console/{home.institution.pk}/courses/{home.course.pk}/activities/{home.activity.pk}/delete/"
    assert ("open contests", 1) in signed_in("admin").get(place).context["goes"]


def test_of_a_deleted_activity_the_outcome_stays(world, as_):
    made = Contest.objects.get(pk=opened(as_("ann"), world)["id"])
    home = world.home
    url = f"/api/v2/institution/{home.institution.pk}/course/{home.course.pk}/activity/{home.activity.pk}/"
    assert added(as_("ann"), made.pk).status_code == 200
    told_by(as_("ann"), f"{MINE}{made.pk}/withdraw/")
    assert as_("admin").delete(url).status_code == 204
    assert kept(made).state == "withdrawn"
    assert not StoredFile.objects.filter(kind="contest").exists()
    assert not Activity.objects.filter(pk=home.activity.pk).exists()
    assert as_("ann").get(MINE).json()["count"] == 0
    Contest.objects.filter(pk=made.pk).update(state="open")
    told_by(as_("data"), path(world, made.pk, "decide/"), 404, outcome="upheld", answer="x")


def test_contests_of_two_accounts_become_those_of_one(world, as_):
    """bob is merged into ann; both contest the report on the same activity, of which one report has one at a time."""
    home = world.home
    other = Report.objects.create(institution=home.institution, activity=home.activity, learner=home.learners["bob"])
    theirs = contest_of(home, state="open")
    Contest.objects.filter(pk=theirs.pk).update(report=other)
    own = Contest.objects.get(pk=opened(as_("ann"), world)["id"])
    ids = {"kept_id": world.people["ann"].pk, "gone_id": world.people["bob"].pk, "by_id": world.people["admin"].pk}
    for merge in (merge_preview, people_merge):
        with pytest.raises(Conflict, match="Both people contest"):
            merge(institution=home.institution, **ids)
    contest_withdraw(contest=own)
    people_merge(institution=home.institution, **ids)
    moved = Contest.objects.get(pk=theirs.pk)
    assert (moved.report_id, moved.state) == (home.report.pk, "open")
    assert state(world)["state"] == "open"


# Mail.


@override_settings(SENDS_MAIL=True, PUBLIC_URL="https://trust.example.org")
def test_mails_say_that_there_is_something_and_not_what(world, as_):
    contest = opened(as_("ann"), world)["id"]
    assert sent() == [("data@home.example.org", "A report is contested")]
    page = f"https://trust.example.org/console/{world.home.institution.pk}/contests/{contest}/"
    assert page in mail.outbox[0].body
    assert reminders_due() == []
    falls_due(contest, days=2)
    assert (reminders_due(), reminders_due()) == ([contest], [])  # once
    assert sent() == [("data@home.example.org", "A contest must be answered soon")]
    assigned(world, as_, contest, "admin")
    assert sent() == [("admin@home.example.org", "A contest was assigned to you")]
    assigned(world, as_, contest, "admin")
    assert sent() == []  # no change
    assert reminders_due() == [contest]  # whoever it is assigned to is reminded anew
    assert sent() == [("admin@home.example.org", "A contest must be answered soon")]
    decided(world, as_, contest, "admin")
    assert sent() == [("ann@home.example.org", "Your contest has been decided")]
    assert "https://trust.example.org/me/contests/" in mail.outbox[-1].body
    secrets = ("Somebody else", "It was me", "Quiz", "Ann")
    assert not any(word in message.body for message in mail.outbox for word in secrets)
    for told in (openings_told, assignments_told, reminders_sent):
        told([contest])  # it is decided by now
    assert len(mail.outbox) == 5


@override_settings(SENDS_MAIL=True)
def test_a_report_that_is_contested_again_and_again_fills_no_mailbox(world, as_):
    told_by(as_("ann"), f"{MINE}{opened(as_('ann'), world)['id']}/withdraw/")  # before a mail has gone
    for n in range(1, contests.MOST_A_DAY):
        again = opened(as_("ann"), world)["id"]
        assert sent() == [("data@home.example.org", "A report is contested")] * (n == 1)
        told_by(as_("ann"), f"{MINE}{again}/withdraw/")
    assert "within a day" in opened(as_("ann"), world, 409)["detail"]
    Contest.objects.update(created_at=timezone.now() - timedelta(days=1))
    opened(as_("ann"), world)
    assert sent() == []
    with override_settings(SENDS_MAIL=False):
        openings_told([Contest.objects.get(state="open").pk])
    assert Contest.objects.filter(told_at__isnull=False).exists()
    Contest.objects.update(told_at=timezone.now() - timedelta(days=1))
    openings_told([Contest.objects.get(state="open").pk])
    assert len(mail.outbox) == 2


def sent() -> list[tuple[str, str]]:
    """What the jobs mail now: to whom, and the subject."""
    before = len(mail.outbox)
    run_due()
    return [(*message.to, message.subject) for message in mail.outbox[before:]]


def falls_due(contest: int, **later: int) -> None:
    Contest.objects.filter(pk=contest).update(deadline=timezone.now() + timedelta(**later))


@override_settings(SENDS_MAIL=True)
@pytest.mark.parametrize("is_reminded", [True, False], ids=["after a reminder", "without one"])
def test_one_more_reminder_when_the_deadline_has_passed(is_reminded, world):
    contest = contest_of(world.home, state="open", deadline=timezone.now() + timedelta(days=2)).pk
    if is_reminded:
        assert reminders_due() == [contest]
        Contest.objects.filter(pk=contest).update(reminded_at=timezone.now() - timedelta(days=2))
        sent()
    falls_due(contest, minutes=-1)
    assert (reminders_due(), reminders_due()) == ([contest], [])
    assert sent() == [("data@home.example.org", "A contest is overdue")]


@override_settings(SENDS_MAIL=True)
def test_who_is_told_of_a_contest_is_who_has_it_when_the_mail_is_sent(world, as_):
    """The jobs name the contest alone: assigned before the first mail goes, it needs nobody who assigns it."""
    contest = opened(as_("ann"), world)["id"]
    assigned(world, as_, contest, "admin")
    assert sent() == [("admin@home.example.org", "A contest was assigned to you")]
    Contest.objects.filter(pk=contest).update(assignee=None)  # the account is gone
    assignments_told([contest])
    assert len(mail.outbox) == 1


def test_without_mail_nothing_is_sent_and_nothing_fails(world, as_):
    contest = contest_of(world.home, state="open", deadline=timezone.now())
    assert reminders_due() == []
    assigned(world, as_, contest.pk)
    decided(world, as_, contest.pk)
    run_due()
    reminders_sent([contest_of(world.home, state="open", deadline=timezone.now()).pk])
    assert mail.outbox == []


# Pages.


def test_the_overview_says_what_waits(world, signed_in):
    page = f"/console/{world.home.institution.pk}/"
    assert "to be answered" not in signed_in("admin").get(page).text
    contest_of(world.home, state="open")
    text = signed_in("admin").get(page).text
    assert "1 contest to be answered, the first by" in text
    assert f"{page}contests/?state=open&amp;ordering=deadline" in text
    assert "to be answered" not in signed_in("legal").get(page).text


def form(browser, path: str, **values):
    browser.handler.enforce_csrf_checks = False
    return browser.post(path, values)


def assert_listed(lists, word: str) -> None:
    """Each of these pages, and its file, has the word beside the machine's level."""
    for browser, pages in lists.items():
        for page in pages:
            text = browser.get(page).text
            assert word in text, page
            assert LEVEL_WORDS[2] in text, page
            if page.endswith("/reports/") and "/console/" in page:
                assert word in browser.get(page, {"download": "csv"}).getvalue().decode(), page


def test_pages_lead_from_the_form_to_the_decision(world, signed_in):
    """As people do it: the learner's form, the administrator's, and the decision on both sides."""
    home = world.home
    allow(home, learner_report=True)
    report = f"/me/reports/{home.report.pk}/"
    ann, data = signed_in("ann"), signed_in("data")
    assert form(ann, report, level="identity", reason=" ").status_code == 400
    made = form(ann, report, level="identity", reason="It was <b>me</b>.")
    mine = made["Location"]
    assert "It was &lt;b&gt;me&lt;/b&gt;." in ann.get(mine).text
    assert form(ann, mine, action="file", file=SimpleUploadedFile("a.pdf", PDF, "application/pdf")).status_code == 302
    assert form(ann, mine, action="file", file=SimpleUploadedFile("a.pdf", b"MZ", "application/pdf")).status_code == 400
    assert "a.pdf" in ann.get(mine).text
    assert "no level is final yet" in ann.get(report).text
    key = Contest.objects.get().pk
    page = f"/console/{home.institution.pk}/contests/{key}/"
    place = f"courses/{home.course.pk}/activities/{home.activity.pk}/"
    assert "no level is final yet" in data.get(f"/console/{home.institution.pk}/{place}reports/{home.report.pk}/").text
    lists = {ann: ["/me/reports/"], data: [f"/console/{home.institution.pk}/{page}" for page in (place, "reports/")]}
    assert_listed(lists, "contested, not final")
    assert "What the learner says" in data.get(page).text
    assert form(data, page, action="assign", assignee="x").status_code == 400
    assert form(data, page, action="assign", assignee=world.people["data"].pk).status_code == 302
    # It shows that nobody decides, and somebody does by now.
    assert form(data, page, action="assign", assignee=world.people["admin"].pk, assigned="").status_code == 412
    assert form(data, page, action="decide", outcome="changed", answer="Seen.").status_code == 400
    assert form(data, page, action="decide", outcome="changed", answer="Seen.", identity=9).status_code == 400
    assert form(data, page, action="decide", outcome="changed", answer="Seen.", identity=1).status_code == 302
    assert "Seen." in data.get(page).text
    assert "another level holds (identity No information)" in ann.get(report).text
    assert "Seen." in ann.get(mine).text
    assert_listed(lists, "decided by a person: identity No information")
    assert form(ann, mine, action="withdraw").status_code == 409
