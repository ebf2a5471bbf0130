"""A report's page and that of its requests: why each level, evidence by signed links alone, and nobody else's."""

import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from courses.models import AssessmentSession
from files.models import Kind
from institutions.models import Instrument, Message, MessageLocale, Provider
from kernel.access import READ, grant
from kernel.caller import Caller, CallerKind, Role
from kernel.http.client import ApiClient
from learners.models import Enrolment, EnrolmentSample, Learner
from reports.api.request import ReportRequestViewSet
from reports.arithmetic import RequestStatus
from reports.models import (
    Alert,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestProviderResult,
    RequestResult,
)
from reports.sentences import DEMONSTRATION
from tests.captures import FR, PLAG
from tests.console.test_lists import HOSTILE
from tests.lines import files_read
from tests.pages.test_policy import STRICT, WITH_MEDIA, assert_clean
from tests.reports.conftest import allow, attach, json_file, level
from tests.reports.work import Work
from tests.world import PAST, rewritten

ACTIVITY = "courses/{course}/activities/{activity}/"
REPORT = f"{ACTIVITY}reports/{{report}}/"
REQUESTS = f"{REPORT}requests/"
REQUEST = f"{REQUESTS}{{request}}/"
EVIDENCE = f"{REPORT}evidence/2/"


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.fixture
def provider(world) -> Provider:
    """Of ks; it has answered ann's only request, 0.9."""
    found = Provider.objects.create(
        name="KeyCheck", acronym="kc", version="1", queue="kc", enabled=True, instrument_id=2, warning_below=0.6,
        alert_below=0.3,
    )  # fmt: skip
    RequestProviderResult.objects.create(request=world.home.request, provider=found, status=1, result=0.9, code=1)
    return found


def judged(world, result: float, code: int, number: int) -> None:
    """The only check of ann's report ended so."""
    home = world.home
    RequestResult.objects.filter(pk=home.result.pk).update(result=result, code=code)
    RequestProviderResult.objects.update(result=result, code=code)
    ReportInstrument.objects.filter(pk=home.report_instrument.pk).update(result=str(result), identity_level=number)
    Report.objects.filter(pk=home.report.pk).update(identity_level=number)


def session(home, *levels: int) -> AssessmentSession:
    """A session of ann with alerts of these levels, and its row in her report."""
    pair = {"institution": home.institution, "activity": home.activity, "learner": home.learners["ann"]}
    found = AssessmentSession.objects.create(**pair)
    for number in levels:
        Alert.objects.create(
            **pair, session=found, level=number, raised_at=PAST, message_code_id="PROVIDER_BLACK_IMAGE"
        )
    ReportSession.objects.create(
        report=home.report, session=found, activity=home.activity, learner=home.learners["ann"]
    )
    return found


def text(answer) -> str:
    """What a reader reads, on one line."""
    plain = re.sub(r"<[^>]*>", " ", answer.text.partition("<main")[2])
    return re.sub(r"\s+", " ", plain.replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " "))


def links(answer) -> list[str]:
    return re.findall(r'<a href="([^"]*)" rel="noopener">open</a>', answer.text)


def opened(url: str) -> str:
    """Followed as by a browser: without credentials."""
    assert urlsplit(url).netloc == "testserver"
    answer = Client().get(urlsplit(url).path)
    assert answer.status_code == 200
    content = json.loads(answer.getvalue())
    return content.get("kind") or {"sessions": "report", "providers": "report_audit"}[next(iter(content))]


def test_a_good_report_says_why(world, provider, admin, address):
    said = text(admin.get(address(REPORT)))
    assert "Identity is OK because that is the highest level of its parts: Keystroke dynamics." in said
    assert "Nothing that was checked says anything about content." in said
    assert "Nothing that was checked says anything about integrity." in said
    assert (
        "1 of 1 check was processed. The confidence is 100 %. The mean result is 90 %. KeyCheck warns below 60 % and "
        "alerts below 30 %. No processed check is a warning or an alert. So the level is OK."
    ) in re.sub(r"\s+", " ", said)


@pytest.mark.parametrize(
    ("result", "code", "number", "word", "why"),
    [
        (0.5, 2, 3, "Warning", "is a warning: in 1 the result of KeyCheck, 50 %, lies below its warning threshold"),
        (0.2, 3, 4, "Alert", "is an alert: in 1 the result of KeyCheck, 20 %, lies below its alert threshold"),
    ],
)
def test_a_bad_report_says_why(result, code, number, word, why, world, provider, admin, address):
    judged(world, result, code, number)
    said = text(admin.get(address(REPORT)))
    assert f"Identity is {word} because that is the highest level of its parts: Keystroke dynamics." in said
    assert why in said
    assert f"So the level is {word}." in said


def test_level_that_the_evidence_does_not_explain_is_shown_as_unexplained(world, provider, admin, address):
    """0.9 is no alert, whatever is stored."""
    level(world.home, 4)
    Report.objects.filter(pk=world.home.report.pk).update(identity_level=4)
    said = text(admin.get(address(REPORT)))
    assert "Why it has this level cannot be told" in said
    assert "So the level is OK." not in said


def test_alerts_of_a_session_are_told(world, admin, address):
    found = session(world.home, 2)
    ReportSession.objects.update(identity_level=4, content_level=4, integrity_level=1)
    said = text(admin.get(address(REPORT)))
    assert f"Number {found.pk}. No request. Raised in it: an alert (at 00:00 UTC)" in said
    assert "Everything that was raised (1)" in said


def test_reports_of_the_activity(world, admin, address):
    home = world.home
    Report.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["bob"], identity_level=4
    )
    answer = admin.get(address(ACTIVITY))
    assert [str(line.cells[0][1]) for line in answer.context["table"].lines] == ["Ann Home", "Bob Home"]
    assert [bar.counts for bar in answer.context["levels"].bars] == [(0, 0, 1, 0, 1)]
    assert [row["name"] for row in answer.context["instruments"]] == ["Keystroke dynamics"]
    only = admin.get(address(ACTIVITY), {"level__gte": "3"})
    assert [str(line.cells[0][1]) for line in only.context["table"].lines] == ["Bob Home"]
    wrong = admin.get(address(ACTIVITY), {"level": "9"})
    assert (wrong.status_code, wrong.context["table"].lines) == (400, [])
    course = admin.get(address("courses/{course}/"))
    assert "1 Alert" in text(course)
    assert "1 OK" in text(course)


def test_requests_say_what_instruments_made_of_them(world, admin, address):
    home = world.home
    Request.objects.create(
        institution=home.institution, activity=home.activity, learner=home.learners["ann"], status=4,
        error_message="camera is dark",
    )  # fmt: skip
    Request.objects.create(institution=home.institution, activity=home.activity, learner=home.learners["bob"])
    answer = admin.get(address(REQUESTS))
    cells = [[str(value) for _, value in line.cells][1:] for line in answer.context["table"].lines]
    assert [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in line] for line in cells] == [
        ["processed", "document", "Keystroke dynamics: 90 %, OK", "–", "–"],
        ["error", "document", "–", "camera is dark", "–"],
    ]
    assert "Ann Home" in text(answer)


# Evidence.


@pytest.mark.parametrize("who", ["global", "admin", "data"])
def test_evidence_opens_by_signed_links_and_each_opening_is_recorded(who, world, signed_in, address):
    attach(world.home)
    browser = signed_in(who)
    assert [opened(url) for url in links(browser.get(address(REPORT)))] == ["report"]
    assert [opened(url) for url in links(browser.get(address(REQUEST)))] == ["request"]
    assert [read.kind for read in files_read()] == ["report_made", "request"]
    page = browser.get(address(EVIDENCE))
    whole = re.search(r'href="([^"]*report_audit.json)"', page.text)[1]
    assert opened(whole) == "report_audit"
    assert [read.kind for read in files_read()[2:]] == ["audit_made", "audit_made"]  # the page, and the file
    assert {read.reader for read in files_read()} == {world.people[who].pk}


def test_pages_hold_no_address_of_a_file_but_signed_ones(world, admin, address):
    attach(world.home)
    for page in (REPORT, REQUEST):
        answer = admin.get(address(page))
        assert sorted(re.findall(r'[^"\s]*/files/[^"\s]*', answer.text)) == sorted(links(answer))
        assert world.home.request.data.storage_key not in answer.text


@pytest.mark.parametrize("who", ["legal", "send", "teacher"])
@pytest.mark.parametrize(("good", "number", "seen"), [(False, 2, False), (False, 3, True), (True, 2, True)])
def test_who_teaches_sees_what_the_api_shows_instructors(good, number, seen, who, world, signed_in, address):
    attach(world.home)
    if who != "teacher":  # who does so already
        world.home.teach(who, world.home.course)
    allow(world.home, valid_audit=good)
    level(world.home, number)
    browser = signed_in(who)
    expected = (["report"], ["request"]) if seen else (["report"], [])
    pages = (browser.get(address(REPORT)), browser.get(address(REQUEST)))
    assert tuple([opened(url) for url in links(page)] for page in pages) == expected
    assert (address(EVIDENCE) in pages[0].text) == seen
    assert browser.get(address(EVIDENCE)).status_code == (200 if seen else 403)
    assert browser.get(address(ACTIVITY)).context["levels"] is not None


@pytest.mark.parametrize("page", [ACTIVITY, REPORT, REQUESTS, "courses/{course}/instructors/", "groups/{group}/"])
def test_nothing_is_kept_by_browsers(page, world, admin, address):
    assert "no-store" in admin.get(address(page))["Cache-Control"]


# Whole lists.


def rights(monkeypatch, **rules) -> tuple[bool, bool]:
    """Whether an administrator with this grant is shown the list, and numbers of the whole list."""
    monkeypatch.setattr(ReportRequestViewSet, "access", {Role.ADMIN: grant(READ, **rules)})
    caller = Caller(CallerKind.PERSON, 1, type("Home", (), {"pk": 1})(), Role.ADMIN)
    path = "institution/1/course/1/activity/1/report/1/request/"
    read = ApiClient(None, caller)
    return read.lists(path), read.lists_all(path)


@pytest.mark.parametrize("rule", ["rows", "parent", "sees"])
def test_rule_about_rows_or_parents_hides_numbers_of_whole_lists(rule, monkeypatch):
    assert rights(monkeypatch, **{rule: lambda me: None}) == (True, False)


def test_grant_without_rules_shows_numbers_while_its_condition_is_met(monkeypatch):
    assert rights(monkeypatch) == (True, True)
    assert rights(monkeypatch, when=lambda me: True) == (True, True)
    assert rights(monkeypatch, when=lambda me: False) == (False, False)


# Texts from elsewhere, and costs.


def test_hostile_texts_are_only_text(world, provider, admin, address):
    home = world.home
    attach(home)
    session(home, 1, 2)
    code = "PROVIDER_BLACK_IMAGE"
    Request.objects.filter(pk=home.request.pk).update(error_message=HOSTILE, message_code=code)
    Message.objects.filter(pk=code).update(description=HOSTILE)
    MessageLocale.objects.filter(code=code).update(message=HOSTILE)
    rewritten(Provider.objects.all(), name=HOSTILE[:100])
    rewritten(Instrument.objects.filter(pk=2), name=HOSTILE)
    for row, names in (
        (home.people["ann"], ("first_name", "last_name", "uid")),
        (home.course, ("code",)),
        (home.activity, ("name", "vle_activity_type", "description")),
    ):
        for name in names:
            setattr(row, name, HOSTILE)
        row.save()
    ReportSession.objects.update(identity_level=4, content_level=4, integrity_level=1)
    for page in (ACTIVITY, REPORT, REQUESTS, REQUEST, EVIDENCE, "learners/{ann}/", "courses/{course}/"):
        answer = admin.get(address(page))
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text
        assert_clean(answer, WITH_MEDIA if page in (REQUEST, EVIDENCE) else STRICT)


def grow(home, provider: Provider, rows: int) -> None:
    """More of everything that a report is made of."""
    pair = {"institution": home.institution, "activity": home.activity, "learner": home.learners["ann"]}
    for number in range(rows):
        instrument = Instrument.objects.create(
            name=f"Grown {rows}.{number}", acronym=f"g{rows}-{number}", queue=f"g{rows}-{number}", enabled=True
        )
        ReportInstrument.objects.create(report=home.report, instrument=instrument)
        inside = session(home, 0, 1, 2)
        for held in (None, inside):
            request = Request.objects.create(**pair, session=held, status=3)
            RequestResult.objects.create(request=request, instrument=instrument, status=1, result=0.4, code=2)
            RequestProviderResult.objects.create(request=request, provider=provider, status=1, result=0.4, code=2)


@pytest.mark.parametrize("page", [REPORT, REQUESTS, EVIDENCE, REQUEST])
@pytest.mark.parametrize("who", ["teacher", "global"])
def test_number_of_queries_does_not_grow(who, page, world, provider, signed_in, address):
    """With everything that there can be: files, models, failures. Of instructors the requests to be seen are asked for,
    and of global administrators the institution; that somebody is a learner elsewhere costs nothing.
    """
    home = world.home
    attach(home)
    level(home, 3)
    pair = {"institution": home.institution, "activity": home.activity, "learner": home.learners["ann"]}
    for status in (RequestStatus.STORED, RequestStatus.ERROR):
        request = Request.objects.create(**pair, status=status)
        request.instruments.add(2)
    RequestResult.objects.create(request=request, instrument_id=2, status=2, error_message="Dark")
    RequestProviderResult.objects.filter(request=home.request).update(audit=home.result.audit)
    person = {"institution": home.institution, "learner": home.learners["ann"]}
    model = Enrolment.objects.create(**person, provider=provider, percentage=1, can_analyse=True)
    model.model_samples.add(EnrolmentSample.objects.create(**person, data=json_file(home, Kind.SAMPLE)))
    allow(home, learner_report=True, learner_audit=True)
    Learner.objects.create(user=home.people["teacher"], institution=home.institution)
    browser = signed_in(who)

    def counted() -> int:
        browser.get(address(page))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address(page)).status_code == 200
        return len(captured)

    grow(home, provider, 1)
    few = counted()
    grow(home, provider, 12)
    assert counted() == few <= 12


def test_results_of_a_demonstration_are_labelled_on_every_page(world, admin, address):
    work = Work(world.home)
    made_up, real = work.request(PLAG, session=work.session()), work.request(FR)
    work.answer(made_up, result=0.1, by=work.plag)
    work.answer(real, result=0.9)
    pages = [ACTIVITY, REPORT, REQUESTS, f"{REPORT}evidence/5/", f"{REQUESTS}{made_up.pk}/", f"{REQUESTS}{real.pk}/"]

    def labels() -> list[int]:
        where = [address(page.replace("{report}", str(work.report().pk))) for page in pages]
        return [admin.get(page).text.count(DEMONSTRATION) for page in where]

    assert labels() == [0, 0, 0, 0, 0, 0]
    Provider.objects.filter(pk=work.plag.pk).update(is_demonstration=True)
    assert labels() == [1, 2, 1, 1, 1, 0]  # of the report: of plag, and of the session


def test_strip_draws_every_result(world, provider, admin, address):
    home = world.home
    for place in range(3):
        request = Request.objects.create(
            institution=home.institution, activity=home.activity, learner=home.learners["ann"], status=3,
            created_at=PAST + timedelta(minutes=place),
        )  # fmt: skip
        RequestResult.objects.create(request=request, instrument_id=2, status=1, result=0.25 * place, code=1)
        RequestProviderResult.objects.create(request=request, provider=provider, status=1, result=0.25 * place, code=1)
    answer = admin.get(address(REPORT))
    assert re.findall(r'<circle class="point" cx="([0-9.]+%)"', answer.text) == ["90.00%", "0.00%", "25.00%", "50.00%"]
    zones = re.findall(r'<rect class="z-(\w+)" x="([0-9.]+%)" y="6" width="([0-9.]+%)"', answer.text)
    assert zones == [("bad", "0.000%", "30.000%"), ("fair", "30.000%", "30.000%"), ("good", "60.000%", "40.000%")]
