"""A university's term end to end, with the requests of the clients in the field.

The steps of a plugin are those of docs/plugin-author.md.
"""

import base64
import re
import uuid
from statistics import mean
from types import SimpleNamespace
from typing import Any

import pytest

from tests.clients.dashboard import PICTURE, Browser, WebPlugin, fetched
from tests.clients.moodle import MEGABYTES_OF_ZIP, Moodle, zipped
from tests.clients.provider_sdk import LEAST, ObjectNotFound, ProviderSDK, called, outcome
from tests.clients.python_client import PythonClient
from tests.clients.reading import DASHBOARD, LEGACY_DASHBOARD, MOODLE, PLUGIN, PROVIDER_SDK, PYTHON, Reader
from tests.clients.wire import REQUESTS, SENT
from tests.servers.service import running_service
from tests.world import PASSWORD

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("clients")]
HELPER = "tests.clients.providers"
ORIGIN = "https://dashboard.example.org"
SITE = "https://moodle.example.org"
FR, KS, VR, PLAG = 1, 2, 3, 5
VERIFIED = {"fr": FR, "ks": KS, "plag": PLAG}  # the instruments of the activity, each with a provider
STUDENTS = ("ann@uni.example.org", "bob@uni.example.org")
TEACHERS = ("tom@uni.example.org", "zoe@uni.example.org")
TOO_SHORT = base64.b64encode(b"\xff\xd8\xff\xe0").decode()  # a picture that no provider takes
PROCESSED, ERROR = 1, 2  # of a result


@pytest.fixture(params=[False, True], ids=["documented", "legacy"])
def story(request, tmp_path):
    """The running service, and what one chapter leaves for the next."""
    with running_service(tmp_path) as service:
        service.environment |= {
            "PIPELINE_IN_SERVER": "0",  # work is done when a chapter says so
            "LEGACY_DASHBOARD": str(int(request.param)),
            "CORS_ALLOWED_ORIGINS": f"{ORIGIN},{SITE}",
            "DASHBOARD_URL": ORIGIN,
        }
        root = service.run("first_administrator", module=HELPER)
        server = service.start()
        SENT.clear()
        readers = {
            "dashboard": Reader(LEGACY_DASHBOARD if request.param else DASHBOARD),
            "plugin": Reader(PLUGIN),
            "moodle": Reader(MOODLE),
            "python": Reader(PYTHON),
            "provider": Reader(PROVIDER_SDK),
        }
        yield SimpleNamespace(
            service=service, port=server.port, server=server, root=root, legacy=request.param, readers=readers
        )


def browser(story, **values):
    return Browser(story.port, story.readers["dashboard"], origin=ORIGIN, **values)


def plugin_in(story, opened: dict[str, Any]) -> WebPlugin:
    """The web plugin in the exam's page of a session that was opened."""
    script = fetched(opened["connector"]).decode()
    assert "tesla-web-plugin" in script
    (data_url,) = re.findall(r"http://127\.0\.0\.1[^\"']+/data\.json", script)
    return WebPlugin(story.port, story.readers["plugin"], data_url, SITE)


def messages(story) -> list[tuple[str, str, list[Any]]]:
    """What providers are to be sent now."""
    return story.service.run("messages", module=HELPER)


def take(story, sent: list[tuple[str, str, list[Any]]]) -> list[str]:
    """The providers do what they were sent; answers the tasks that were about something gone."""
    gone = []
    for queue, task, arguments in sent:
        try:
            called(story.providers[queue], task, str(uuid.uuid4()), arguments)
        except ObjectNotFound:
            gone.append(task.rpartition(".")[2])
    return gone


def work(story) -> None:
    """Until nothing is left to do."""
    while sent := messages(story):
        assert take(story, sent) == []


def chapter_1_global_administrator_makes_an_institution_with_an_administrator(story):
    story.system = root = browser(story)
    root.signs_in(story.root["email"], story.root["password"])
    root.send("own-account", 200)
    made = root.send("system-institution-create", 201, name="A university", acronym="UNI")
    assert made["allowed_domains"] == ""
    story.institution = root.values["institution"] = made["id"]
    root.page_load()
    assert root.send("system-institutions", 200)["count"] == 1
    root.send("system-institution-update", 200, name="A university", acronym="UNI")
    assert root.send("institution", 200)["allowed_domains"] == ""
    assert root.send("institution-picker", 200, search="undefined")["results"] == []
    assert root.send("institution-picker", 200, search="uni")["count"] == 1
    admin = {"username": "head", "email": "head@uni.example.org", "password": PASSWORD, "uid": "head"}
    made = root.send("system-user-create", 201, **admin)
    assert made["username"] == "head"
    root.send("system-user-update", 200, **(admin | {"user": made["id"]}))
    assert root.send("system-user", 200, user=made["id"])["institution"]["roles"] == ["ADMIN"]
    assert root.send("system-users", 200)["count"] == 2
    root.send("system-users-filtered", 200)
    assert root.send("system-instruments", 200)["count"] == 5
    assert isinstance(root.send("system-instrument", 200, instrument=FR)["options_schema"], dict)
    new = root.send("system-instrument-create", 201, name="Style", acronym="style")["id"]
    root.send("system-instrument-update", 200, name="Writing style", acronym="style", instrument=new)
    made = {"name": "Style One", "acronym": "style1", "queue": "style_one", "instrument": new}
    provider = root.send("system-provider-create", 201, **made)
    assert provider["acronym"] == "style1"
    assert root.send("system-providers", 200, instrument=new)["count"] == 1
    assert root.send("system-provider", 200, instrument=new, provider=provider["id"])["allow_validation"] is False
    root.send("system-provider-update", 200, **(made | {"provider": provider["id"]}))
    assert root.send("system-provider", 200, instrument=new, provider=provider["id"])["allow_validation"] is True
    root.send("system-provider-delete", 204, instrument=new, provider=provider["id"])
    root.send("system-instrument-delete", 204, instrument=new)
    assert root.send("system-instruments", 200)["count"] == 5
    story.providers = {f"sdk_{acronym}": registered(story, number, acronym) for acronym, number in VERIFIED.items()}
    root.refresh()
    root.send("logout", 204)
    root.send("profile", 401)


def registered(story, instrument: int, acronym: str) -> ProviderSDK:
    """A provider on the SDK is registered as in docs/providers.md, and signs in."""
    name = f"sdk_{acronym}"
    body = {"acronym": name, "queue": name, "name": name, "version": "1.0", "enabled": True}
    body |= {"allow_validation": True, "validation_active": True}
    path = f"/api/v2/admin/instrument/{instrument}/provider/"
    made = story.server.call("POST", path, body, story.system.values["access_token"])
    assert made.status == 201, made.body
    sdk = ProviderSDK(story.port, story.readers["provider"], **made.json()["credentials"])
    sdk.login()
    assert sdk.queues == [name]
    return sdk


def chapter_2_administrator_prepares_the_institution(story):
    story.admin = admin = browser(story)
    admin.signs_in("head@uni.example.org", PASSWORD)
    whole = admin.send("institution", 200)
    whole |= {"allow_learner_report": True, "allow_learner_audit": True, "allow_valid_audit": True}
    whole |= {"mail_domain": "uni.example.org"}
    assert admin.send("settings", 200, whole=whole)["allow_learner_report"] is True
    made = admin.send("consent-create", 201, version="1.0.0")
    admin.values["consent"] = made["id"]
    assert admin.send("consents", 200)["count"] == 1
    admin.send("consent-update", 200, version="1.0.0")
    assert admin.send("consent", 200)["version"] == "1.0.0"
    admin.send("document-create", 201)
    admin.send("document-update", 200)
    assert len(admin.send("documents", 200)["results"]) == 1
    draft = {"consent": admin.send("consent-create", 201, version="0.9.0")["id"]}
    assert admin.send("document-create", 201, **draft)["pdf"] is not None
    assert admin.send("document-no-pdf", 200, **draft)["pdf"] is None
    admin.send("document-delete", 204, **draft)
    assert admin.send("documents", 200, **draft)["results"] == []
    admin.send("consent-delete", 204, **draft)
    category = admin.send("category-create", 201, description="low vision", instrument=str(KS))
    story.category = category["id"]
    admin.send("category-update", 200, description="low vision", instrument=str(KS), category=category["id"])
    assert admin.send("category", 200, category=category["id"])["data"]["disabled_instruments"] == [KS]
    other = admin.send("category-create", 201, description="for nobody", instrument=str(FR))
    admin.send("category-delete", 204, category=other["id"])
    assert admin.send("categories", 200)["count"] == 1
    new = {"username": "clerk", "email": "clerk@uni.example.org", "uid": "clerk"}
    clerk = admin.send("user-create", 201, **new)["id"]
    admin.send("user-update", 200, **new, user=clerk, data_admin=True, login_allowed=True)
    admin.send("user-password", 200, user=clerk, password=PASSWORD)
    assert admin.send("user", 200, user=clerk)["data_admin"] is True
    story.clerk = new["email"]
    assert admin.send("users", 200)["count"] == 2
    admin.send("own-locale", 200)
    vle = story.server.call(
        "POST",
        f"/api/v2/institution/{story.institution}/vle/",
        {"type": 0, "name": "Moodle", "url": SITE},
        admin.values["access_token"],
    )
    assert vle.status == 201
    story.credentials = vle.json()["credentials"]


def chapter_3_plugin_brings_course_people_and_activity(story):
    story.moodle = moodle = Moodle(
        story.port,
        story.readers["moodle"],
        role_id=story.credentials["role_id"],
        secret_id=story.credentials["secret_id"],
    )
    moodle.login()
    wrong = Moodle(story.port, moodle.reader, role_id=story.credentials["role_id"], secret_id="wrong")
    assert wrong.is_refused_at_login()
    assert moodle.values["institution"] == story.institution
    story.course = moodle.course_saved()
    assert moodle.course_saved() == story.course
    moodle.send("course-get", 200)
    for _ in range(2):
        for uid in TEACHERS:
            moodle.person_opens_page("teacher", uid, uid[:3].title(), "Teacher")
        for uid in STUDENTS:
            moodle.person_opens_page("student", uid, uid[:3].title(), "Student")
    moodle.send("learner-create", 400, uid="ann@elsewhere.example.org", first_name="Ann", last_name="Student")
    moodle.send("learner-create", 201, uid=STUDENTS[0], first_name="Ann", last_name="Student")
    story.activity = moodle.activity_saved()
    assert moodle.activity_saved() == story.activity
    moodle.send("activity-get", 200)
    assert not moodle.is_enabled()


def chapter_4_teacher_comes_from_the_vle_and_sets_the_activity_up(story):
    teacher = browser(story, course=story.course, activity=story.activity)
    ticket = story.moodle.dashboard_launcher(TEACHERS[0])
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
    on = teacher.send("tool-off", 200, tool=plag, instrument=PLAG, active=True, options={})
    assert on["alternative_to"] is None
    assert teacher.send("activity-on", 200)["enabled"] is True
    assert [tool["instrument"]["acronym"] for tool in teacher.opens_activity()] == ["ks", "fr", "plag"]
    (shown,) = teacher.opens_dashboard()
    assert {tool["instrument"]["acronym"] for tool in shown["user_instruments"]} == {"ks", "fr", "plag"}
    if story.legacy:
        assert teacher.gauges(story.legacy) == []
    else:
        teacher.send("enrolment", 404)
    assert story.moodle.is_enabled()
    assert len(story.moodle.send("activity-instruments", 200)["results"]) == 3


def chapter_5_learner_has_to_accept_and_to_enrol_first(story):
    moodle, (ann, bob) = story.moodle, STUDENTS
    assert moodle.learner(ann)["ic_status"] == "NOT_VALID_MISSING"
    assert moodle.assessment(ann) == {"go": "plugin/ic"}
    assert moodle.assessment_refused(ann) == 2
    for uid in STUDENTS:
        student = browser(story, course=story.course, activity=story.activity)
        student.comes_from_vle(moodle.dashboard_launcher(uid))
        version = student.reads_consent()
        assert student.send("consent-accept", 201, version=version)["ic_status"] == "VALID"
        rejected = student.send("consent-reject", 200 if story.legacy else 204)
        assert rejected is None or rejected["ic_status"] == "NOT_VALID_REJECTED"
        assert moodle.assessment_refused(uid) == 3
        student.send("consent-accept", 201, version=version)
        assert moodle.assessment(uid)["go"] == "plugin/enrolment"
        setattr(story, uid[:3], student)
    bob_learner = story.bob.values["user"]
    assignment = story.admin.send("category-assign", 201, user=bob_learner, category=story.category)["id"]
    story.admin.send("assignment-update", 200, user=bob_learner, category=story.category, assignment=assignment)
    (assigned,) = story.admin.send("learner-sends", 200, user=bob_learner)["results"]
    assert assigned["expires_at"].startswith("2099-01-01")
    ann_learner = story.ann.values["user"]
    assignment = story.admin.send("category-assign", 201, user=ann_learner, category=story.category)["id"]
    story.admin.send("assignment-remove", 204, user=ann_learner, assignment=assignment)
    assert story.admin.send("learner-sends", 200, user=ann_learner)["results"] == []
    assert story.admin.send("learner", 200, user=bob_learner)["send"]["send"]["disabled_instruments"] == [KS]
    assert moodle.assessment(bob)["go"] == "plugin/enrolment"
    typed = [story.ann.enrols(KS, "keystrokes") for _ in range(LEAST)]
    seen = [story.bob.enrols(FR, "picture") for _ in range(LEAST)]
    refused = story.bob.enrols(FR, "picture", picture=TOO_SHORT)
    assert {state for _, state in (*typed, *seen, refused)} == {"PENDING"}
    work(story)
    for student, samples in ((story.ann, typed), (story.bob, seen)):
        assert {student.sample_status(name) for name, _ in samples} == {"VALID"}
    assert story.bob.sample_status(refused[0]) == "ERROR"
    assert {entry["instrument_id"] for entry in story.ann.gauges(story.legacy)} >= {KS}
    story.ann.send("instruments", 200)


def chapter_6_sessions_capture_what_the_instruments_of_each_learner_need(story):
    moodle, (ann, bob) = story.moodle, STUDENTS
    story.sessions = {}
    for uid, sensor, tool in ((ann, "keyboard", KS), (bob, "camera", FR)):
        opened = moodle.assessment(uid)
        assert moodle.assessment(uid, opened["id"])["id"] == opened["id"]
        plugin = plugin_in(story, opened)
        assert set(plugin.data["instruments"]) == {tool, PLAG}
        assert plugin.data["sensors"][sensor] == [tool]
        assert plugin.data["accessibility"]["big_fonts"] is (uid == bob)
        plugin.captures(tool)
        plugin.raises_alert(tool, "info")
        plugin.refresh()
        profile = plugin.send("capture-profile", 200)
        assert (profile["learner_id"], profile["email"]) == (plugin.values["learner_id"], uid)
        sample = plugin.captures(tool)
        (state,) = plugin.send("sample-status", 200, sample=sample)
        assert (state["sample"], state["status"]) == (sample, "PENDING")
        story.sessions[uid] = opened["id"]
        story.plugin = plugin


def chapter_7_submission_closes_the_session_and_the_cron_sends_the_document(story):
    moodle, (ann, bob) = story.moodle, STUDENTS
    for uid in STUDENTS:
        moodle.submission(story.sessions[uid])
        moodle.send("assessment-close", 400, session=story.sessions[uid])
        again = moodle.assessment(uid, story.sessions[uid])
        assert again["id"] != story.sessions[uid]
        moodle.submission(again["id"])
    late = story.plugin.answer("capture", instrument=FR)
    assert (late.status, late.json()["status"]) == (200, "ERROR")  # the plugin is not to send it again
    assert moodle.cron_sends_document(ann, story.sessions[ann]) == [PLAG]
    assert moodle.cron_sends_document(bob, None) == [PLAG]
    moodle.send(
        "verification-send", 200, learner_id=moodle.learner(ann)["learner_id"], session=None, instruments=[KS],
        keystrokes="W1td",
    )  # fmt: skip


def chapter_8_reports_are_read_by_dashboard_and_script(story):
    work(story)
    story.known = known = story.service.run("reports", module=HELPER)
    story.teacher = teacher = browser(story, course=story.course, activity=story.activity)
    teacher.comes_from_vle(story.moodle.dashboard_launcher(TEACHERS[1]))
    for uid, tool in zip(STUDENTS, (KS, FR), strict=True):
        teacher.opens_report(known[uid]["report"], tool)
    story.ann.send("report", 404, report=known[STUDENTS[1]]["report"])
    for student, uid in ((story.ann, STUDENTS[0]), (story.bob, STUDENTS[1])):
        (own,) = student.send("reports-own", 200)["results"]
        assert own["id"] == known[uid]["report"]
        student.reads_report(own["id"])
    script = PythonClient(
        story.port, story.readers["python"], **story.credentials, course=story.course, activity=story.activity
    )
    script.login()
    script.reads(STUDENTS[0], story.moodle.learner(STUDENTS[0])["learner_id"])
    assert script.send("activities", 200)["count"] == 1
    assert script.send("tools", 200)["count"] == 3
    assert script.send("reports", 200)["count"] == len(STUDENTS)
    assert len(script.send("report", 200, report=known[STUDENTS[0]]["report"])["detail"]) == 2
    learner = known[STUDENTS[0]]["learner"]
    assert script.send("requests", 200, learner=learner, instrument=PLAG)["count"] == 1
    assert script.send("requests-all", 200, learner=learner)["count"] == 4
    quizzes = [script.activity_made(f"py-{i}") for i in range(10)]
    script.instrument_set(KS, None)
    shown = {row["id"] for row in story.ann.opens_dashboard()}
    assert shown == {story.activity, *quizzes}
    story.quiz = quizzes[-1]
    story.courses = [script.course_made(f"python-{i}") for i in range(10)]
    script.turns_pages()
    script.values["course"] = story.courses[0]
    script.activity_made("py-elsewhere")
    main = script.instrument_set(KS, None)
    script.instrument_set(FR, {"online": True, "offline": True}, alternative_to=main)
    assert script.instrument_set(KS, None) == main
    script.refresh()
    script.send("launcher", 200, uid=TEACHERS[0])
    story.moodle.send("launcher-bare", 200, uid=TEACHERS[0])


def read(story, path: str) -> Any:
    """What the teacher reads below the activity's reports."""
    course = f"/api/v2/institution/{story.institution}/course/{story.course}/activity/{story.activity}/report/"
    answer = story.server.call("GET", course + path, token=story.teacher.values["access_token"])
    assert answer.status == 200, answer.body
    return answer.json()


def percent(contents: list[bytes]) -> int:
    """The result that a report shows when its provider has been sent these."""
    return round(100 * mean(outcome(each)[0] for each in contents))


def chapter_9_levels_have_their_reasons(story):
    """What is not the clients' shape, but what it says: levels, rows, counts, filters and evidence of both learners."""
    pages = {row["learner"]["email"]: row for row in read(story, "")["results"]}
    picture, document = base64.b64decode(PICTURE), base64.b64decode(zipped(MEGABYTES_OF_ZIP << 20))
    story.typed = [picture, picture, b"[[]"]  # whatever it is, what was sent for ann's keystrokes
    both = {
        STUDENTS[0]: {KS: story.typed, PLAG: [document]},
        STUDENTS[1]: {FR: [picture, picture], PLAG: [document]},
    }
    for uid, captured in both.items():
        row, report = pages[uid], f"{story.known[uid]['report']}/"
        assert [row[f"{kind}_level"] for kind in ("identity", "content", "integrity")] == [2, 2, 1]
        shown = {detail["instrument_id"]: (detail["result"], detail["confidence"]) for detail in row["detail"]}
        assert shown == {instrument: (percent(contents), 100) for instrument, contents in captured.items()}
        assert read(story, f"{report}request/")["count"] == sum(map(len, captured.values()))
        for instrument in captured:
            audit = read(story, f"{report}audit/{instrument}/")
            assert story.teacher.fetches(audit["audit_data"])
    for query, count in (
        ("identity_level=2", 2), ("identity_level=3", 0), ("content_level__gte=2", 2), ("content_level__gte=3", 0),
        ("integrity_level__lte=1", 2), ("level__gte=3", 0), ("level=1", 2),
    ):  # fmt: skip
        assert read(story, f"?{query}")["count"] == count, query


def published(story, version: str) -> str:
    """A version of the consent with a text, valid at once: what ann's consent is then."""
    consent = story.admin.send("consent-create", 201, version=version)["id"]
    story.admin.send("document-create", 201, consent=consent)
    return story.moodle.learner(STUDENTS[0])["ic_status"]


def results(story) -> list[tuple[int, str | None]]:
    """Status and text of each result of ann's keystrokes, the first capture first."""
    path = f"{story.known[STUDENTS[0]]['report']}/request/?ordering=id&limit=100&instruments={KS}"
    rows = [result for request in read(story, path)["results"] for result in request["result"]]
    return [(row["status"], row["error_message"]) for row in rows]


def chapter_10_a_new_consent_stops_captures_until_it_is_accepted(story):
    moodle, (ann, _) = story.moodle, STUDENTS
    before = results(story)
    assert before == [(PROCESSED, None)] * len(story.typed)
    assert published(story, "1.0.1") == "VALID_NEED_UPDATE"
    opened = moodle.assessment(ann)
    plugin = plugin_in(story, opened)
    plugin.captures(KS)
    work(story)
    assert results(story) == [*before, (PROCESSED, None)]
    plugin.captures(KS)
    sent = messages(story)
    assert [queue for queue, *_ in sent] == ["sdk_ks"]
    assert published(story, "1.1.0") == "NOT_VALID"
    assert moodle.assessment(ann) == {"go": "plugin/ic"}
    refused = plugin.answer("capture", instrument=KS)
    assert (refused.status, refused.json()["status"]) == (200, "ERROR")
    assert take(story, sent) == ["verify_request"]
    assert story.service.run("nobody_has_answered", module=HELPER) == 1
    told = (ERROR, "The learner's consent is not valid.")
    assert results(story) == [*before, (PROCESSED, None), told]
    story.ann.send("consent-accept", 201, version="1.1.0")
    assert moodle.learner(ann)["ic_status"] == "VALID"
    plugin.captures(KS)
    work(story)
    assert results(story) == [*before, (PROCESSED, None), told, (PROCESSED, None)]
    assert take(story, sent) == []  # the same message again, and now there is an answer
    work(story)
    assert results(story) == [(PROCESSED, None)] * (len(before) + 3)
    report = read(story, f"{story.known[ann]['report']}/")
    (shown,) = [detail["result"] for detail in report["detail"] if detail["instrument_id"] == KS]
    assert shown == percent([*story.typed, *[base64.b64decode(PICTURE)] * 3])
    moodle.submission(opened["id"])


def chapter_11_what_is_taken_back_is_gone(story):
    story.admin.values |= {"course": story.course, "activity": story.activity}
    story.admin.refresh()
    story.admin.opens_course()
    story.admin.send("learners", 200)
    clerk = browser(story, course=story.course)
    clerk.signs_in(story.clerk, PASSWORD)
    # Its form does not ask for the present password: who has just signed in needs none if the dashboard is named.
    clerk.send("own-password", 200 if story.legacy else 400, password=f"{PASSWORD}!")
    clerk.signs_in(story.clerk, f"{PASSWORD}!" if story.legacy else PASSWORD)
    clerk.send("enrolment-delete", 204, user=story.bob.values["user"])
    clerk.send("activity-delete", 204, activity=story.quiz)
    clerk.send("activity", 404, activity=story.quiz)
    clerk.send("course-delete", 204, course=story.courses[0])
    clerk.send("course", 404, course=story.courses[0])
    clerk.send("user-delete", 204, user=story.bob.values["user"])
    story.bob.send("profile", 401)
    vle = story.moodle.values["vle"]
    path = f"/api/v2/institution/{story.institution}/vle/{vle}/credentials/"
    rotated = story.server.call("POST", path, {}, story.admin.values["access_token"])
    assert rotated.status == 201
    story.moodle.send("course-get", 401)
    assert story.moodle.is_refused_at_login()
    story.moodle.values |= rotated.json()["credentials"]
    story.moodle.login()
    story.moodle.send("activity-remove", 204)
    assert story.moodle.send("activity-find", 200)["count"] == 0
    root = story.system
    root.signs_in(story.root["email"], story.root["password"])
    gone = {"username": "gone", "email": "gone@uni.example.org", "password": PASSWORD, "uid": "gone"}
    gone = root.send("system-user-create", 201, **gone, institution=story.institution)["id"]
    root.send("system-user-delete", 204, user=gone)
    root.send("system-user", 404, user=gone)
    empty = root.send("system-institution-create", 201, name="Closed", acronym="NIL")["id"]
    root.send("system-institution-delete", 204, institution=empty)
    assert root.send("system-institutions", 200)["count"] == 1


CHAPTERS = (
    chapter_1_global_administrator_makes_an_institution_with_an_administrator,
    chapter_2_administrator_prepares_the_institution,
    chapter_3_plugin_brings_course_people_and_activity,
    chapter_4_teacher_comes_from_the_vle_and_sets_the_activity_up,
    chapter_5_learner_has_to_accept_and_to_enrol_first,
    chapter_6_sessions_capture_what_the_instruments_of_each_learner_need,
    chapter_7_submission_closes_the_session_and_the_cron_sends_the_document,
    chapter_8_reports_are_read_by_dashboard_and_script,
    chapter_9_levels_have_their_reasons,
    chapter_10_a_new_consent_stops_captures_until_it_is_accepted,
    chapter_11_what_is_taken_back_is_gone,
)


def test_the_term_from_beginning_to_end(story):
    """Every request that is kept is sent, and every key that is read is there."""
    for chapter in CHAPTERS:
        chapter(story)
    assert story.service.run("differences", module=HELPER) == []
    kept = {str(file.relative_to(REQUESTS).with_suffix("")) for file in REQUESTS.rglob("*.http")}
    of_providers = {name for name in kept if name.startswith("provider/")}  # all of them: tests/servers
    assert kept - of_providers == SENT - of_providers
    del story.readers["provider"]
    unseen = [f"{kind}/{key}" for kind, reader in story.readers.items() for key in reader.unseen()]
    assert not unseen, "\n".join(["read by clients and never there:", *unseen])
