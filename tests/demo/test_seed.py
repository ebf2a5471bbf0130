"""`manage.py seed_demo`: what it makes, that it makes it once, and that what it prints works."""

import hashlib
import json
import re
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import Activity, Course, CourseInstructor, CourseLearner
from demo import seed
from files.models import StoredFile
from files.services import store
from institutions.models import Credential, Instructor, Provider, User
from institutions.services.consents import consent_current
from learners.arithmetic import Instrument as MeasuredInstrument
from learners.arithmetic import Provider as MeasuredProvider
from learners.arithmetic import enrolment_status
from learners.models import Enrolment, Learner
from reports.arithmetic import (
    Levels,
    ProviderResult,
    RequestResult,
    activity_levels,
    enrolment_minimum,
    histogram_of,
    instrument_row,
    percent,
    request_status,
    result_summary,
    session_row,
)
from reports.models import (
    ActivityInstrumentHistogram,
    Alert,
    LearnerProviderHistogram,
    Report,
    ReportSession,
    Request,
    RequestProviderResult,
)
from tests.conftest import client_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path):
    settings.DEMO = True
    settings.VAR_DIR = tmp_path / "var"


def seeded(*arguments: str) -> dict:
    out = StringIO()
    call_command("seed_demo", "--format", "json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def rows() -> dict[str, list]:
    """Everything that is stored, but for the sessions and counters of signing in."""
    apart = {"signin", "sessions"}
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label not in apart]
    return {m._meta.label: list(m._default_manager.order_by("pk").values()) for m in models}


def signed_in(account: dict) -> APIClient | None:
    client = APIClient()
    answer = client.post("/api/v2/auth/login", {"email": account["email"], "password": account["password"]})
    if answer.status_code != 200:
        return None
    client.credentials(HTTP_AUTHORIZATION="JWT " + answer.json()["token"]["access_token"])
    return client


def stored(file: StoredFile) -> bytes:
    with store().open(file.storage_key) as content:
        return content.read()


def account_of(made: dict, role: str, position: int = 0) -> dict:
    institution = None if role == "global_admin" else made["institutions"][position]["id"]
    return next(a for a in made["accounts"] if (a["role"], a["institution"]) == (role, institution))


def test_what_is_printed_has_exactly_the_agreed_shape_and_belongs_together(settings):
    made = seeded()
    assert list(made) == ["institutions", "accounts", "vle", "course", "activity", "report"]
    assert [list(row) for row in made["institutions"]] == [["id", "acronym"]] * 2
    assert [row["acronym"] for row in made["institutions"]] == ["NLU", "IPM"]
    first, second = (row["id"] for row in made["institutions"])
    roles = ["inst_admin", "legal_admin", "data_admin", "send_admin", "instructor", "learner"]
    assert [(a["role"], a["institution"]) for a in made["accounts"]] == [
        ("global_admin", None),
        *((role, first) for role in roles),
        *((role, second) for role in roles),
    ]
    assert {tuple(a) for a in made["accounts"]} == {("role", "institution", "user_id", "email", "password")}
    assert list(made["vle"]) == ["id", "role_id", "secret_id"]
    report = Report.objects.get(pk=made["report"])
    assert (report.activity_id, report.activity.course_id) == (made["activity"], made["course"])
    assert (report.activity.vle_id, report.institution_id) == (made["vle"]["id"], first)
    learner, instructor = account_of(made, "learner")["user_id"], account_of(made, "instructor")["user_id"]
    assert report.learner_id == learner
    assert CourseLearner.objects.filter(course=made["course"], learner=learner).exists()
    assert CourseInstructor.objects.filter(course=made["course"], instructor=instructor).exists()
    held = Learner.objects.get(pk=learner)
    assert (held.consent.major, held.consent.minor, held.consent.patch) == consent_current(first)
    assert held.consent_accepted is not None
    assert held.consent_rejected is None
    path = settings.VAR_DIR / "demo.json"
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_account_signs_in_and_is_what_it_is_said_to_be():
    names = {
        "global_admin": "GLOBAL_ADMIN", "inst_admin": "ADMIN", "legal_admin": "LEGAL", "data_admin": "DATA",
        "send_admin": "SEND", "instructor": "INSTRUCTOR", "learner": "LEARNER",
    }  # fmt: skip
    for account in seeded()["accounts"]:
        client = signed_in(account)
        assert client is not None, account
        profile = client.get("/api/v2/auth/profile").json()
        assert (profile["id"], profile["roles"]) == (account["user_id"], [names[account["role"]]])
        home = profile["institution"]
        assert (home and home["id"]) == account["institution"]


def test_a_second_run_changes_nothing(settings):
    made, before = seeded(), rows()
    files = {path: path.read_bytes() for path in settings.VAR_DIR.parent.rglob("*") if path.is_file()}
    assert seeded() == made
    assert rows() == before
    assert {path: path.read_bytes() for path in settings.VAR_DIR.parent.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("step", ["ensure_vle", "ensure_activity", "create_report"])
def test_an_interrupted_run_is_completed(step, monkeypatch):
    place = seed if step == "create_report" else seed.structure
    real, turns = getattr(place, step), iter(range(1000))
    last = {"ensure_vle": 1, "ensure_activity": 3, "create_report": 20}[step]

    def broken(*args, **kwargs):
        if next(turns) == last:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(place, step, broken)
    with pytest.raises(KeyboardInterrupt):
        seeded()
    monkeypatch.undo()
    made = seeded()
    assert {label: len(found) for label, found in rows().items() if label in EXPECTED} == EXPECTED
    assert all(signed_in(account) for account in made["accounts"])


# Rows of a whole run.
EXPECTED = {
    "institutions.Institution": 2,
    "institutions.VLE": 2,
    "institutions.Provider": 5,
    "institutions.User": 54,
    "learners.Learner": 40,
    "institutions.Instructor": 3,
    "institutions.InformedConsent": 8,
    "institutions.InformedConsentDocument": 16,
    "learners.SENDCategory": 6,
    "learners.SENDLearner": 8,
    "courses.Course": 5,
    "courses.CourseGroup": 5,
    "courses.GroupCourse": 5,
    "courses.Activity": 7,
    "courses.ActivityInstrument": 13,
    "reports.Report": 44,
    "reports.Alert": 4,
}


def test_a_whole_run_makes_everything():
    seeded()
    assert {label: len(found) for label, found in rows().items() if label in EXPECTED} == EXPECTED
    assert User.objects.filter(login_allowed=True).count() == 12
    assert User.objects.filter(is_staff=True).count() == 1
    assert Instructor.objects.count() == 3
    assert Alert.objects.values_list("level", flat=True).distinct().count() == 4
    assert Activity.objects.filter(enabled=False).count() == 1
    statuses = Counter(
        _consent_status(learner) for learner in Learner.objects.filter(institution__acronym="NLU").iterator()
    )
    assert statuses == {"VALID": 17, "VALID_NEED_UPDATE": 3, "NOT_VALID": 1, "REJECTED": 1, "MISSING": 2}


def _consent_status(learner: Learner) -> str:
    if learner.consent is None:
        return "MISSING"
    if learner.consent_rejected is not None:
        return "REJECTED"
    return {"2.0.1": "VALID", "2.0.0": "VALID_NEED_UPDATE"}.get(learner.consent.version, "NOT_VALID")


def test_printed_accounts_work_again_when_the_file_is_lost(settings):
    made = seeded()
    (settings.VAR_DIR / "demo.json").unlink()
    again = seeded()
    assert again["accounts"][0]["password"] != made["accounts"][0]["password"]
    assert all(signed_in(account) for account in again["accounts"])
    assert [a["user_id"] for a in again["accounts"]] == [a["user_id"] for a in made["accounts"]]
    assert _opens(again["vle"])
    assert not _opens(made["vle"])


def _opens(vle: dict) -> bool:
    hashed = hashlib.sha256(vle["secret_id"].encode()).hexdigest()
    live = Credential.objects.filter(vle=vle["id"], role_id=vle["role_id"], revoked_at=None)
    return live.filter(secret_hash=hashed).exists()


def test_printed_accounts_work_when_the_file_is_of_another_database_or_broken(settings):
    settings.VAR_DIR.mkdir()
    path = settings.VAR_DIR / "demo.json"
    for content in (
        '{"password": "demo-of-another-db", "vle": {"id": 1, "role_id": "x", "secret_id": "y"}, "proofs": {"1": "z"}}',
        '{"password": "demo-of-a-third-db", "vle": {}, "proofs": {}}',
        '{"password": 7, "vle": [], "proofs": null}',
        '{"password": "demo-of-a-fourth", "other": 1}',
        "[]",
        "not json \x00",
        "",
    ):
        path.write_text(content)
        path.chmod(0o644)
        made = seeded()
        assert all(signed_in(account) for account in made["accounts"])
        assert _opens(made["vle"])
        assert path.stat().st_mode & 0o777 == 0o600


def test_what_somebody_took_from_the_accounts_is_given_back():
    made = seeded()
    people = {role: User.objects.get(pk=account_of(made, role)["user_id"]) for role in
              ("global_admin", "inst_admin", "legal_admin", "learner", "instructor")}  # fmt: skip
    people["inst_admin"].set_password("another-word-entirely")
    people["inst_admin"].save()
    User.objects.filter(pk=people["legal_admin"].pk).update(legal_admin=False, is_active=False)
    User.objects.filter(pk=people["global_admin"].pk).update(is_active=False, email=None)
    User.objects.filter(pk=people["learner"].pk).update(login_allowed=False, email=None)
    Learner.objects.filter(pk=people["learner"].pk).update(consent_rejected=timezone.now())
    Instructor.objects.filter(pk=people["instructor"].pk).delete()
    Credential.objects.update(revoked_at=timezone.now())
    again = seeded()
    assert again["accounts"] == made["accounts"]
    assert all(signed_in(account) for account in again["accounts"])
    assert User.objects.get(pk=people["legal_admin"].pk).legal_admin
    assert Learner.objects.get(pk=people["learner"].pk).consent_rejected is None
    assert CourseInstructor.objects.filter(course=made["course"], instructor=people["instructor"].pk).exists()
    assert _opens(again["vle"])


def test_a_given_password_is_that_of_all_accounts_from_then_on(settings):
    old = seeded()
    made = seeded("--password", "harbour-lantern-42")
    assert {account["password"] for account in made["accounts"]} == {"harbour-lantern-42"}
    assert all(signed_in(account) for account in made["accounts"])
    assert signed_in(old["accounts"][1]) is None
    assert seeded() == made
    assert made["vle"] == old["vle"]


@pytest.mark.parametrize("password", ["", "short", "12345678901", "password123", "x" * 129, "bell\x07-in-it-once"])
def test_a_password_that_cannot_be_used_is_refused_before_anything_is_made(password):
    with pytest.raises(CommandError):
        seeded("--password", password)
    assert User.objects.count() == 0


def test_it_refuses_outside_of_a_demo(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        seeded()
    assert User.objects.count() == 0


def test_the_table_names_accounts_and_addresses_that_exist(monkeypatch, client):
    monkeypatch.setenv("PORT", "8123")
    made, out = seeded(), StringIO()
    call_command("seed_demo", stdout=out)
    text = out.getvalue()
    for account in made["accounts"]:
        assert account["email"] in text
    institution, course = made["institutions"][0]["id"], made["course"]
    assert f"http://127.0.0.1:8123/api/v2/institution/{institution}/course/{course}/" in text
    assert made["vle"]["secret_id"] in text
    admin = client_of(User.objects.get(pk=made["accounts"][1]["user_id"]))
    addresses = re.findall(r"http://127\.0\.0\.1:8123(\S+)", text)
    assert {admin.get(address).status_code for address in addresses} == {200}
    assert len(addresses) == 3


def test_files_are_in_the_store_as_their_rows_say_and_in_the_form_that_dashboards_read():
    made = seeded()
    for file in StoredFile.objects.all():
        content = stored(file)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)
    report = Report.objects.get(pk=made["report"])
    data = json.loads(stored(report.data))
    assert len(data["sessions"]) == 2
    series = json.loads(data["sessions"][0]["data"]["data"]["1"]["requests"])
    assert [len(point) for point in series] == [2, 2, 2]
    assert all(0 <= value <= 1 and moment.endswith("Z") for moment, value in series)
    detailed = {*report.details.values_list("instrument_id", flat=True)}
    assert [document["instruments"] for document in data["documents"]] == [[5]]
    assert data["documents"][0]["results"]["5"]["status"] == 1
    assert {*data["sessions"][0]["data"]["instruments"], 5} == detailed
    audit = json.loads(stored(report.details.get(instrument_id=1).audit_data))
    assert list(audit) == ["providers", "requests", "enrolment_samples"]
    ((provider, entry),) = audit["providers"].items()
    assert entry["acronym"] == Provider.objects.get(pk=provider).acronym
    assert {str(key) for key in entry["enrolment_samples"]} == {*audit["enrolment_samples"]}
    assert len(audit["requests"]) == 6
    for seen in audit["requests"].values():
        assert seen["data"].startswith("data:image/png;base64,")
        for face in seen["results"][provider]["audit"]["faces"]:
            assert face["image"].startswith("data:image/png;base64,")
            assert 0 <= face["score"] <= 1
    for sample in audit["enrolment_samples"].values():
        assert sample["data"].startswith("data:image/png;base64,")
    for other in Report.objects.filter(details__instrument_id=1).select_related("data").distinct():
        for seen in json.loads(stored(other.details.get(instrument_id=1).audit_data))["requests"].values():
            assert all("faces" in found["audit"] for found in seen["results"].values())


def _provider(row: Provider) -> MeasuredProvider:
    return MeasuredProvider(row.pk, row.instrument_id, row.inverted_polarity, row.warning_below, row.alert_below)


def _answers(**where) -> list[ProviderResult]:
    found = RequestProviderResult.objects.filter(**where).select_related("provider")
    return [ProviderResult(_provider(row.provider), row.status, row.result, row.code) for row in found]


def _instrument(row) -> MeasuredInstrument:
    return MeasuredInstrument(
        row.pk, row.requires_enrolment, row.identity, row.originality, row.authorship, row.integrity
    )


def _levels(row) -> Levels:
    return Levels(row.identity_level, row.content_level, row.integrity_level)


def test_all_levels_occur_and_are_what_the_arithmetic_says_at_any_later_moment():
    seeded()
    later, shown = timezone.now() + 400 * HOUR, set()
    for request in Request.objects.prefetch_related("results", "provider_results__provider"):
        groups = {}
        for summary in request.results.all():
            answers = _answers(request=request, provider__instrument=summary.instrument_id)
            expected = result_summary(answers)
            assert (summary.status, summary.result, summary.code) == (
                expected.status,
                expected.result,
                expected.code,
            )
            groups[summary.instrument_id] = {answer.status for answer in answers}
        assert request.status == request_status(groups)
    for report in Report.objects.prefetch_related("details__instrument", "sessions"):
        pair = {"request__learner": report.learner_id, "request__activity": report.activity_id}
        percentages = dict(Enrolment.objects.filter(learner=report.learner_id).values_list("provider", "percentage"))
        for detail in report.details.all():
            results = [
                RequestResult(request.created_at, summary.status, summary.result, summary.code)
                for request in Request.objects.filter(learner=report.learner_id, activity=report.activity_id)
                for summary in request.results.filter(instrument=detail.instrument_id)
            ]
            answers = _answers(provider__instrument=detail.instrument_id, **pair)
            row = instrument_row(
                _instrument(detail.instrument),
                results,
                enrolment=enrolment_minimum(answers, percentages),
                timeout=HOUR,
                now=later,
            )
            assert _levels(detail) == row.levels
            assert [percent(detail.result), percent(detail.confidence), percent(detail.enrolment)] == [
                percent(row.result),
                percent(row.confidence),
                percent(row.enrolment),
            ]
        sessions = [_levels(session) for session in report.sessions.all()]
        assert _levels(report) == activity_levels([_levels(detail) for detail in report.details.all()], sessions)
        shown |= {report.identity_level, report.content_level, report.integrity_level}
    assert shown == {0, 1, 2, 3, 4}
    assert {*Report.objects.values_list("identity_level", flat=True)} == {0, 1, 2, 3, 4}
    assert {*Report.objects.values_list("content_level", flat=True)} == {0, 1, 2, 3, 4}


def test_session_rows_and_histograms_are_what_the_arithmetic_says():
    seeded()
    for row in ReportSession.objects.select_related("session", "report"):
        used = [detail.instrument for detail in row.report.details.select_related("instrument")]
        expected = session_row(
            row.session.requests.values_list("status", flat=True),
            row.session.alerts.values_list("level", flat=True),
            map(_instrument, used),
        )
        assert _levels(row) == expected.levels
        assert (row.total_requests, row.pending_requests, row.valid_requests) == (
            expected.total,
            expected.pending,
            expected.valid,
        )
    for row in LearnerProviderHistogram.objects.all():
        answers = _answers(request__learner=row.learner_id, provider=row.provider_id)
        assert histogram_of(answers) == tuple(getattr(row, f"b{i}") for i in range(10))
    for row in ActivityInstrumentHistogram.objects.all():
        answers = _answers(request__activity=row.activity_id, provider__instrument=row.instrument_id)
        assert histogram_of(answers) == tuple(getattr(row, f"b{i}") for i in range(10))
    counted = sum(getattr(row, f"b{i}") for row in LearnerProviderHistogram.objects.all() for i in range(10))
    assert counted == RequestProviderResult.objects.filter(status=1).count() > 100


def test_the_learners_enrolment_has_percentages_and_samples_under_way():
    made = seeded()
    learner = account_of(made, "learner")["user_id"]
    response = signed_in(account_of(made, "learner")).get(f"/api/v2/institution/{made['institutions'][0]['id']}/")
    assert response.status_code == 200
    providers = [_provider(row) for row in Provider.objects.all()]
    models = Enrolment.objects.filter(learner=learner)
    percentages = {row.provider.instrument.acronym: float(row.percentage) for row in models}
    assert percentages == {"fr": 1.0, "ks": 0.4, "fa": 1.0}
    assert len(enrolment_status(providers, models, {}, {})) == 3
    assert Course.objects.get(pk=made["course"]).learners.count() == 16
