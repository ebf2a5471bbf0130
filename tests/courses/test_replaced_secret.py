"""A VLE's secret is replaced while learners take exams: what was opened with the old one only feeds the exams."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import AssessmentSession
from courses.services.assessments import session_open, sessions_close_overdue
from institutions.models import Credential
from institutions.services.credentials import credential_issue
from learners.models import Learner
from signin import tokens
from signin.models import CallerSession, Launcher
from signin.services.launchers import launcher_create
from signin.services.sessions import module_session_open
from tests.courses.sittings import NEW, begun, consented, enrolled, followed, url_of

PROFILE = "/api/v2/auth/profile"


def with_token(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"JWT {access}")
    return client


@pytest.fixture
def home(world):
    consented(world.home, "bob")
    enrolled(world.home.learners["bob"])
    return world.home


def signed_in(vle) -> APIClient:
    """The VLE with a new credential."""
    session = module_session_open(credential=credential_issue(vle=vle)[0], address=None)
    return with_token(tokens.pair(session)["access_token"])


def opened(vle, client, **values) -> dict:
    answer = client.post(url_of(vle), NEW | values)
    assert answer.status_code == 200, answer.content
    return answer.json()


def data_of(made) -> dict:
    answer = followed(made["data"]["data"])
    assert answer.status_code == 200, answer.content
    return answer.json()


def entered(data) -> APIClient:
    """The dashboard, by the launcher of a session's data."""
    answer = APIClient().post("/api/v2/auth/token", data["launcher"])
    assert answer.status_code == 200
    return with_token(answer.json()["access_token"])


def replaced(as_, home, **body):
    url = f"/api/v2/institution/{home.institution.pk}/vle/{home.vle.pk}/credentials/"
    answer = as_("admin").post(url, body)
    assert answer.status_code == 201, answer.content


def lapi(home, word: str) -> str:
    return f"/lapi/v1/{word}/{home.institution.pk}/{home.learners['bob'].learner_id}/"


def test_links_of_the_old_secret_feed_the_exam_and_nothing_else(as_, home):
    vle = signed_in(home.vle)
    made = opened(home.vle, vle)
    before = data_of(made)
    dashboard, unused = entered(before), data_of(made)["launcher"]
    assert dashboard.get(PROFILE).status_code == 200
    replaced(as_, home)
    # the dashboard is out, and no launcher lets in again
    assert dashboard.get(PROFILE).status_code == 401
    assert APIClient().post("/api/v2/auth/token", unused).status_code == 401
    after = data_of(made)
    assert after["launcher"] == {"id": None, "token": None}
    assert Launcher.objects.filter(used_at=None, expires_at__gt=timezone.now()).count() == 1  # the refused one
    # the exam goes on, with tokens for it alone, old and new
    for data in (before, after):
        learner = with_token(data["token"]["access_token"])
        refreshed = APIClient().post("/api/v2/auth/token/refresh", {"token": data["token"]})
        assert refreshed.status_code == 200
        name = str(home.learners["bob"].learner_id)
        alert = {
            "learner_id": name, "level": "warning", "course_id": home.course.pk, "activity_id": home.activity.pk,
            "data": {"message_code": "SENSOR_CAMERA_BLACK_IMAGE"}, "raised_at": timezone.now().isoformat(),
            "instruments": [2], "session_id": made["id"],
        }  # fmt: skip
        assert learner.post(lapi(home, "alert"), alert).json()["status"] == "OK"
        sample = {
            "learner_id": name, "course_id": home.course.pk, "activity_id": home.activity.pk, "instruments": [2],
            "data": "data:application/json;base64,e30=", "metadata": {"mimetype": "application/json"},
            "session_id": made["id"],
        }  # fmt: skip
        path = learner.post(lapi(home, "verification"), sample).json()["path"]
        answer = learner.post(lapi(home, "status"), {"learner_id": name, "samples": [path]})
        assert answer.json()[0]["status"] == "PENDING"
        # and nothing else
        assert learner.get(lapi(home, "profile")).status_code == 403
        assert learner.get(PROFILE).status_code == 403
        institution = f"/api/v2/institution/{home.institution.pk}/"
        bob = f"{institution}learner/{home.people['bob'].pk}/"
        assert learner.get(institution).status_code == 403
        assert learner.post(f"{bob}ic/", {"version": home.newer_consent.version}).status_code == 403
        assert learner.delete(f"{bob}ic/").status_code == 403
    assert Learner.objects.get(pk=home.people["bob"].pk).consent_rejected is None


def test_the_profile_is_told_to_tokens_of_a_good_secret(home):
    made = opened(home.vle, signed_in(home.vle))
    learner = with_token(data_of(made)["token"]["access_token"])
    assert learner.get(lapi(home, "profile")).status_code == 200


def test_the_new_secret_goes_on_with_a_session_and_frees_it_not(as_, home):
    made = opened(home.vle, signed_in(home.vle))
    replaced(as_, home)
    vle = signed_in(home.vle)
    assert opened(home.vle, vle, session_id=made["id"])["id"] == made["id"]
    assert data_of(made)["launcher"]["id"] is None
    assert data_of(opened(home.vle, vle))["launcher"]["id"] is not None


def test_an_overlap_lets_everything_go_on_until_it_ends(as_, home):
    made = opened(home.vle, signed_in(home.vle))
    dashboard = entered(data_of(made))
    replaced(as_, home, overlap_minutes=60)
    assert dashboard.get(PROFILE).status_code == 200
    assert entered(data_of(made)).get(PROFILE).status_code == 200
    late = data_of(made)["launcher"]
    Credential.objects.filter(vle=home.vle, expires_at__isnull=False).update(expires_at=timezone.now())
    assert APIClient().post("/api/v2/auth/token", late).status_code == 401
    assert data_of(made)["launcher"]["id"] is None


def test_a_leak_that_is_seen_after_the_overlap_ends_what_the_oldest_secret_opened(as_, home):
    made = opened(home.vle, signed_in(home.vle))
    dashboard = entered(data_of(made))
    replaced(as_, home, overlap_minutes=60)
    Credential.objects.filter(vle=home.vle, expires_at__isnull=False).update(expires_at=timezone.now())
    replaced(as_, home)
    assert dashboard.get(PROFILE).status_code == 401
    assert not Credential.objects.filter(vle=home.vle, expires_at__isnull=False, revoked_at=None).exists()


def test_another_vle_is_not_touched(as_, world, home):
    other = world.away
    consented(other, "bob")
    enrolled(other.learners["bob"])
    made = opened(other.vle, signed_in(other.vle))
    dashboard = entered(data_of(made))
    replaced(as_, home, close_sessions=True)
    assert dashboard.get(PROFILE).status_code == 200
    assert data_of(made)["launcher"]["id"] is not None
    assert AssessmentSession.objects.get(pk=made["id"]).closed_at is None


def test_the_switch_closes_the_sessions(as_, home):
    made = opened(home.vle, signed_in(home.vle))
    token = data_of(made)["token"]["access_token"]
    replaced(as_, home, close_sessions=False)
    assert AssessmentSession.objects.get(pk=made["id"]).closed_at is None
    replaced(as_, home, close_sessions=True)
    row = AssessmentSession.objects.get(pk=made["id"])
    assert (row.is_over, row.auto_closed) == (True, True)
    assert followed(made["data"]["data"]).status_code == 404
    ends = CallerSession.objects.get(assessment_session=row).expires_at
    assert ends <= timezone.now() + timedelta(minutes=15)
    assert with_token(token).get(lapi(home, "profile")).status_code == 403


@pytest.mark.parametrize("body", [{"close_sessions": True, "overlap_minutes": 5}, {"close_sessions": "perhaps"}])
def test_the_switch_makes_no_sense_with_an_overlap(as_, home, body):
    url = f"/api/v2/institution/{home.institution.pk}/vle/{home.vle.pk}/credentials/"
    answer = as_("admin").post(url, body)
    assert (answer.status_code, list(answer.json())) == (400, ["close_sessions"])


@pytest.mark.parametrize("by", ["vle", "time"])
def test_a_dashboard_opened_from_an_assessment_ends_with_it(home, by):
    vle = signed_in(home.vle)
    made = opened(home.vle, vle)
    of_data = entered(data_of(made))
    launcher = {"vle_user_uid": "bob", "session_id": made["id"]}
    of_vle = entered({"launcher": vle.post(url_of(home.vle, "launcher"), launcher).json()})
    beside = entered({"launcher": vle.post(url_of(home.vle, "launcher"), {"vle_user_uid": "bob"}).json()})
    unused = data_of(made)["launcher"]
    if by == "vle":
        assert vle.post(url_of(home.vle), {"session_id": made["id"], "close": True}).status_code == 200
    else:
        begun(made["id"], 400)
        assert sessions_close_overdue() == 1
    answers = [client.get(PROFILE).status_code for client in (of_data, of_vle, beside)]
    assert answers == [401, 401, 200]
    assert APIClient().post("/api/v2/auth/token", unused).status_code == 401


def test_a_dashboard_lives_no_longer_than_the_assessment(home):
    made = opened(home.vle, signed_in(home.vle), max_ttl=60)
    data = data_of(made)
    begun(made["id"], 30)
    entered(data)
    session = AssessmentSession.objects.get(pk=made["id"])
    assert CallerSession.objects.get(kind="launched").expires_at == session.ends_at


def test_no_session_lasts_longer_than_a_day(home):
    session = session_open(activity=home.activity, uid="bob", max_ttl=43_200, options={})
    assert session.max_ttl == 24 * 60
    assert CallerSession.objects.get(assessment_session=session).expires_at == session.ends_at


def test_a_session_has_one_launcher_that_is_good(home):
    vle = signed_in(home.vle)
    made, other = opened(home.vle, vle), opened(home.vle, vle)
    asked = vle.post(url_of(home.vle, "launcher"), {"vle_user_uid": "bob", "session_id": made["id"]}).json()
    shown = [data_of(made)["launcher"] for _ in range(41)]
    beside = data_of(other)["launcher"]
    assert set(Launcher.objects.values_list("pk", flat=True)) == {asked["id"], shown[-1]["id"], beside["id"]}
    answers = [APIClient().post("/api/v2/auth/token", each).status_code for each in (shown[0], shown[-2], shown[-1])]
    assert answers == [401, 401, 200]
    used = data_of(made)["launcher"]
    assert Launcher.objects.filter(session=made["id"]).count() == 3  # what the VLE asked for, the used and the new one
    for each in (used, asked, beside):
        assert APIClient().post("/api/v2/auth/token", each).status_code == 200


def test_launchers_of_before_are_refused_with_the_credential_of_their_session(home):
    """What a session's data has shown carries no credential itself."""
    credential = credential_issue(vle=home.vle)[0]
    session = session_open(activity=home.activity, uid="bob", options={}, credential_id=credential.pk)
    launcher, token = launcher_create(vle=home.vle, person=home.people["bob"], session=session)
    Credential.objects.filter(pk=credential.pk).update(revoked_at=timezone.now())
    assert APIClient().post("/api/v2/auth/token", {"id": launcher.pk, "token": token}).status_code == 401
    assert Launcher.objects.get(pk=launcher.pk).used_at is None
    Credential.objects.filter(pk=credential.pk).update(revoked_at=None)
    assert APIClient().post("/api/v2/auth/token", {"id": launcher.pk, "token": token}).status_code == 200


def test_the_end_of_a_secret_costs_the_same_however_many_sessions_there_are(as_, home):
    vle = signed_in(home.vle)
    counts = []
    for number in (1, 4):
        for _ in range(number):
            entered(data_of(opened(home.vle, vle)))
        with CaptureQueriesContext(connection) as captured:
            replaced(as_, home, close_sessions=True)
        counts.append(len(captured))
        vle = signed_in(home.vle)
    assert counts[0] == counts[1]


def test_open_sessions_of_before_get_the_first_credential_that_was_good(world, home):
    migration = import_module("courses.migrations.0005_credentials_of_open_sessions")
    now = timezone.now()
    ages = {"gone": (9, 5, None), "overlapping": (8, None, 2), "present": (4, None, None), "later": (1, None, None)}
    keys = {}
    for name, (made, revoked, expired) in ages.items():
        credential = Credential.objects.create(
            vle=home.vle,
            secret_hash="x",
            revoked_at=revoked and now - timedelta(hours=revoked),
            expires_at=expired and now - timedelta(hours=expired),
        )
        Credential.objects.filter(pk=credential.pk).update(created_at=now - timedelta(hours=made))
        keys[name] = credential.pk
    rows = {hours: session_open(activity=home.activity, uid="bob", options={}) for hours in (10, 7, 3, 1.5, 0)}
    for hours, row in rows.items():
        AssessmentSession.objects.filter(pk=row.pk).update(started_at=now - timedelta(hours=hours))
    consented(world.away, "bob")
    enrolled(world.away.learners["bob"])
    without = session_open(activity=world.away.activity, uid="bob", options={})
    closed = session_open(activity=home.activity, uid="bob", options={})
    AssessmentSession.objects.filter(pk=closed.pk).update(closed_at=now)
    for _ in range(2):  # a second time changes nothing
        migration.fill(apps, connection.schema_editor())
        found = {row.pk: row.credential_id for row in AssessmentSession.objects.all()}
        chosen = {hours: found[row.pk] for hours, row in rows.items()}
        assert chosen == {
            10: keys["later"], 7: keys["gone"], 3: keys["overlapping"], 1.5: keys["present"], 0: keys["present"]
        }  # fmt: skip
        assert (found[without.pk], found[closed.pk]) == (None, None)
