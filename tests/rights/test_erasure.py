"""Erasing a learner's data: asked for, decided, carried out in parts, and nothing personal is left anywhere."""

import logging
import re
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from courses.models import Import, ImportPart, ImportTrial
from files.models import Kind, StoredFile
from files.services import file_store, objects_erase_pending, store
from institutions.models import VLE, FormerUid, Provider, ProviderNotification, UIOption, User
from kernel.domain import Unknown
from kernel.recording import Entry, Origin, record
from learners.models import ConsentDecision, Enrolment, EnrolmentSample, Learner
from learners.services import learner_delete
from pipeline.broker import app
from pipeline.jobs import PERIODIC, enqueue_for_provider
from pipeline.models import Job
from pipeline.running import run_due
from reports.models import ActivityInstrumentHistogram, Alert, Report, ReportSession, Request, RequestProviderResult
from reports.services.merging import people_merge
from rights import jobs
from rights.models import BundlePart, Contest, ContestFile, Erasure, LegalHold
from rights.services import erasing, erasures
from signin.models import CallerSession, Launcher
from signin.services.passwords import link_offered, link_requested
from tests.attack.texts import text_columns, written
from tests.conftest import client_of
from tests.console.conftest import form_of
from tests.contests import contest_of, file_of
from tests.contract.calls import BASE
from tests.world import FUTURE, PAST
from trail.models import Key
from trail.sealing import seal
from trail.verifying import verify

MINE = "/api/v2/me/erasure/"
CANARY = "kanarek"


@pytest.fixture(autouse=True)
def _none(world) -> None:
    Erasure.objects.all().delete()


def path(world, word: str = "") -> str:
    return f"{BASE}{world.home.institution.pk}/erasure/{word}"


def told(client, url: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(url, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def asked(as_, status: int = 201, **body: Any) -> Any:
    return told(as_("ann"), MINE, status, **body)


def test_learners_ask_and_give_up(world, as_):
    preview = as_("ann").get(f"{MINE}preview/").json()
    assert {"what": "reports", "number": 1} in preview["goes"]
    assert preview["waits_for"] == []
    assert "under a pseudonym" in preview["keeps"][0]["what"]
    made = asked(as_, reason="I leave.")
    assert (made["state"], made["is_own"], made["progress"]) == ("asked", True, 0)
    assert asked(as_, reason="I leave.")["id"] == made["id"]
    asked(as_, 409, reason="I really leave.")
    told(as_("data"), path(world), 409, person_id=world.people["ann"].pk, reason="A letter.")
    assert told(as_("ann"), f"{MINE}{made['id']}/withdraw/")["state"] == "withdrawn"
    assert told(as_("ann"), f"{MINE}{made['id']}/withdraw/")["state"] == "withdrawn"
    told(as_("data"), path(world, f"{made['id']}/accept/"), 409)
    told(as_("data"), path(world, f"{made['id']}/refuse/"), 409, answer="No.")


@override_settings(SENDS_MAIL=True, PUBLIC_URL="https://trust.example.org")
def test_a_refusal_has_reasons_and_is_told(world, as_):
    made = asked(as_, reason="I leave.")
    url = path(world, f"{made['id']}/refuse/")
    assert told(as_("data"), url, 400) == {"answer": ["This field is required."]}
    for _ in range(2):
        assert told(as_("data"), url, answer="Not before March.")["state"] == "refused"
    run_due()
    assert [message.to for message in mail.outbox] == [[world.people["ann"].email]]
    assert "March" not in mail.outbox[0].body
    assert as_("ann").get(f"{MINE}{made['id']}/").json()["answer"] == "Not before March."
    told(as_("ann"), f"{MINE}{made['id']}/withdraw/", 409)
    learner_delete(learner=world.people["ann"].learner)  # then nothing says any more what she has written
    assert Erasure.objects.values_list("person", "reason", "answer", "state").get() == (None, "", "", "refused")


@override_settings(SENDS_MAIL=True)
def test_who_was_sent_by_a_vle_is_marked_and_sees_the_numbers_of_its_courses(world, as_, sent, signed_in):
    """A VLE signs people in without a password: the data administrator makes sure, and it learns of no other VLE."""
    other = VLE.objects.create(institution=world.home.institution, name="Second")
    own, strange = (sent("ann", vle).get(f"{MINE}preview/").json() for vle in (None, other))
    numbers = [{row["what"]: row["number"] for row in told["goes"]} for told in (own, strange)]
    assert [told.get("reports", 0) for told in numbers] == [1, 0]
    assert [told.get("courses attended", 0) for told in numbers] == [1, 0]
    assert [told["special needs"] for told in numbers] == [1, 1]  # they are no course's
    assert [told["limited_to"] for told in (own, strange)] == ["Moodle", "Second"]
    assert as_("ann").get(f"{MINE}preview/").json()["limited_to"] is None
    made = told(sent("ann", other), MINE, 201, reason="I leave.")
    run_due()
    assert [message.subject for message in mail.outbox] == ["The erasure of your data was asked for"]
    assert as_("data").get(path(world, f"{made['id']}/")).json()["by_vle"] is True
    page = signed_in("data").get(f"/console/{world.home.institution.pk}/erasures/{made['id']}/").text
    assert "without a password" in page
    Erasure.objects.update(sent_by=None)
    assert as_("data").get(path(world, f"{made['id']}/")).json()["by_vle"] is False


def test_what_is_asked_for_is_over_when_the_role_is_deleted_otherwise(world, as_):
    asked(as_, reason="I leave.")
    learner_delete(learner=world.people["ann"].learner)
    erasure = Erasure.objects.get()
    assert (erasure.state, erasure.reason, erasure.person_id) == ("done", "", None)
    assert erasure.finished_at


def test_a_hold_and_an_open_contest_come_first(world, as_):
    made = asked(as_)
    accept, begin = path(world, f"{made['id']}/accept/"), path(world)
    hold = LegalHold.objects.create(institution=world.home.institution, person=world.people["ann"], reason="Case 4.")
    assert "legal hold" in told(as_("data"), accept, 409)["detail"]
    assert len(as_("ann").get(f"{MINE}preview/").json()["waits_for"]) == 1
    hold.delete()
    contest = contest_of(world.home, state="open")
    assert "contest" in told(as_("data"), accept, 409)["detail"]
    told(as_("ann"), f"{MINE}{made['id']}/withdraw/")
    Contest.objects.filter(pk=contest.pk).update(deadline=PAST)  # its time is over
    told(as_("data"), begin, 409, person_id=world.people["ann"].pk, reason="A letter.")
    preview = path(world, f"preview/?person_id={world.people['ann'].pk}")
    assert as_("ann").get(f"{MINE}preview/").json()["waits_for"] == []
    assert len(as_("data").get(preview).json()["waits_for"]) == 1
    again = asked(as_)  # only the learner gives the answer up
    assert as_("data").get(preview).json()["waits_for"] == []
    told(as_("data"), path(world, f"{again['id']}/accept/"))
    run_due()
    contest.refresh_from_db()
    assert (contest.state, contest.reason, contest.report_id) == ("lapsed", "", None)


def test_a_hold_that_is_set_meanwhile_stops_it(world, as_):
    made = asked(as_)
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    LegalHold.objects.all().delete()
    LegalHold.objects.create(institution=world.home.institution, person=world.people["ann"], reason="Case 4.")
    run_due()
    for phase in Erasure.Phase.values:
        Erasure.objects.update(phase=phase)
        assert erasures.erasure_part(made["id"]) is False
    assert Request.objects.filter(learner=world.people["ann"].pk).exists()
    Erasure.objects.update(phase="tell")
    LegalHold.objects.all().delete()
    contest = contest_of(world.home, state="open")  # as a hold does
    assert erasures.erasure_part(made["id"]) is False
    contest.delete()
    PERIODIC["rights.erasures"][0]()
    run_due()
    assert Erasure.objects.get().state == "done"
    assert not User.objects.filter(pk=world.people["ann"].pk).exists()
    assert erasures.erasure_part(made["id"]) is False
    assert erasures.erasure_part(10**9) is False


def test_nobody_decides_about_the_own_data_and_no_learner_no_erasure(world, as_):
    data = world.people["data"]
    told(as_("data"), path(world), 400, person_id=data.pk, reason="Me.")
    Learner.objects.create(user=data, institution=world.home.institution)
    told(as_("data"), path(world), 403, person_id=data.pk, reason="Me.")
    own = erasures.erasure_ask(learner_id=data.pk, reason="")
    told(as_("data"), path(world, f"{own.pk}/accept/"), 403)
    for person in (world.away.people["ann"].pk, 10**9, None):
        assert "person_id" in told(as_("data"), path(world), 400, person_id=person, reason="A letter.")
        assert as_("data").get(path(world, f"preview/?person_id={person}")).status_code == 404


def test_who_has_another_role_keeps_the_account(world, as_):
    home, ann = world.home, world.people["ann"]
    home.teach("ann", home.other_course)
    made = asked(as_, reason="I only teach now.")
    accepted = [told(as_("data"), path(world, f"{made['id']}/accept/")) for _ in range(2)]
    assert [row["state"] for row in accepted] == ["running", "running"]
    run_due()
    row = as_("data").get(path(world, f"{made['id']}/")).json()
    assert (row["state"], row["progress"], row["person_id"], row["about"], row["reason"]) == (
        "done",
        100,
        None,
        None,
        "",
    )
    assert "Your account" in row["kept"][-1]["what"]
    assert User.objects.filter(pk=ann.pk).exists()
    assert not Learner.objects.filter(pk=ann.pk).exists()
    assert not StoredFile.objects.filter(owner=ann.pk).exists()


def test_accounts_of_which_one_is_being_erased_stay_two(world, as_):
    ids = {"kept_id": world.people["bob"].pk, "gone_id": world.people["ann"].pk, "by_id": world.people["admin"].pk}
    made = asked(as_)
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    with pytest.raises(Exception, match="is being erased"):
        people_merge(institution=world.home.institution, **ids)
    assert User.objects.filter(pk=ids["gone_id"]).exists()


def test_learner_who_is_deleted_meanwhile(world, as_):
    made = asked(as_, reason="I leave.")
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    learner_delete(learner=world.people["ann"].learner)
    run_due()
    assert Erasure.objects.values_list("state", "reason").get() == ("done", "")


@override_settings(SENDS_MAIL=True)
def test_a_mail_that_does_not_go_out_stops_nothing(world, as_, monkeypatch, caplog):
    def refused(*args: Any) -> None:
        raise SMTPRecipientsRefused({})

    monkeypatch.setattr("rights.services.notices.send_mail", refused)
    made = asked(as_)
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    run_due()
    erasure = Erasure.objects.get()
    assert (erasure.state, erasure.told_at) == ("done", None)


@override_settings(SENDS_MAIL=True)
def test_the_learner_is_told_by_mail_what_is_kept(world, as_):
    made = asked(as_)
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    run_due()
    assert Erasure.objects.get().told_at is not None
    assert "This is kept" in mail.outbox[0].body


def test_an_erasure_that_is_gone_is_not_carried_out(world, as_, monkeypatch):
    gone = Erasure(pk=10**9, institution=world.home.institution, person=world.people["ann"])
    with pytest.raises(Unknown):
        erasures.erasure_withdraw(erasure=gone)
    made = asked(as_)
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    monkeypatch.setattr(erasures, "_person_locked", lambda _: Erasure.objects.all().delete())
    assert not erasures.erasure_part(made["id"])
    assert Learner.objects.filter(pk=world.people["ann"].pk).exists()


def test_imports_are_left_alone_when_the_account_is_gone(world):
    erasure = Erasure.objects.create(institution=world.home.institution, state="running", phase=erasures.Phase.IMPORTS)
    assert erasures.erasure_part(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.phase == erasures.Phase.REST


# Nothing is left.


def stored(world, kind: Kind, name: str = "ann") -> StoredFile:
    content = [f'{{"data":"{CANARY}","kind":"{kind}"}}'.encode()]
    return file_store(
        institution=world.home.institution, owner=world.people[name], kind=kind, media_type="application/json",
        content=content, extension="json",
    )  # fmt: skip


def stored_for(person: User) -> StoredFile:
    content = [f'{{"data":"{CANARY}"}}'.encode()]
    return file_store(
        institution=person.institution, owner=person, kind=Kind.SAMPLE, media_type="application/json", content=content,
        extension="json",
    )  # fmt: skip


def fill(world) -> User:
    """ann has at least one row in every table that has rows of people."""
    home, ann = world.home, world.people["ann"]
    own, pair = {"institution": home.institution}, {"activity": home.activity, "learner": ann.learner}
    provider = Provider.objects.create(
        acronym="p", name="P", queue="p", version="1", enabled=True, instrument=home.activity_instrument.instrument
    )
    sample = EnrolmentSample.objects.create(**own, learner=ann.learner, data=stored(world, Kind.SAMPLE))
    sample.validations.create(provider=provider, status=1, info=stored(world, Kind.VALIDATION))
    Enrolment.objects.create(**own, learner=ann.learner, provider=provider, model=stored(world, Kind.MODEL))
    session = home.activity.sessions.create(**own, learner=ann.learner, closed_at=PAST)
    ReportSession.objects.create(report=home.report, session=session, **pair)
    for _ in range(3):
        request = Request.objects.create(**own, **pair, session=session, data=stored(world, Kind.REQUEST))
        RequestProviderResult.objects.create(
            request=request, provider=provider, status=1, counted_bin=4, audit=stored(world, Kind.RESULT_AUDIT)
        )
    Alert.objects.create(
        **own, **pair, session=session, level=2, raised_at=PAST, data=stored(world, Kind.ALERT), unknown_code="x"
    )
    file_of(contest_of(home, answer="x"), home)
    home.contest.refresh_from_db()
    Launcher.objects.create(
        **own, user=ann, vle=home.vle, token_hash="x" * 64, expires_at=FUTURE, target_url="https://x.example.org"
    )
    CallerSession.objects.create(kind="person", user=ann, expires_at=FUTURE, address="192.0.2.77")
    Erasure.objects.create(**own, person=ann, reason="x", answer="x", state="refused")
    BundlePart.objects.create(**own, bundle=home.bundle, file=stored(world, Kind.BUNDLE), directory=["x"])
    kind = ContentType.objects.get_for_model(User)
    for user in (ann, User.objects.get(username="root")):  # by her, and about her
        LogEntry.objects.create(
            user=user, action_flag=1, object_id=str(ann.pk), object_repr=CANARY, content_type=kind,
            change_message=CANARY,
        )  # fmt: skip
    UIOption.objects.create(**own, user=ann, route="x")
    FormerUid.objects.create(**own, person=ann, uid_key=CANARY)
    return ann


def of_ann(model: Any, ann: User) -> Any:
    """Rows of the table that are about ann, by a foreign key or by what the table says; None if there is no way."""
    rows = model._base_manager.all()
    if model is User:
        return rows.filter(pk=ann.pk)
    if concerns := getattr(model, "concerns", None):
        return rows.filter(**{concerns: ann.pk})
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model in (User, Learner):
            return rows.filter(**{field.name: ann.pk})
    for field in model._meta.concrete_fields:
        if field.is_relation and getattr(field.related_model, "concerns", None):
            return rows.filter(**{f"{field.name}__{field.related_model.concerns}": ann.pk})
    return None


# Of decisions about consents what was decided stays, under the pseudonym; nobody writes texts into the others.
NOT_TEXTS_OF_PEOPLE = {
    "learners.ConsentDecision.version", "learners.ConsentDecision.language", "learners.ConsentDecision.vle_name",
    "learners.DecidedText.language", "rights.Erasure.kept", "rights.Erasure.erased",
    "rights.Contest.human_levels", "rights.Contest.machine_levels",
    "files.StoredFile.storage_key", "files.StoredFile.media_type", "files.StoredFile.sha256",
    "signin.Launcher.token_hash",    "institutions.User.password", "rights.Erasure.state",
}  # fmt: skip


def spread(ann: User) -> set[str]:
    """The canary stands in every text column of every row that is about ann; answers the tables."""
    tables = set()
    for field in text_columns():
        model, name = field.model, f"{field.model._meta.label}.{field.name}"
        rows = None if name in NOT_TEXTS_OF_PEOPLE or model._meta.app_label == "trail" else of_ann(model, ann)
        if rows is None or not rows.exists():
            continue
        if field.name in ("email", "email_key"):
            rows.update(**{field.name: f"{CANARY}@example.org"})
            tables.add(model._meta.label)
        elif written(rows, field, [CANARY, CANARY[: field.max_length or 9]]):
            tables.add(model._meta.label)
    return tables


def every_value() -> Any:
    """(where, text) of every column of every table of the database, whatever its type."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    yield f"{table}.{column}", text


def found(wanted: str) -> set[str]:
    return {where for where, text in every_value() if re.search(wanted, text, re.IGNORECASE)}


def root() -> Path:
    return Path(store().location)  # type: ignore[attr-defined] # files, in tests


def objects_with(text: str) -> list[str]:
    return [str(file) for file in root().rglob("*") if file.is_file() and text.encode() in file.read_bytes()]


def test_nothing_personal_is_left(world, as_, signed_in, monkeypatch):
    """Every text column of every row about ann holds the canary; so do files, tables, jobs, sessions and the trail."""
    monkeypatch.setattr(erasing, "PART", 2)
    monkeypatch.setattr(erasures, "PART", 2)
    monkeypatch.setattr("courses.imports.forgetting.PARTS", 1)
    ann, home = fill(world), world.home
    others = StoredFile.objects.filter(pk=stored(world, Kind.SAMPLE, "bob").pk)
    (root() / others.get().storage_key).write_bytes(b"of bob")
    pseudonym = str(ann.learner.learner_id)
    histogram = ActivityInstrumentHistogram.objects.create(
        activity=home.activity, instrument=home.activity_instrument.instrument, b4=5
    )
    signed_in("ann")
    tables = spread(ann)
    about_people = {field.model for field in text_columns() if of_ann(field.model, ann) is not None}
    kept = {"learners.ConsentDecision", "learners.DecidedText", "trail.Line", "files.StoredFile"}
    assert {model._meta.label for model in about_people} - kept == tables  # a new table needs a row in `fill`
    person = User.objects.get(pk=ann.pk)
    job = Import.objects.create(institution=home.institution, filename="people.csv", state="done", rows=4)
    rows = [[2, [person.uid.upper(), CANARY], ""], [3, ["other", "Else"], ""], [4, ["x", f"{CANARY}@EXAMPLE.org"], "y"]]
    rows.append([5, ["Before-Marriage", "Ann"], ""])
    FormerUid.objects.create(institution=home.institution, person=ann, uid_key="before-marriage")
    outcomes = [["refused", [f"{CANARY} is taken."]], ["added", []], ["added", []], ["added", []]]
    for number in range(2):
        ImportPart.objects.create(job=job, number=number, rows=rows, outcomes=outcomes)
    for name in (f"uid {person.uid}", f"email {person.email}"):
        ImportTrial.objects.create(job=job, name=name, value={"first_name": CANARY})
    ImportTrial.objects.create(job=job, name="uid other", value={})
    with_key = {"key": pseudonym, "when": FUTURE}
    ProviderNotification.objects.create(provider=Provider.objects.get(acronym="p"), **with_key)
    ProviderNotification.objects.create(
        provider=Provider.objects.get(acronym="p"), key="k", when=FUTURE, info={"learner": pseudonym}
    )
    enqueue_for_provider("p", "enrol", "1", pseudonym, "url")
    Job.objects.create(name="mail", key="7", error=f"SMTPRecipientsRefused({person.email})", parked_at=PAST)
    by = Origin("person", ann.pk, CANARY, "password", None, "192.0.2.77", "r")
    details = {"first_name": [CANARY, CANARY]}
    record(Entry("update", "institution/user", ann.pk, home.institution.pk, ann.pk, details, sealed=True), by=by)
    assert Session.objects.exists()
    assert Key.objects.filter(person_id=ann.pk).exists()
    assert objects_with(CANARY)
    assert len(found(CANARY)) > 20
    seal(sign_now=True)

    made = asked(as_, reason=f"{CANARY} leaves.")
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    parts = list[int]()
    monkeypatch.setattr(jobs, "erasure_part", lambda key: parts.append(key) or erasures.erasure_part(key))
    run_due()
    assert len(parts) > 12
    objects_erase_pending()  # as after the commit

    assert found(CANARY) == set()
    assert found(re.escape("192.0.2.77")) == set()
    assert found(pseudonym.replace("-", "-?")) <= {
        "learners_consentdecision.learner_id",  # records of decisions, under the pseudonym
    }
    assert objects_with(CANARY) == []
    assert others.exists()
    assert not Session.objects.exists()
    assert not Key.objects.filter(person_id=ann.pk).exists()
    assert not User.objects.filter(pk=ann.pk).exists()
    assert ConsentDecision.objects.filter(owner=None, learner_id=pseudonym).exists()
    assert not ContestFile.objects.exists()
    assert [row[1] for row in job.parts.first().rows] == [["", ""], ["other", "Else"], ["", ""], ["", ""]]
    assert [*job.trial.values_list("name", flat=True)] == ["uid other"]
    histogram.refresh_from_db()
    assert histogram.b4 == 2  # without hers
    done = as_("data").get(path(world, f"{made['id']}/")).json()
    assert (done["state"], done["progress"], done["person_id"], done["reason"]) == ("done", 100, None, "")
    assert done["erased"]["reports"] == 1
    assert len(done["kept"]) == 3
    seal(sign_now=True)
    assert verify().faults == []
    assert Report.objects.filter(institution=home.institution).count() == 0


def refused_by_server(messages: Any) -> None:
    """Mail servers say in their refusals for whom."""
    (recipient,) = messages[0].to
    raise SMTPRecipientsRefused({recipient: (550, f"<{recipient}>: unknown".encode())})


@override_settings(SENDS_MAIL=True)
def test_a_life_leaves_nothing_in_logs_caches_and_messages(world, as_, signed_in, logged, monkeypatch):
    """From the account to its erasure, whatever goes wrong: all logs at their loudest, cache, messages, exports."""
    logging.getLogger().setLevel(logging.DEBUG)
    backend = "django.core.mail.backends.locmem.EmailBackend.send_messages"
    monkeypatch.setattr(backend, lambda _, messages: refused_by_server(messages))
    home, api, address = world.home, f"{BASE}{world.home.institution.pk}/", f"{CANARY}@example.org"
    person = {"uid": f"{CANARY}-7", "email": address, "first_name": CANARY, "last_name": CANARY}
    course = f"/api/v2/vle/{home.vle.pk}/course/{home.course.pk}/learner/"
    assert as_("vle").post(course, person, format="json").status_code == 201
    user = User.objects.get(uid=person["uid"])
    pseudonym = str(user.learner.learner_id)
    assert as_("admin").post(f"{api}user/", person, format="json").status_code == 400
    User.objects.filter(pk=user.pk).update(login_allowed=True)
    assert as_("ann").post("/api/v2/auth/login", {"email": address, "password": "x"}).status_code == 401
    link_requested(email=address, institution="", address="192.0.2.77", service="https://x.example.org")
    link_offered(institution_id=home.institution.pk, person_id=user.pk, service="https://x.example.org")
    run_due()
    admin = signed_in("admin")
    for query in ({}, {"download": "csv"}, {"download": "xlsx"}):
        found_people = admin.get(f"/console/{home.institution.pk}/people/", {"search": CANARY} | query)
        assert (found_people.status_code, bool(found_people.getvalue() if query else True)) == (200, True)
    assert as_("data").get(f"{api}trail/export/?resource={CANARY}").getvalue()
    assert admin.get(f"/nowhere/?email={address}").status_code == 404
    assert APIClient().get(f"/lapi/v1/profile/{home.institution.pk}/{pseudonym}/").status_code == 401
    own = client_of(user)
    wanted = {"field": "last_name", "wanted": f"{CANARY}a", "reason": CANARY}
    assert own.post("/api/v2/me/correction/", wanted, format="json").status_code == 201
    assert own.post("/api/v2/me/bundle/", {}, format="json").status_code == 201
    stored_for(user)
    enqueue_for_provider("p", "enrol", "1", pseudonym, 7)
    messages = [*Job.objects.exclude(queue="").values_list("name", "arguments")]
    bodies = [app.amqp.create_task_message("1", name, values, {}).body for name, values in messages]
    assert messages
    run_due()
    made = told(own, MINE, 201, reason=CANARY)
    assert objects_with(CANARY)  # the bundle
    told(as_("data"), path(world, f"{made['id']}/accept/"))
    run_due()
    objects_erase_pending()

    assert not User.objects.filter(pk=user.pk).exists()
    assert found(CANARY) == set()
    assert found(pseudonym.replace("-", "-?")) == set()
    assert objects_with(CANARY) == []
    assert "SMTPRecipientsRefused" in logged()
    assert not re.search(f"{CANARY}|{pseudonym}|192.0.2.77", logged())
    assert cache._cache  # type: ignore[attr-defined] # in the memory of this process, in tests
    assert not re.search(f"{CANARY}|{pseudonym}", repr(cache._cache))  # type: ignore[attr-defined]
    assert CANARY not in repr(bodies)
    assert not Job.objects.exclude(queue="").exists()


def test_pages_ask_and_decide(world, signed_in, as_):
    ann, page = signed_in("ann"), "/me/erasure/"
    shown = ann.get(page).text
    assert "What is kept, and why" in shown
    token = {"X-CSRFToken": ann.cookies["csrftoken"].value}
    assert ann.post(page, {"reason": "I leave."}, headers=token).status_code == 302
    erasure = Erasure.objects.get()
    assert "Give it up" in ann.get(page).text
    assert ann.post(page, {"reason": "Again."}, headers=token).status_code == 409
    data, home = signed_in("data"), f"/console/{world.home.institution.pk}/"
    assert "asked for erasure" in data.get(home).text
    address = f"{home}erasures/{erasure.pk}/"
    assert "Erase all of it" in data.get(address).text
    hold = LegalHold.objects.create(institution=world.home.institution, person=world.people["ann"], reason="Case 4.")
    assert "Erase all of it" not in data.get(address).text
    hold.delete()
    token = {"X-CSRFToken": data.cookies["csrftoken"].value}
    refused = data.post(address, {"action": "refuse", "answer": ""}, headers=token)
    assert refused.status_code == 400
    assert ann.post(
        page, {"action": "withdraw", "erasure": erasure.pk}, headers={"X-CSRFToken": ann.cookies["csrftoken"].value}
    ).status_code == 302  # fmt: skip
    assert data.post(address, {"action": "accept"}, headers=token).status_code == 409
    new = f"{home}erasures/new/"
    body = {"person_id": world.people["ann"].pk, "reason": "A letter."}
    first = data.post(new, body, headers=token)
    assert (first.status_code, "What goes" in first.text) == (200, True)
    shown = form_of(first.text)["shown"]
    assert data.post(new, body | {"shown": "stale"}, headers=token).status_code == 412
    assert data.post(new, body | {"person_id": 10**9}, headers=token).status_code == 400
    assert data.post(new, body | {"shown": shown}, headers=token).status_code == 302
    running = Erasure.objects.get(state="running")
    assert "Progress" in data.get(f"{home}erasures/{running.pk}/").text
    assert "% is done" in ann.get(page).text
    run_due()
    assert "What was kept, and why" in data.get(f"{home}erasures/{running.pk}/").text
    assert timezone.now() - Erasure.objects.get(pk=running.pk).finished_at < timedelta(minutes=5)
    assert apps.get_model("rights.Erasure") is Erasure
