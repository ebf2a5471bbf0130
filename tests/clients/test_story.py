"""A university's term end to end, as the clients in the field tell it: clients.md 1.4, dashboard.md 4 to 6."""

import re
from types import SimpleNamespace

import pytest

from tests.clients.dashboard import Browser, WebPlugin, fetched
from tests.clients.moodle import Moodle
from tests.clients.python_client import PythonClient
from tests.clients.wire import REQUESTS, SENT
from tests.servers.service import service
from tests.world import PASSWORD

pytestmark = pytest.mark.servers
ORIGIN = "https://dashboard.example.org"
FR, KS, VR, PLAG = 1, 2, 3, 5
STUDENTS = ("ann@uni.example.org", "bob@uni.example.org")
TEACHERS = ("tom@uni.example.org", "zoe@uni.example.org")


@pytest.fixture(params=[False, True], ids=["documented", "legacy"])
def told(request, tmp_path):
    """The story's servers, and what one chapter leaves to the next."""
    with service(tmp_path) as found:
        found.environment |= {
            "LEGACY_DASHBOARD": str(int(request.param)),
            "CORS_ALLOWED_ORIGINS": ORIGIN,
            "DASHBOARD_URL": ORIGIN,
        }
        root = found.fill("tests.clients.begin")
        server = found.start()
        yield SimpleNamespace(service=found, port=server.port, server=server, root=root, legacy=request.param)


def browser(told, **values):
    return Browser(told.port, origin=ORIGIN, **values)


def chapter_1_global_administrator_makes_an_institution_with_an_administrator(told):
    root = browser(told)
    root.preflight()
    root.signs_in(told.root["email"], told.root["password"])
    made = root.send("system-institution-create", 201, name="A university", acronym="UNI")
    assert made["allowed_domains"] == ""
    told.institution = root.values["institution"] = made["id"]
    assert root.send("system-institutions", 200)["count"] == 1
    root.send("institution-picker", 200)
    admin = {"username": "head", "email": "head@uni.example.org", "password": PASSWORD, "uid": "head"}
    assert root.send("system-user-create", 201, **admin)["username"] == "head"
    root.send("system-users", 200)
    assert root.send("system-instruments", 200)["count"] == 5
    schema = root.send("system-instrument", 200, instrument=FR)["options_schema"]
    assert isinstance(schema, dict)
    new = root.send("system-instrument-create", 201, name="Style", acronym="style")
    made = {"name": "Style One", "acronym": "style1", "queue": "style_one", "instrument": new["id"]}
    assert root.send("system-provider-create", 201, **made)["acronym"] == "style1"
    assert root.send("system-providers", 200, instrument=new["id"])["count"] == 1
    root.refresh()
    root.send("logout", 204)
    root.send("profile", 401)


def chapter_2_administrator_prepares_the_institution(told):
    told.admin = admin = browser(told)
    admin.signs_in("head@uni.example.org", PASSWORD)
    whole = admin.send("institution", 200)
    whole |= {"allow_learner_report": True, "allow_learner_audit": True, "allow_valid_audit": True}
    assert admin.send("settings", 200, whole=whole)["allow_learner_report"] is True
    made = admin.send("consent-create", 201, version="1.0.0")
    admin.values["consent"] = made["id"]
    assert admin.send("consents", 200)["count"] == 1
    admin.send("consent-update", 200, version="1.0.0")
    admin.send("document-create", 201)
    admin.send("document-update", 200)
    admin.send("documents", 200)
    draft = {"consent": admin.send("consent-create", 201, version="0.9.0")["id"]}
    assert admin.send("document-create", 201, **draft)["pdf"] is not None
    assert admin.send("document-no-pdf", 200, **draft)["pdf"] is None
    admin.send("consent-delete", 204, **draft)
    category = admin.send("category-create", 201, description="low vision", instrument=str(KS))
    told.category = category["id"]
    admin.send("category-update", 200, description="low vision", instrument=str(KS), category=category["id"])
    assert admin.send("categories", 200)["count"] == 1
    new = {"username": "clerk", "email": "clerk@uni.example.org", "uid": "clerk"}
    told.clerk = clerk = admin.send("user-create", 201, **new)
    admin.send("user-update", 200, **(new | {"user": clerk["id"]}))
    admin.send("users", 200)
    rights = {"data_admin": True, "password": PASSWORD, "password2": PASSWORD}
    path = f"/api/v2/institution/{told.institution}/user/{clerk['id']}/"
    assert told.server.call("PATCH", path, rights, admin.values["access_token"]).status == 200
    admin.send("own-locale", 200)
    vle = told.server.call(
        "POST",
        f"/api/v2/institution/{told.institution}/vle/",
        {"type": 0, "name": "Moodle", "url": "https://moodle.example.org"},
        admin.values["access_token"],
    )
    assert vle.status == 201
    told.credentials = vle.json()["credentials"]


def chapter_3_plugin_brings_course_people_and_activity(told):
    told.moodle = moodle = Moodle(
        told.port, role_id=told.credentials["role_id"], secret_id=told.credentials["secret_id"]
    )
    moodle.login()
    wrong = Moodle(told.port, role_id=told.credentials["role_id"], secret_id="wrong")
    assert wrong.is_refused_at_login()
    assert moodle.values["institution"] == told.institution
    told.course = moodle.course_saved()
    assert moodle.course_saved() == told.course
    moodle.send("course-get", 200)
    for _ in range(2):
        for uid in TEACHERS:
            moodle.person_opens_page("teacher", uid, uid[:3].title(), "Teacher")
        for uid in STUDENTS:
            moodle.person_opens_page("student", uid, uid[:3].title(), "Student")
    moodle.send("learner-create", 201, uid=STUDENTS[0], first_name="Ann", last_name="Student")
    told.activity = moodle.activity_saved()
    assert moodle.activity_saved() == told.activity
    moodle.send("activity-get", 200)
    assert not moodle.is_enabled()


def chapter_4_teacher_comes_from_the_vle_and_sets_the_activity_up(told):
    teacher = browser(told, course=told.course, activity=told.activity)
    ticket = told.moodle.way_to_dashboard(TEACHERS[0])
    teacher.comes_from_vle(ticket)
    teacher.send("launched", 401, **ticket)
    teacher.opens_course()
    assert teacher.opens_activity() == []
    ks = teacher.adds_instrument(KS, {})
    teacher.adds_instrument(FR, {"online": True}, alternative_to=ks)
    plag = teacher.adds_instrument(PLAG, {})
    teacher.send("tool-remove", 204, tool=teacher.adds_instrument(VR, {}))
    off = teacher.send("tool-off", 200, tool=plag, instrument=PLAG, active=False, options={})
    assert off["active"] is False
    kept = teacher.send("tool-off", 200, tool=plag, instrument=PLAG, active=True, options={})
    assert kept["alternative_to"] is None
    assert teacher.send("activity-on", 200)["enabled"] is True
    assert [tool["instrument"]["acronym"] for tool in teacher.opens_activity()] == ["ks", "fr", "plag"]
    (shown,) = teacher.opens_dashboard()
    assert {tool["instrument"]["acronym"] for tool in shown["user_instruments"]} == {"ks", "fr", "plag"}
    if told.legacy:
        assert teacher.gauges(told.legacy) == []
    else:
        teacher.send("enrolment", 404)
    assert told.moodle.is_enabled()
    assert len(told.moodle.send("activity-instruments", 200)["results"]) == 3


def chapter_5_learner_has_to_accept_and_to_enrol_first(told):
    moodle, (ann, bob) = told.moodle, STUDENTS
    assert moodle.learner(ann)["ic_status"] == "NOT_VALID_MISSING"
    assert moodle.assessment(ann) == {"go": "plugin/ic"}
    assert moodle.assessment_refused(ann) == 2
    for uid in STUDENTS:
        student = browser(told, course=told.course, activity=told.activity)
        student.comes_from_vle(moodle.way_to_dashboard(uid))
        version = student.reads_consent()
        assert student.send("consent-accept", 201, version=version)["ic_status"] == "VALID"
        rejected = student.send("consent-reject", 200 if told.legacy else 204)
        if told.legacy:
            assert rejected["ic_status"] == "NOT_VALID_REJECTED"
            rejected["id"], rejected["institution"]["id"]
        assert moodle.assessment_refused(uid) == 3
        student.send("consent-accept", 201, version=version)
        assert moodle.assessment(uid)["go"] == "plugin/enrolment"
        setattr(told, uid[:3], student)
    bob_learner = told.bob.values["user"]
    told.admin.send("category-assign", 201, user=bob_learner, category=told.category)
    assert told.admin.send("learner-sends", 200, user=bob_learner)["count"] == 1
    assert told.admin.send("learner", 200, user=bob_learner)["send"]["send"]["disabled_instruments"] == [KS]
    assert moodle.assessment(bob)["go"] == "plugin/enrolment"
    assert told.ann.enrols(KS, "keystrokes") == "PENDING"
    assert told.bob.enrols(FR, "picture") == "PENDING"
    told.service.fill("tests.clients.learnt")
    assert {entry["instrument_id"] for entry in told.ann.gauges(told.legacy)} >= {KS}


def chapter_6_sessions_capture_what_the_instruments_of_each_learner_need(told):
    moodle, (ann, bob) = told.moodle, STUDENTS
    told.sessions = {}
    for uid, sensor, tool in ((ann, "keyboard", KS), (bob, "camera", FR)):
        opened = moodle.assessment(uid)
        assert moodle.assessment(uid, opened["id"])["id"] == opened["id"]
        script = fetched(opened["connector"]).decode()
        assert "tesla-web-plugin" in script
        (data_url,) = re.findall(r"http://127\.0\.0\.1[^\"']+\.json", script)
        plugin = WebPlugin(told.port, data_url)
        assert set(plugin.data["instruments"]) == {tool, PLAG}
        assert plugin.data["sensors"][sensor] == [tool]
        assert plugin.data["accessibility"]["big_fonts"] is (uid == bob)
        assert plugin.captures(tool)["status"] == "OK"
        plugin.raises_alert(tool)
        plugin.refresh()
        profile = plugin.send("capture-profile", 200)
        assert (profile["learner_id"], profile["email"]) == (plugin.values["learner_id"], uid)
        profile["institution_id"], profile["first_name"], profile["last_name"]
        assert plugin.captures(tool)["status"] == "OK"
        told.sessions[uid] = opened["id"]
        told.plugin = plugin


def chapter_7_submission_closes_the_session_and_the_cron_sends_the_document(told):
    moodle, (ann, bob) = told.moodle, STUDENTS
    for uid in STUDENTS:
        moodle.submission(told.sessions[uid])
        moodle.send("assessment-close", 400, session=told.sessions[uid])
        again = moodle.assessment(uid, told.sessions[uid])
        assert again["id"] != told.sessions[uid]
        moodle.submission(again["id"])
    assert told.plugin.send("capture", 400, instrument=FR)["status"] == "ERROR"
    assert moodle.cron_sends_document(ann, told.sessions[ann]) == [PLAG]
    assert moodle.cron_sends_document(bob, None) == [PLAG]
    moodle.send(
        "verification-send", 200, learner_id=moodle.learner(ann)["learner_id"], session=None, instruments=[KS],
        keystrokes="W1td",
    )  # fmt: skip


def chapter_8_reports_are_read_by_dashboard_and_script(told):
    known = told.service.fill("tests.clients.learnt")
    teacher = browser(told, course=told.course, activity=told.activity)
    teacher.comes_from_vle(told.moodle.way_to_dashboard(TEACHERS[1]))
    for uid, tool in zip(STUDENTS, (KS, FR), strict=True):
        teacher.opens_report(known[uid]["report"], tool)
    told.ann.opens_dashboard()
    told.ann.send("report", 200, report=known[STUDENTS[0]]["report"])
    told.ann.send("report", 404, report=known[STUDENTS[1]]["report"])
    script = PythonClient(told.port, **told.credentials, course=told.course, activity=told.activity)
    script.login()
    script.reads(STUDENTS[0], told.moodle.learner(STUDENTS[0])["learner_id"])
    assert script.send("reports", 200)["count"] == len(STUDENTS)
    assert len(script.send("report", 200, report=known[STUDENTS[0]]["report"])["detail"]) == 2
    found = script.send("requests", 200, learner=known[STUDENTS[0]]["learner"], instrument=PLAG)
    assert found["count"] == 1
    script.values["course"] = script.course_made("python-1")
    script.activity_made()
    main = script.instrument_set(KS, None)
    script.instrument_set(FR, {"online": True, "offline": True}, alternative_to=main)
    assert script.instrument_set(KS, None) == main
    script.refresh()
    script.send("launcher", 200, uid=TEACHERS[0])
    told.moodle.send("launcher-bare", 200, uid=TEACHERS[0])


def chapter_9_what_is_taken_back_is_gone(told):
    told.admin.values |= {"course": told.course, "activity": told.activity}
    told.admin.refresh()
    told.admin.opens_course()
    told.admin.send("learners", 200)
    clerk = browser(told)
    clerk.signs_in(told.clerk["email"], PASSWORD)
    clerk.send("enrolment-delete", 204, user=told.bob.values["user"])
    vle = told.moodle.values["vle"]
    path = f"/api/v2/institution/{told.institution}/vle/{vle}/credentials/"
    rotated = told.server.call("POST", path, {}, told.admin.values["access_token"])
    assert rotated.status == 201
    told.moodle.send("course-get", 401)
    assert told.moodle.is_refused_at_login()
    told.moodle.values |= rotated.json()["credentials"]
    told.moodle.login()
    told.moodle.send("activity-remove", 204)
    assert told.moodle.send("activity-find", 200)["count"] == 0


CHAPTERS = (
    chapter_1_global_administrator_makes_an_institution_with_an_administrator,
    chapter_2_administrator_prepares_the_institution,
    chapter_3_plugin_brings_course_people_and_activity,
    chapter_4_teacher_comes_from_the_vle_and_sets_the_activity_up,
    chapter_5_learner_has_to_accept_and_to_enrol_first,
    chapter_6_sessions_capture_what_the_instruments_of_each_learner_need,
    chapter_7_submission_closes_the_session_and_the_cron_sends_the_document,
    chapter_8_reports_are_read_by_dashboard_and_script,
    chapter_9_what_is_taken_back_is_gone,
)


def test_the_term_from_beginning_to_end(told):
    """Every request that is kept is sent."""
    for chapter in CHAPTERS:
        chapter(told)
    assert {str(file.relative_to(REQUESTS).with_suffix("")) for file in REQUESTS.rglob("*.http")} == SENT
