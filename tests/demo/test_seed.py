"""`manage.py seed_demo`: what it makes, that it makes it once, and that what it prints works.

The sample data is made once for all tests of this file; what a test changes in it is rolled back.
"""

import hashlib
import json
import re
from collections import Counter
from datetime import timedelta
from io import StringIO
from pathlib import Path
from shutil import copytree

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone

from courses.models import Activity, Course, CourseInstructor, CourseLearner
from demo.measuring import NOTE
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
from reports.services.rebuilding import Scope, reports_rebuilt
from rights.models import Contest
from tests.conftest import client_of
from tests.demo.sample import (
    EXPECTED,
    OTHER_DATABASE,
    account_of,
    numbers_of_rows,
    rows,
    seed_demo,
    signed_in,
    signs_in,
)
from tests.world import rewritten


def settings_of(folder: Path) -> dict:
    """The settings of a demo that keeps its files in this folder."""
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder / "files"}}
    return {
        "DEMO": True,
        "VAR_DIR": folder / "var",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "STORAGES": {
            "default": files,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }


@pytest.fixture(scope="module")
def made_once(django_db_setup, django_db_blocker, tmp_path_factory):
    """What the command printed, and the folder with the files that it made."""
    folder = tmp_path_factory.mktemp("demo")
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(**settings_of(folder)):
            printed = seed_demo()
        yield printed, folder
        transaction.set_rollback(True)


@pytest.fixture
def printed(made_once, settings, db) -> dict:
    """What the command printed; what the test changes in the database is rolled back (`db` begins a savepoint)."""
    printed, folder = made_once
    for name, value in settings_of(folder).items():
        setattr(settings, name, value)
    return printed


@pytest.fixture
def secrets_file(made_once, printed, settings, tmp_path) -> Path:
    """The file with the printed secrets: a copy of its own for a test that runs the command again."""
    settings.VAR_DIR = copytree(made_once[1] / "var", tmp_path / "var")
    return settings.VAR_DIR / "demo.json"


def content_of(file: StoredFile) -> bytes:
    with store().open(file.storage_key) as content:
        return content.read()


def test_what_is_printed_has_exactly_the_agreed_shape_and_belongs_together(printed, made_once):
    assert list(printed) == ["institutions", "accounts", "vle", "course", "activity", "report"]
    assert [list(row) for row in printed["institutions"]] == [["id", "acronym"]] * 2
    assert [row["acronym"] for row in printed["institutions"]] == ["NLU", "IPM"]
    first, second = (row["id"] for row in printed["institutions"])
    roles = ["inst_admin", "legal_admin", "data_admin", "send_admin", "instructor", "learner"]
    assert [(a["role"], a["institution"]) for a in printed["accounts"]] == [
        ("global_admin", None),
        *((role, first) for role in roles),
        *((role, second) for role in roles),
    ]
    assert {tuple(a) for a in printed["accounts"]} == {("role", "institution", "user_id", "email", "password")}
    assert list(printed["vle"]) == ["id", "role_id", "secret_id"]
    report = Report.objects.get(pk=printed["report"])
    assert (report.activity_id, report.activity.course_id) == (printed["activity"], printed["course"])
    assert (report.activity.vle_id, report.institution_id) == (printed["vle"]["id"], first)
    learner, instructor = account_of(printed, "learner")["user_id"], account_of(printed, "instructor")["user_id"]
    assert report.learner_id == learner
    assert CourseLearner.objects.filter(course=printed["course"], learner=learner).exists()
    assert CourseInstructor.objects.filter(course=printed["course"], instructor=instructor).exists()
    row = Learner.objects.get(pk=learner)
    assert (row.consent.major, row.consent.minor, row.consent.patch) == consent_current(first)
    assert row.consent_accepted is not None
    assert row.consent_rejected is None
    path = made_once[1] / "var" / "demo.json"
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_account_signs_in_and_has_the_role_that_is_printed(printed):
    names = {
        "global_admin": "GLOBAL_ADMIN", "inst_admin": "ADMIN", "legal_admin": "LEGAL", "data_admin": "DATA",
        "send_admin": "SEND", "instructor": "INSTRUCTOR", "learner": "LEARNER",
    }  # fmt: skip
    for account in printed["accounts"]:
        client = signed_in(account)
        assert client is not None, account
        profile = client.get("/api/v2/auth/profile").json()
        assert (profile["id"], profile["roles"]) == (account["user_id"], [names[account["role"]]])
        home = profile["institution"]
        assert (home and home["id"]) == account["institution"]


def test_a_second_run_changes_nothing(printed, made_once, secrets_file):
    def files() -> dict[Path, bytes]:
        folders = (made_once[1] / "files", secrets_file.parent)
        return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    before = rows(), files()
    assert seed_demo() == printed
    assert (rows(), files()) == before


@pytest.mark.usefixtures("printed")
def test_a_complete_run_makes_all_rows():
    assert numbers_of_rows() == EXPECTED
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


def test_printed_accounts_work_again_when_the_file_is_lost(printed, secrets_file):
    secrets_file.unlink()
    again = seed_demo()
    assert again["accounts"][0]["password"] != printed["accounts"][0]["password"]
    assert all(signed_in(account) for account in again["accounts"])
    assert [a["user_id"] for a in again["accounts"]] == [a["user_id"] for a in printed["accounts"]]
    assert signs_in(again["vle"])
    assert not signs_in(printed["vle"])


def test_printed_accounts_work_when_the_file_is_of_another_database_or_broken(secrets_file):
    for content in (
        OTHER_DATABASE,
        '{"password": "demo-of-a-third-db", "vle": {}, "proofs": {}}',
        '{"password": 7, "vle": [], "proofs": null}',
        '{"password": "demo-of-a-fourth", "other": 1}',
        "[]",
        "not json \x00",
        "",
    ):
        secrets_file.write_text(content)
        secrets_file.chmod(0o644)
        again = seed_demo()
        assert all(signed_in(account) for account in again["accounts"])
        assert signs_in(again["vle"])
        assert secrets_file.stat().st_mode & 0o777 == 0o600


def test_rights_taken_from_the_accounts_are_restored_by_the_next_run(printed, secrets_file):
    people = {role: User.objects.get(pk=account_of(printed, role)["user_id"]) for role in
              ("global_admin", "inst_admin", "legal_admin", "learner", "instructor")}  # fmt: skip
    people["inst_admin"].set_password("another-word-entirely")
    people["inst_admin"].save()
    User.objects.filter(pk=people["legal_admin"].pk).update(legal_admin=False, is_active=False)
    rewritten(User.objects.filter(pk=people["global_admin"].pk), is_active=False, email=None)
    rewritten(User.objects.filter(pk=people["learner"].pk), login_allowed=False, email=None)
    Learner.objects.filter(pk=people["learner"].pk).update(consent_rejected=timezone.now())
    Instructor.objects.filter(pk=people["instructor"].pk).delete()
    Credential.objects.update(revoked_at=timezone.now())
    again = seed_demo()
    assert again["accounts"] == printed["accounts"]
    assert all(signed_in(account) for account in again["accounts"])
    assert User.objects.get(pk=people["legal_admin"].pk).legal_admin
    assert Learner.objects.get(pk=people["learner"].pk).consent_rejected is None
    assert CourseInstructor.objects.filter(course=printed["course"], instructor=people["instructor"].pk).exists()
    assert signs_in(again["vle"])


def test_a_given_password_stays_the_password_of_all_accounts(printed, secrets_file):
    changed = seed_demo("--password", "harbour-lantern-42")
    assert {account["password"] for account in changed["accounts"]} == {"harbour-lantern-42"}
    assert all(signed_in(account) for account in changed["accounts"])
    assert signed_in(printed["accounts"][1]) is None
    assert seed_demo() == changed
    assert changed["vle"] == printed["vle"]


def test_the_table_names_accounts_and_addresses_that_exist(printed, settings):
    settings.WEB_PORT = 8123
    out = StringIO()
    call_command("seed_demo", stdout=out)
    text = out.getvalue()
    for account in printed["accounts"]:
        assert account["email"] in text
    institution, course = printed["institutions"][0]["id"], printed["course"]
    assert f"http://127.0.0.1:8123/api/v2/institution/{institution}/course/{course}/" in text
    assert printed["vle"]["secret_id"] in text
    admin = client_of(User.objects.get(pk=printed["accounts"][1]["user_id"]))
    addresses = re.findall(r"http://127\.0\.0\.1:8123(\S+)", text)
    assert {admin.get(address).status_code for address in addresses} == {200}
    assert len(addresses) == 3


def test_files_are_in_the_store_as_their_rows_say_and_in_the_form_that_dashboards_read(printed):
    for file in StoredFile.objects.all():
        content = content_of(file)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


def test_reports_and_audits_are_in_the_form_that_dashboards_read(printed):
    admin, report = signed_in(account_of(printed, "inst_admin")), Report.objects.get(pk=printed["report"])

    def read(url: str):
        return json.loads(Client().get(url).getvalue())

    def address(of: Report) -> str:
        course = f"/api/v2/institution/{of.institution_id}/course/{of.activity.course_id}/"
        return f"{course}activity/{of.activity_id}/report/{of.pk}/"

    data = read(admin.get(address(report)).json()["data"])
    assert len(data["sessions"]) == 2
    series = json.loads(data["sessions"][0]["data"]["data"]["1"]["requests"])
    assert [len(point) for point in series] == [2, 2, 2]
    assert all(0 <= value <= 1 and moment.endswith("Z") for moment, value in series)
    detailed = {*report.details.values_list("instrument_id", flat=True)}
    assert [document["instruments"] for document in data["documents"]] == [[5]]
    assert data["documents"][0]["results"]["5"]["status"] == 1
    assert {*data["sessions"][0]["data"]["instruments"], 5} == detailed
    audit = read(admin.get(f"{address(report)}audit/1/").json()["audit_data"])
    assert list(audit) == ["providers", "requests", "enrolment_samples", "demonstration"]
    assert audit["demonstration"] == data["demonstration"] == NOTE
    ((provider, entry),) = audit["providers"].items()
    assert entry["acronym"] == Provider.objects.get(pk=provider).acronym
    assert {str(key) for key in entry["enrolment_samples"]} == {*audit["enrolment_samples"]}
    assert len(audit["requests"]) == 6
    faces = [face for seen in audit["requests"].values() for face in seen["results"][provider]["audit"]["faces"]]
    assert all(0 <= face["score"] <= 1 for face in faces)
    pictures = [*audit["requests"].values(), *audit["enrolment_samples"].values()]
    for url in [*(each["data"] for each in pictures), *(face["image"] for face in faces)]:
        picture = Client().get(url)
        assert (picture["Content-Type"], picture.getvalue()[:4]) == ("image/png", b"\x89PNG")
    for other in Report.objects.filter(institution=report.institution_id, details__instrument_id=1).distinct():
        for seen in read(admin.get(f"{address(other)}audit/1/").json()["audit_data"])["requests"].values():
            assert all("faces" in found["audit"] for found in seen["results"].values())


@pytest.mark.usefixtures("printed")
def test_reports_are_what_is_computed_from_scratch():
    assert [*reports_rebuilt(Scope())] == []


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


@pytest.mark.usefixtures("printed")
def test_all_levels_occur_and_are_what_the_arithmetic_says():
    shown = set()
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
                timeout=timedelta.max,  # what is overdue has been closed
                now=timezone.now(),
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


@pytest.mark.usefixtures("printed")
def test_session_rows_and_histograms_are_what_the_arithmetic_says():
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


def test_the_learners_enrolment_has_percentages_and_samples_under_way(printed):
    learner = account_of(printed, "learner")["user_id"]
    response = signed_in(account_of(printed, "learner")).get(f"/api/v2/institution/{printed['institutions'][0]['id']}/")
    assert response.status_code == 200
    providers = [_provider(row) for row in Provider.objects.all()]
    models = Enrolment.objects.filter(learner=learner)
    percentages = {row.provider.instrument.acronym: float(row.percentage) for row in models}
    assert percentages == {"fr": 1.0, "ks": 0.4, "fa": 1.0}
    assert len(enrolment_status(providers, models, {}, {})) == 3
    assert Course.objects.get(pk=printed["course"]).learners.count() == 16


@pytest.mark.usefixtures("printed")
def test_one_contest_waits_and_one_is_decided():
    waits, decided = Contest.objects.order_by("pk")
    assert (waits.state, waits.machine_levels, waits.assignee) == ("open", {"identity": 4}, None)
    assert waits.deadline > timezone.now()
    assert (decided.state, decided.machine_levels, decided.human_levels) == (
        "changed",
        {"identity": 4},
        {"identity": 2},
    )
    assert decided.report.contest["is_final"] is True
