"""Writes that are no operations of the API lock rows in the order, too; the others are in test_write_budgets.py.

Those are some ways to sign in, imports, and all background work that any app declares.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from courses.imports.jobs import import_check, import_run, import_steps, import_upload
from courses.models import AssessmentSession
from institutions.models import Provider, ProviderNotification, User
from institutions.services.vles import vle_credentials_rotate
from kernel.locks import ORDER, place_of
from learners.models import Enrolment, EnrolmentSampleValidation, Learner, Withdrawal
from pipeline import management_api
from pipeline.accounts import JOB as ACCOUNT_JOB
from pipeline.jobs import PERIODIC, WORKS, add, enqueue
from pipeline.models import BrokerAccount, Job
from pipeline.running import run_due
from reports.models import RequestProviderResult
from retention.models import Deletion
from retention.services.bulk import JOB as DELETION_JOB
from rights.models import Bundle, Contest, Erasure, Figures
from rights.services.bundles import bundle_create, bundle_delete
from rights.services.figures import FIGURES_JOB
from rights.services.notices import BUNDLE, SENT_JOB
from signin.services.launchers import launcher_create
from signin.services.passwords import JOB as LINK_JOB
from tests.contract.calls import CALLS
from tests.contract.desk import Desk
from tests.contract.lock_order import Order, followed
from tests.contract.test_declared import answered
from tests.contract.test_write_budgets import UPLOADS_TO, Sent
from tests.contract.test_write_budgets import WRITES as BUDGETED
from tests.reports.work import Work
from tests.world import PASSWORD, PAST, Home, World


def _launcher(caller, world: World) -> Sent:
    """A ticket of an assessment session is used."""
    home, client = world.home, caller("vle")
    learner = home.people["ann"]
    session = learner.learner.sessions.create(institution=home.institution, activity=home.activity)
    ticket, token = launcher_create(vle=home.vle, person=learner, session=session, target=1)
    return lambda: client.post("/api/v2/auth/token", {"id": ticket.pk, "token": token}, format="json")


def _login(caller, world: World) -> Sent:
    body = {"email": world.people["admin"].email, "password": PASSWORD}
    return lambda: APIClient().post("/api/v2/auth/login", body, format="json")


def _approle(caller, world: World) -> Sent:
    issued = vle_credentials_rotate(vle=world.home.vle, overlap_minutes=0)
    body = {name: issued[name] for name in ("role_id", "secret_id")}
    return lambda: APIClient().post("/api/v2/auth/approle", body, format="json")


def _refresh(caller, world: World) -> Sent:
    pair = _login(caller, world)().json()["token"]
    return lambda: APIClient().post("/api/v2/auth/token/refresh", pair, format="json")


def _logout(caller, world: World) -> Sent:
    client = caller("admin")
    return lambda: client.delete("/api/v2/auth/logout")


WRITES = {
    ("post", "/api/v2/auth/token"): _launcher,
    ("post", "/api/v2/auth/login"): _login,
    ("post", "/api/v2/auth/approle"): _approle,
    ("post", "/api/v2/auth/token/refresh"): _refresh,
    ("delete", "/api/v2/auth/logout"): _logout,
}
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")


def test_every_write_of_the_api_is_followed():
    """Here or by test_write_budgets.py: each address that answers anything but GET, unless nobody is granted it."""
    declared = {name: (call.method, call.url) for name, call in CALLS.items()}
    refused = {declared[name] for name, call in CALLS.items() if {*call.answers.values()} <= {401, 403, 404, 405}}
    budgets = {declared[name] for name in BUDGETED.keys() & declared.keys()}
    writes = {(method, address) for method, address in answered() if method != "get"}
    assert writes - refused == budgets | {UPLOADS_TO} | WRITES.keys()


@postgresql
@pytest.mark.parametrize("operation", WRITES, ids=" ".join)
def test_a_write_locks_in_the_order(operation, caller, world):
    send = WRITES[operation](caller, world)
    with followed() as order:
        answer = send()
    assert answer.status_code in (200, 201, 204), answer.content
    assert order.faults == []


@postgresql
@pytest.mark.parametrize("all_or_nothing", [False, True])
def test_an_import_locks_in_the_order(all_or_nothing, world, tmp_path):
    home, file = world.home, tmp_path / "people.csv"
    rows = ["uid,first_name,role,vle,course", "new,Neo,both,Moodle,c1", "ann,Anna,both,Moodle,c2", "bob,Bo,both,,"]
    file.write_text("\n".join(rows))
    User.objects.filter(uid__in=("ann", "bob")).update(login_allowed=False, password="!")
    job = import_upload(institution=home.institution, path=file, name=file.name)
    import_check(job=job, mapping=job.mapping, vle="", clears=False, all_or_nothing=all_or_nothing)
    import_steps(job=job, seconds=9)
    job.refresh_from_db()
    import_run(job=job, by_id=home.people["admin"].pk, version=job.version)
    with followed() as order:
        import_steps(job=job, seconds=9)
    assert order.faults == []
    assert {"institutions_user", "learners_learner", "courses_course"} <= order.locked_tables


AGO = timedelta(days=9)


def _captured(home: Home) -> None:
    work = Work(home)
    work.request(done=False)


def _answered(home: Home) -> None:
    work = Work(home)
    work.answer(work.request(), result=0.9, done=False)


def _closed(home: Home) -> None:
    work = Work(home)
    session = work.session()
    work.answer(work.request(session=session), result=0.9)
    AssessmentSession.objects.filter(pk=session.pk).update(closed_at=timezone.now())
    session.alerts.create(
        institution=home.institution, learner=session.learner, activity=session.activity, level=1, raised_at=PAST
    )
    enqueue("reports.session", [session.pk])


def _enrolled(home: Home) -> None:
    """A model is more complete than when a request was answered with it."""
    work = Work(home)
    request = work.request()
    work.answer(request, result=0.9)
    work.enrolled("bob", "1")
    enqueue("reports.enrolment", [request.learner_id])


def _withdrawn(home: Home) -> None:
    """While a provider has locked the model, and is asked about a capture."""
    work = Work(home)
    learner = work.request().learner_id
    Enrolment.objects.update(locked_by="0" * 32, locked_at=timezone.now())
    Learner.objects.filter(pk=learner).update(consent_rejected=timezone.now(), consent_accepted=None)
    enqueue("reports.withdrawn", [learner])


def _switched_off(home: Home) -> None:
    work = Work(home)
    activity = work.request().activity
    activity.instruments.all().delete()
    enqueue("reports.activity", [activity.pk])


def _sampled(home: Home) -> None:
    desk = Desk(home)
    desk.validated("new").sample.validations.all().delete()
    Provider.objects.filter(pk=desk.provider.pk).update(enabled=True, allow_validation=True, validation_active=True)
    enqueue("learners.sample", [desk.learner.samples.latest("pk").pk])


def _contested(job: str, **state: Any) -> Callable[[Home], None]:
    def prepared(home: Home) -> None:
        Contest.objects.filter(pk=home.contest.pk).update(**state)
        enqueue(job, [home.contest.pk])

    return prepared


def _contest_assigned(home: Home) -> None:
    _contested("rights.assigned", state="open", assignee=home.people["data"])(home)


def _consent_withdrawn(home: Home) -> None:
    """What is to be erased then."""
    learner = Desk(home).validated("new").sample.learner
    withdrawn = {"of_models": "erase", "of_evidence": "erase", "at": PAST}
    Withdrawal.objects.create(institution=home.institution, learner=learner, **withdrawn)
    enqueue("rights.withdrawal", [learner.pk])


def _erased(home: Home) -> None:
    Erasure.objects.filter(pk=home.erasure.pk).update(state="running")
    enqueue("rights.erasure", [home.erasure.pk])


def _erasure_refused(home: Home) -> None:
    Erasure.objects.filter(pk=home.erasure.pk).update(state="refused")
    enqueue("rights.erasure_refused", [home.erasure.pk])


def _link_wanted(home: Home) -> None:
    add([Job(name=LINK_JOB, key="x", arguments=["https://tesla.example.org", [home.people["admin"].pk]])])


def _ended(home: Home) -> None:
    """An account of a provider, which another job is to end later."""
    account = BrokerAccount.objects.create(queue="q", username="u", password="p", ends_at=timezone.now() - AGO)
    enqueue(ACCOUNT_JOB, [account.pk])
    add([Job(name=ACCOUNT_JOB, key=str(account.pk), arguments=account.pk, due_at=timezone.now() + AGO)])


def _unanswered(home: Home) -> None:
    work = Work(home)
    work.request()
    RequestProviderResult.objects.update(asked_at=timezone.now() - AGO)


def _not_validated(home: Home) -> None:
    Desk(home).validated("late", status=0)
    EnrolmentSampleValidation.objects.update(asked_at=timezone.now() - AGO)


def _silent(home: Home) -> None:
    """Providers that have been asked half an hour ago, and do not say anything."""
    work = Work(home)
    work.request()
    Job.objects.exclude(queue="").delete()
    RequestProviderResult.objects.update(asked_at=timezone.now() - timedelta(minutes=30))


def _silent_validator(home: Home) -> None:
    Desk(home).validated("silent", status=0)
    EnrolmentSampleValidation.objects.update(asked_at=timezone.now() - timedelta(minutes=30))
    Provider.objects.update(enabled=True)


def _reminded(home: Home) -> None:
    Desk(home).reminded("now", when=timezone.now() - AGO)
    Provider.objects.update(enabled=True)
    assert ProviderNotification.objects.filter(sent_at=None).exists()


def _unread(home: Home) -> None:
    Desk(home).reminded("unread", when=timezone.now() - AGO)
    ProviderNotification.objects.update(sent_at=timezone.now() - AGO)
    Provider.objects.update(enabled=True)


def _undecided(home: Home) -> None:
    Contest.objects.filter(pk=home.contest.pk).update(state="open", deadline=timezone.now(), reminded_at=None)


def _bundle_wanted(home: Home) -> None:
    bundle_delete(bundle=home.bundle)
    bundle_create(person_id=home.people["ann"].pk, vle_id=None, with_captures=True)


def _bundle_over(home: Home) -> None:
    _bundle_wanted(home)
    run_due(name="rights.bundle")
    Bundle.objects.filter(state="ready").update(expires_at=PAST)


def _sent(home: Home) -> None:
    enqueue(SENT_JOB, [(home.people["ann"].pk, BUNDLE)])


def _figures_asked(home: Home) -> None:
    figures = Figures.objects.create(institution=home.institution, first_month="2026-01", last_month="2026-02")
    enqueue(FIGURES_JOB, [figures.pk])


def _lines(home: Home) -> None:
    """There are some already."""


# Of each name what gives it something to do, and a table that it then locks. What sends mail locks its job alone.
def _deletion_wanted(home: Home) -> None:
    chosen = {"course_id": home.course.pk, "courses": [home.course.pk]}
    enqueue(DELETION_JOB, [Deletion.objects.create(institution=home.institution, **chosen).pk])


BACKGROUND: dict[str, tuple[Callable[[Home], None], str]] = {
    "reports.request": (_captured, "institutions_provider"),
    "reports.results": (_answered, "reports_report"),
    "reports.session": (_closed, "reports_reportsession"),
    "reports.enrolment": (_enrolled, "reports_reportinstrument"),
    "reports.withdrawn": (_withdrawn, "reports_requestproviderresult"),
    "reports.activity": (_switched_off, "reports_requestproviderresult"),
    "learners.sample": (_sampled, "learners_learner"),
    "rights.opened": (_contested("rights.opened", state="open"), "mail"),
    "rights.assigned": (_contest_assigned, "mail"),
    "rights.reminder": (_contested("rights.reminder", state="open"), "mail"),
    "rights.decided": (_contested("rights.decided", state="upheld", decided_at=PAST), "mail"),
    "rights.bundle": (_bundle_wanted, "rights_bundle"),
    DELETION_JOB: (_deletion_wanted, "reports_report"),
    "rights.withdrawal": (_consent_withdrawn, "learners_learner"),
    "rights.erasure": (_erased, "learners_learner"),
    "rights.erasure_refused": (_erasure_refused, "mail"),
    SENT_JOB: (_sent, "mail"),
    FIGURES_JOB: (_figures_asked, "rights_figures"),
    LINK_JOB: (_link_wanted, "mail"),
    ACCOUNT_JOB: (_ended, "pipeline_brokeraccount"),
    "every reports.results": (_unanswered, "reports_requestproviderresult"),
    "every learners.validations": (_not_validated, "learners_enrolmentsamplevalidation"),
    "every reports.asked_again": (_silent, "reports_requestproviderresult"),
    "every learners.asked_again": (_silent_validator, "learners_enrolmentsamplevalidation"),
    "every institutions.asked_again": (_unread, "institutions_providernotification"),
    "every institutions.notifications": (_reminded, "institutions_providernotification"),
    "every rights.reminders": (_undecided, "rights_contest"),
    "every rights.bundles": (_bundle_over, "rights_bundle"),
    "every rights.withdrawals": (_consent_withdrawn, ""),  # they ask for jobs alone
    "every rights.erasures": (_erased, ""),
    "every rights.figures": (_figures_asked, ""),
    "every trail.seal": (_lines, "trail_sealing"),
}


# Counting inserts rows that refer to these; what is counted refers to them already, and they cannot be deleted.
KEPT = {
    "reports.results": {
        "institutions_instrument is referred to after the lock of what hangs from others",
        "institutions_provider is referred to after the lock of what hangs from others",
    }
}


def test_all_background_work_is_followed():
    declared = {*WORKS, *(f"every {name}" for name in PERIODIC)}
    of_tests = {name for name in declared if name.removeprefix("every ").startswith(("worked.", "t."))}
    assert declared - of_tests == BACKGROUND.keys()


@postgresql
@pytest.mark.parametrize("name", BACKGROUND)
def test_background_work_locks_in_the_order(name, world, monkeypatch, settings):
    settings.SENDS_MAIL, settings.BROKER_MANAGEMENT_URL = True, ""
    for call in ("user_delete", "vhost_delete"):
        monkeypatch.setattr(management_api, call, lambda *_: None)
    prepare, table = BACKGROUND[name]
    prepare(world.home)
    periodic = name.removeprefix("every ")
    with followed() as order:
        did = run_due(name=name) if periodic == name else PERIODIC[periodic][0]()
    assert {*order.faults} == KEPT.get(name, set())
    if periodic == name:
        assert did, Job.objects.exclude(error="").values_list("error", flat=True)
        assert "pipeline_job" in order.locked_tables
    assert mail.outbox if table == "mail" else not table or table in order.locked_tables, order.locked_tables


def faults(*statements: tuple[str, Sequence[Any]] | str) -> list[str]:
    order = Order()
    for statement in ('SAVEPOINT "s"', *statements, 'RELEASE SAVEPOINT "s"'):
        order.follow(*((statement, ()) if isinstance(statement, str) else statement))
    return order.faults


LOCK_SESSION = """SELECT "courses_assessmentsession"."id" FROM "courses_assessmentsession"
    INNER JOIN "courses_activity" T2 ON (T2."id" = 1)
    FOR KEY SHARE OF T2 FOR NO KEY UPDATE OF "courses_assessmentsession"
"""
NEW_ACTIVITY = 'INSERT INTO "courses_activity" ("course_id", "vle_id", "name") VALUES (%s, %s, %s) RETURNING "id"'


def test_faults_are_noticed():
    assert faults('UPDATE "institutions_user" SET "x" = 1', LOCK_SESSION, 'DELETE FROM "signin_launcher" WHERE 1') == []
    assert faults(LOCK_SESSION, 'UPDATE "courses_activity" SET "name" = 1', LOCK_SESSION) == []
    late = faults(LOCK_SESSION, 'SELECT "institutions_user"."id" FROM "institutions_user" WHERE 1 FOR UPDATE')
    assert late == ["institutions_user is locked after courses.AssessmentSession"]
    late = faults('DELETE FROM "signin_launcher" WHERE 1', 'DELETE FROM "courses_course" WHERE 1')
    assert late == ["courses_course is locked after what hangs from others"]
    assert faults('UPDATE "courses_course" SET "code" = 1', (NEW_ACTIVITY, (1, None, "x"))) == []
    late = faults('UPDATE "courses_course" SET "code" = 1', (NEW_ACTIVITY, (1, 1, "x")))
    assert late == ["institutions_vle is referred to after the lock of courses.Course"]
    many = NEW_ACTIVITY.replace("VALUES (%s, %s, %s)", "(SELECT * FROM UNNEST((%s)::bigint[], (%s)::bigint[], (%s)))")
    assert faults('UPDATE "courses_course" SET "code" = 1', (many, ([1, 1], [None, None], ["x", "y"]))) == []
    assert faults('UPDATE "courses_course" SET "code" = 1', (many, ([1, 1], [None, 1], ["x", "y"]))) == late
    apart = ('DELETE FROM "courses_course" WHERE 1', 'RELEASE SAVEPOINT "s"', 'SAVEPOINT "t"')
    assert faults(*apart, 'UPDATE "institutions_user" SET "x" = 1') == []


def test_the_order_names_tables_once():
    assert [place_of(apps.get_model(label)) for label in ORDER] == list(range(len(ORDER)))
