"""Every page of Django's admin: who gets it, what it costs, and what it never shows."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import AssessmentSession
from files.models import PendingErasure, StoredFile
from institutions.models import (
    VLE,
    Credential,
    Instrument,
    Message,
    Provider,
    ProviderNotification,
    User,
)
from institutions.services.credentials import credential_issue
from institutions.services.vles import vle_create
from kernel.recording import Entry, Origin, record
from learners.models import ConsentDecision, Enrolment, EnrolmentSample, Learner
from pipeline.jobs import enqueue_for_provider
from pipeline.models import Job
from reports.models import Alert, Report, ReportInstrument, Request, RequestResult
from signin.models import CallerSession, Launcher, SignInCounter, SignInPlace
from tests.admin.conftest import browser_of
from tests.admin.forms import PAGES, request_of, rows_listed
from tests.world import Home

ROOT = Origin("admin", 1, "root", "password", None, "192.0.2.1", "r-1")
ADDED = {
    "institutions/institution",
    "institutions/instrument",
    "institutions/message",
    "institutions/provider",
    "institutions/uioption",
    "institutions/user",
}


def filled(home: Home, rows: int) -> None:
    """`rows` rows of each kind that the world has few of, each with relations of its own."""
    now = timezone.now()
    vle, _ = vle_create(institution=home.institution, name=f"Filled {rows}")
    for i in range(rows):
        mark = f"{rows}-{i}"
        person = User.objects.create(institution=home.institution, username=f"fill{mark}", uid=f"fill{mark}")
        home.people[mark] = person
        worked(home, person, mark, now)
        CallerSession.objects.create(kind="person", user=person, expires_at=now)
        credential = Credential.objects.create(vle=vle, secret_hash=f"hash-{mark}")
        CallerSession.objects.create(kind="vle", credential=credential, expires_at=now)
        SignInCounter.objects.create(key=mark, last_failure_at=now)
        SignInPlace.objects.create(key=mark, used_at=now)
        Launcher.objects.create(
            institution=home.institution, user=person, vle=vle, token_hash=f"hash-{mark}", expires_at=now
        )
        Message.objects.create(code=f"CODE_{mark}".upper())
        details = {"locale": [None, "ca"]}
        record(Entry("update", "admin/user", person.pk, home.institution.pk, person.pk, details, sealed=True), by=ROOT)


def worked(home: Home, person: User, mark: str, now: datetime) -> None:
    """The person is a learner who was captured, and of whom a provider told something."""
    learner = Learner.objects.create(user=person, institution=home.institution, consent=home.consent)
    keys = {"institution": home.institution, "learner": learner}
    provider = Provider.objects.create(acronym=f"p{mark}", queue=f"p{mark}", name=mark, version="1", instrument_id=1)
    ProviderNotification.objects.create(provider=provider, key=mark, when=now)
    file = StoredFile.objects.create(
        institution=home.institution,
        owner=person,
        kind="request",
        media_type="a/b",
        size=1,
        sha256="",
        storage_key=mark,
    )
    PendingErasure.objects.create(storage_key=mark)
    ConsentDecision.objects.create(
        institution=home.institution, learner_id=learner.learner_id, decision="accepted", version="1.0.0", at=now
    )
    Enrolment.objects.create(provider=provider, **keys)
    EnrolmentSample.objects.create(**keys)
    sitting = AssessmentSession.objects.create(activity=home.activity, **keys)
    request = Request.objects.create(activity=home.activity, session=sitting, data=file, **keys)
    RequestResult.objects.create(request=request, instrument_id=1, message_code_id="OK")
    report, _ = Report.objects.get_or_create(activity=home.activity, **keys)
    ReportInstrument.objects.create(report=report, instrument_id=1)
    Alert.objects.create(activity=home.activity, session=sitting, level=1, message_code_id="OK", raised_at=now, **keys)


def cost(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_changelists_cost_the_same_for_any_number_of_rows(world, root):
    costs = {}
    for rows in (1, 7):
        filled(world.home, rows)
        costs[rows] = {page: cost(root, f"/admin/{page}/") for page in PAGES}
    assert costs[1] == costs[7]
    assert max(costs[1].values()) <= 14, costs[1]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_search_of_a_changelist_answers(page, world, root):
    for text in ("a", "1", "'\"%", "0" * 40, "9" * 40, "2f6a4b1e-0000-4000-8000-000000000000"):
        assert rows_listed(PAGES[page], world.people["global"], q=text) is not None, text
    assert root.get(f"/admin/{page}/", {"q": "a"}).status_code == 200


def test_add_pages_open_where_rows_can_be_added_here(root):
    statuses = {page: root.get(f"/admin/{page}/add/").status_code for page in PAGES}
    assert statuses == {page: 200 if page in ADDED else 403 for page in PAGES}


def test_change_pages_open(world, root):
    filled(world.home, 1)
    for name, page in PAGES.items():
        row = page.get_queryset(request_of(world.people["global"])).first()
        assert row is not None, name
        answer = root.get(f"/admin/{name}/{row.pk}/change/")
        assert answer.status_code == 200, name
        # Relations are typed or looked up: whatever list there is, is short.
        for select in re.findall(r"<select.*?</select>", answer.content.decode(), re.DOTALL):
            assert select.count("<option") <= 10, name


@pytest.mark.parametrize("who", ["admin", "teacher", "ann"])
def test_other_people_are_refused(who, world):
    client = browser_of(world.people[who])
    urls = [f"/admin/{page}/{action}" for page in PAGES for action in ("", "add/")]
    assert {url: client.get(url, follow=True).status_code for url in urls} == dict.fromkeys(urls, 403)


def test_anonymous_is_sent_to_the_sign_in_page(world):
    answer = Client().get("/admin/institutions/user/")
    assert answer.status_code == 302
    assert "/signin/" in Client().get("/admin/institutions/user/", follow=True).redirect_chain[-1][0]


def test_secrets_are_on_no_page(world, root):
    vle, credentials = vle_create(institution=world.home.institution, name="With secrets")
    secret_hash = Credential.objects.get(vle=vle).secret_hash
    stored = VLE.objects.get(pk=vle.pk)
    page = root.get(f"/admin/institutions/vle/{vle.pk}/change/").content.decode()
    assert credentials["role_id"] in page
    for secret in (credentials["secret_id"], credentials["consumer_secret"], stored.lti_secret, secret_hash):
        assert secret not in page
    provider = Provider.objects.create(acronym="p", queue="p", name="P", version="1", instrument_id=1)
    credential, secret = credential_issue(provider=provider)
    page = root.get(f"/admin/institutions/provider/{provider.pk}/change/").content.decode()
    assert str(credential.role_id) in page
    assert secret not in page
    assert credential.secret_hash not in page
    admin_page = root.get(f"/admin/institutions/user/{world.people['admin'].pk}/change/").content.decode()
    assert world.people["admin"].password not in admin_page
    assert "md5$" not in admin_page
    launcher = Launcher.objects.create(
        institution=world.home.institution,
        user=world.people["ann"],
        vle=vle,
        token_hash="f00d" * 16,
        expires_at=timezone.now(),
    )
    assert "f00df00d" not in root.get(f"/admin/signin/launcher/{launcher.pk}/change/").content.decode()


READ_ONLY = ("trail/line", "learners/consentdecision", "reports/report", "reports/request", "learners/learner")


@pytest.mark.parametrize("page", READ_ONLY)
def test_records_and_results_can_only_be_read(page, world, root):
    filled(world.home, 1)
    model = PAGES[page].model
    row = model._default_manager.first()
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert root.post(f"/admin/{page}/add/", {}).status_code == 403
    assert root.post(f"/admin/{page}/{row.pk}/change/", {"kind": "sample", "identity_level": "4"}).status_code == 403
    assert root.post(f"/admin/{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    root.post(f"/admin/{page}/", {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_a_session_ended_on_the_page_is_refused_by_the_api(world, root, as_):
    client = as_("admin")
    url = f"/api/v2/institution/{world.home.institution.pk}/"
    assert client.get(url).status_code == 200
    session = CallerSession.objects.get(user=world.people["admin"])
    answer = root.post("/admin/signin/callersession/", {"action": "end", "_selected_action": [session.pk]}, follow=True)
    assert "1 sessions have ended" in answer.content.decode()
    assert client.get(url).status_code == 401


def test_deleted_counters_of_failures_count_no_more(world, root):
    SignInCounter.objects.create(key="k", failures=10, last_failure_at=timezone.now() - timedelta(minutes=1))
    body = {"action": "delete_selected", "_selected_action": ["k"], "post": "yes"}
    assert root.post("/admin/signin/signincounter/", body).status_code == 302
    assert not SignInCounter.objects.filter(key="k").exists()


def test_a_provider_has_both_thresholds_or_none(world, root):
    body = {
        "name": "Faces", "acronym": "faces", "version": "1", "queue": "faces", "enabled": "on", "instrument": "1",
        "alert_below": "0.3", "warning_below": "", "options_schema": "null", "options": "null",
        "credential_rows-TOTAL_FORMS": "0", "credential_rows-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert "give both or neither" in root.post("/admin/institutions/provider/add/", body).content.decode()
    assert not Provider.objects.filter(acronym="faces").exists()
    assert root.post("/admin/institutions/provider/add/", body | {"warning_below": "0.6"}).status_code == 302
    provider = Provider.objects.get(acronym="faces")
    assert provider.instrument == Instrument.objects.get(acronym="fr")
    # Changes have the rules and the consequences that they have in the API.
    change, body = f"/admin/institutions/provider/{provider.pk}/change/", body | {"warning_below": "0.6"}
    enqueue_for_provider("faces", "a.task", "1")
    for wrong, text in (({"instrument": "2"}, "keeps its instrument"), ({"queue": "tesla_pipeline"}, "used by the")):
        assert text in root.post(change, body | wrong).content.decode()
    assert root.post(change, body | {"queue": "others"}).status_code == 302
    provider.refresh_from_db()
    assert (provider.instrument_id, provider.queue) == (1, "others")
    assert [*Job.objects.exclude(queue="").values_list("queue", flat=True)] == ["others"]


def test_a_message_is_stored_in_upper_case_with_lower_case_locales(world, root):
    body = {
        "code": "new_code", "datatype": "html", "locales-TOTAL_FORMS": "1", "locales-INITIAL_FORMS": "0",
        "locales-0-locale": "CA", "locales-0-message": "Nou",
    }  # fmt: skip
    assert root.post("/admin/institutions/message/add/", body).status_code == 302
    assert Message.objects.get(code="NEW_CODE").locales.get().locale == "ca"


def test_only_ui_options_of_all_institutions_are_shown(world, root):
    page = root.get("/admin/institutions/uioption/").content.decode()
    assert "13 UI options" in page
    assert root.get(f"/admin/institutions/uioption/{world.home.ui_option.pk}/change/").status_code == 302
    body = {"route": "statistics", "enabled": "on", "roles": "ADMIN, TEACHER"}
    assert "Not a role: TEACHER" in root.post("/admin/institutions/uioption/add/", body).content.decode()
    assert root.post("/admin/institutions/uioption/add/", body | {"roles": "ADMIN, DATA"}).status_code == 302
    assert root.get("/admin/institutions/uioption/?q=statistics").content.decode().count("ADMIN,DATA") == 1
