"""user.merge: two accounts of one person become one, and nothing is lost."""

import json
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model, UniqueConstraint
from django.utils import timezone

from courses.models import AssessmentSession, CourseInstructor, CourseLearner
from files.models import Kind, StoredFile
from files.services import file_store, store
from institutions.models import FormerUid, Instructor, Provider, UIOption, User
from kernel.recording import Entry, Origin, record
from learners.models import (
    ConsentDecision,
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SENDCategory,
    SENDLearner,
    ValidationStatus,
    Withdrawal,
)
from learners.services import consent_accept, consent_reject
from learners.validating import ENROL, VALIDATE
from pipeline.models import Job
from reports.models import (
    Alert,
    LearnerInstrumentHistogram,
    LearnerProviderHistogram,
    Report,
    ReportInstrument,
    ReportSession,
    Request,
    RequestResult,
)
from reports.services import merging
from reports.services.counting import requests_recounted
from reports.services.merging import ALL, people_merge
from rights.models import Bundle, Contest, Correction, Erasure, LegalHold
from signin.models import CallerSession, Launcher
from tests.captures import consented
from tests.conftest import client_of
from tests.contests import contest_of
from tests.lines import details_of
from tests.world import FUTURE, PAST, World, rewritten
from trail.models import Key, Line, MergedAccount, Part

pytestmark = pytest.mark.differs("rows of every table are stored for two people, uncounted")
PEOPLE = (User, Instructor, Learner)


@pytest.fixture
def url(world):
    return lambda name, home=None: (
        f"/api/v2/institution/{world.home.institution.pk}/user/{(home or world.home).people[name].pk}/merge/"
    )


@pytest.fixture
def merged(as_, url, world):
    """merged("ann", "bob"): bob's account goes into ann's."""

    def merge(kept: str, gone: str, who: str = "admin", status: int = 200, **more: Any) -> dict:
        answer = as_(who).post(url(kept), {"from": world.people[gone].pk, **more}, format="json")
        assert answer.status_code == status, answer.content
        return answer.json()

    return merge


# Every table.


def test_every_key_to_a_person_is_moved():
    """A new table that refers to a person must say what a merge does with its rows."""
    keys = {
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in PEOPLE and model not in PEOPLE
    }
    assert keys == {(each.model, each.column) for each in ALL}


def test_every_way_to_be_there_once_is_known():
    """Else the database would refuse the merge of two people who both have such a row."""
    for each in ALL:
        unique = [c for c in each.model._meta.constraints if isinstance(c, UniqueConstraint)]
        of_person = [c for c in unique if each.column in c.fields and each.model._meta.pk.name not in c.fields]
        wanted = [
            {*c.fields, *(c.condition.referenced_base_fields if c.condition else ())} - {each.column, "institution"}
            for c in of_person
        ]
        assert wanted == ([{*each.once} - {"institution"}] if each.once else []), each


def row_of(model: type[Model], person: User, world: World) -> Model:
    """A row of this table that is this person's."""
    home, now = world.home, timezone.now()
    own = {"institution": home.institution}
    learner = Learner.objects.filter(user=person).first()
    provider = Provider.objects.get_or_create(acronym="p", defaults={"name": "P", "queue": "p", "instrument_id": 1})[0]
    session = {"activity": home.activity, "learner": learner}

    def sat() -> AssessmentSession:
        return AssessmentSession.objects.create(**own, **session, closed_at=now)

    def report() -> Report:
        return Report.objects.get_or_create(**own, **session)[0]

    made = {
        UIOption: lambda: UIOption.objects.create(**own, user=person, route="course"),
        StoredFile: lambda: file_of(person, {}),
        FormerUid: lambda: FormerUid.objects.create(**own, person=person, uid_key=f"former-{person.pk}"),
        CallerSession: lambda: CallerSession.objects.create(kind="person", user=person, expires_at=FUTURE),
        Launcher: lambda: Launcher.objects.create(
            **own, user=person, vle=home.vle, expires_at=FUTURE, token_hash=f"x{person.pk}"
        ),
        apps.get_model("admin.LogEntry"): lambda: apps.get_model("admin.LogEntry").objects.create(
            user=person, action_flag=1
        ),
        CourseInstructor: lambda: CourseInstructor.objects.create(
            **own, course=home.other_course, instructor=Instructor.objects.get_or_create(user=person, **own)[0]
        ),
        CourseLearner: lambda: CourseLearner.objects.create(**own, course=home.other_course, learner=learner),
        ConsentDecision: lambda: ConsentDecision.objects.create(
            **own, owner=learner, learner_id=learner.learner_id, decision="accepted", version="1.0.0", at=now
        ),
        Withdrawal: lambda: Withdrawal.objects.create(
            **own, learner=learner, at=now, of_models="keep", of_evidence="keep"
        ),
        SENDLearner: lambda: SENDLearner.objects.create(**own, learner=learner, category=home.other_category),
        EnrolmentSample: lambda: EnrolmentSample.objects.create(**own, learner=learner),
        Enrolment: lambda: Enrolment.objects.create(**own, learner=learner, provider=provider),
        AssessmentSession: sat,
        Request: lambda: Request.objects.create(**own, **session, session=sat()),
        Alert: lambda: Alert.objects.create(**own, **session, session=sat(), level=1, raised_at=now),
        LearnerInstrumentHistogram: lambda: LearnerInstrumentHistogram.objects.create(
            learner=learner, instrument_id=1, b3=2
        ),
        LearnerProviderHistogram: lambda: LearnerProviderHistogram.objects.create(
            learner=learner, provider=provider, b3=2
        ),
        Report: report,
        Contest: lambda: contest_of(home, assignee=person),
        Correction: lambda: Correction.objects.create(
            **own, person=person, field="uid", wanted=f"u{person.pk}", reason="r"
        ),
        Bundle: lambda: Bundle.objects.get_or_create(**own, person=person, defaults={"with_captures": True})[0],
        Erasure: lambda: Erasure.objects.create(**own, person=person, state="asked"),
        LegalHold: lambda: LegalHold.objects.create(**own, person=person, reason=f"Case {person.pk}."),
        ReportSession: lambda: ReportSession.objects.create(**session, report=report(), session=sat()),
    }
    return made[model]()


def file_of(person: User, content: Any, kind: Kind = Kind.REPORT) -> StoredFile:
    return file_store(
        institution=person.institution, owner=person, kind=kind, media_type="application/json",
        content=[json.dumps(content).encode()], extension="json",
    )  # fmt: skip


def content_of(file: StoredFile) -> Any:
    with store().open(file.storage_key) as stored:
        return json.load(stored)


@pytest.fixture
def rows(world):
    """For each table one row of ann's and one of bob's; where one can have only one, of the same thing."""
    world.home.other_category = SENDCategory.objects.create(institution=world.home.institution, description="o")
    return {
        each.model: {name: row_of(each.model, world.people[name], world) for name in ("ann", "bob")} for each in ALL
    }


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.model.__name__)
def test_rows_of_both_are_the_kept_ones(each, merged, rows, world, django_assert_max_num_queries):
    before = each.rows(world.people["ann"].pk).count(), each.rows(world.people["bob"].pk).count()
    both = len(each.pairs(world.people["ann"].pk, world.people["bob"].pk))
    assert all(before)
    assert bool(both) == bool(each.once)
    answer = merged("ann", "bob")
    assert (answer["moved"][each.word], answer["joined"].get(each.word, 0)) == (before[1], both)
    kept = sum(before) - both + (each.model is FormerUid)  # the uid of the account that is gone
    assert each.rows(world.people["ann"].pk).count() == kept
    assert not User.objects.filter(pk=world.people["bob"].pk).exists()
    assert set(each.rows(world.people["ann"].pk).values_list("pk", flat=True)) >= {rows[each.model]["ann"].pk}


@pytest.mark.parametrize("role", ["learner", "instructor"])
@pytest.mark.parametrize(("kept", "gone"), [("member", "ann"), ("member", "teacher"), ("ann", "teacher")])
def test_role_comes_along(kept, gone, role, merged, world):
    had = {name: hasattr(User.objects.get(pk=world.people[name].pk), role) for name in (kept, gone)}
    merged(kept, gone)
    assert hasattr(User.objects.get(pk=world.people[kept].pk), role) == any(had.values())


# A dry run.


def test_dry_run_says_the_same_and_changes_nothing(merged, rows, world):
    def everything() -> list:
        models = [model for model in apps.get_models() if model is not CallerSession]  # the test itself signs in
        users = CallerSession.objects.exclude(user=world.people["admin"])
        return [*(list(model._base_manager.order_by("pk").values()) for model in models), list(users.values())]

    before = everything()
    said = merged("ann", "bob", dry_run=True)
    assert everything() == before
    assert (said.pop("dry_run"), said["id"], said["from"]) == (True, world.people["ann"].pk, world.people["bob"].pk)
    done = merged("ann", "bob", state=said["state"])
    assert done.pop("dry_run") is False
    assert done == said


@pytest.mark.parametrize("changed", ["name", "course"])
def test_what_has_changed_since_the_dry_run_is_not_merged(changed, merged, world):
    state = merged("ann", "bob", dry_run=True)["state"]
    if changed == "name":
        world.people["bob"].first_name = "Robert"
        world.people["bob"].save()
    else:
        world.home.join(world.home.other_course, "bob")
    assert merged("ann", "bob", status=412, state=state) == {"detail": "Something has changed since the preview."}
    assert User.objects.filter(pk=world.people["bob"].pk).exists()


def test_memberships_say_that_the_kept_person_made_them(merged, world):
    rows = CourseLearner.objects.filter(course=world.home.course, learner=world.people["ann"].pk)
    for kind, left in (("person", world.people["member"].pk), ("vle", world.people["teacher"].pk)):
        rows.update(added_by=kind, added_by_id=world.people["teacher"].pk)
        if kind == "person":
            merged("member", "teacher")
        assert rows.get().added_by_id == left


# Rules for what there can be one of only.


@pytest.mark.parametrize(
    ("kept", "gone", "left"), [(PAST, FUTURE, FUTURE), (FUTURE, PAST, FUTURE), (PAST, None, None), (None, PAST, None)]
)
def test_longer_special_need_stays(kept, gone, left, merged, rows, world):
    for name, until in (("ann", kept), ("bob", gone)):
        SENDLearner.objects.filter(pk=rows[SENDLearner][name].pk).update(expires_at=until)
    merged("ann", "bob")
    assert (
        SENDLearner.objects.get(learner=world.people["ann"].pk, category=world.home.other_category).expires_at == left
    )


def test_closed_route_stays_closed_and_histograms_are_added(merged, rows, world):
    UIOption.objects.filter(user=world.people["ann"]).update(enabled=True)
    UIOption.objects.filter(user=world.people["bob"]).update(enabled=False)
    merged("ann", "bob")
    assert UIOption.objects.get(user=world.people["ann"]).enabled is False
    assert LearnerInstrumentHistogram.objects.get(learner=world.people["ann"].pk).b3 == 4
    assert LearnerProviderHistogram.objects.get(learner=world.people["ann"].pk).b3 == 4


@pytest.mark.parametrize("better", ["ann", "bob"])
def test_more_complete_model_stays_with_its_file_and_samples(better, merged, rows, world):
    for name in ("ann", "bob"):
        row = rows[Enrolment][name]
        row.model, row.percentage = file_of(world.people[name], name, Kind.MODEL), "0.9" if name == better else "0.5"
        row.save()
        row.model_samples.set([rows[EnrolmentSample][name]])
    merged("ann", "bob")
    kept = Enrolment.objects.get(learner=world.people["ann"].pk)
    assert kept.pk == rows[Enrolment]["ann"].pk
    assert (float(kept.percentage), list(kept.model_samples.all())) == (0.9, [rows[EnrolmentSample][better]])
    assert content_of(kept.model) == better
    assert StoredFile.objects.filter(kind=Kind.MODEL).count() == 1
    assert EnrolmentSample.objects.filter(learner=world.people["ann"].pk).count() == 2


def result(request: Request, status: int, value: float | None, code: int) -> None:
    RequestResult.objects.create(request=request, instrument_id=2, status=status, result=value, code=code)


def test_report_on_the_same_activity_is_one_computed_from_the_results_of_both(merged, rows, world):
    """With the sessions of both."""
    RequestResult.objects.all().delete()
    ReportInstrument.objects.all().delete()
    for name, value, code in (("ann", 0.8, 1), ("bob", 0.4, 3)):
        result(rows[Request][name], 1, value, code)
        ReportInstrument.objects.create(report=rows[Report][name], instrument_id=2)
    requests_recounted(rows[Request][name].pk for name in ("ann", "bob"))
    merged("ann", "bob")
    report = Report.objects.get(learner=world.people["ann"].pk)
    row = report.details.get()
    assert (report.pk, float(row.result), float(row.confidence)) == (rows[Report]["ann"].pk, 0.6, 1)
    assert (row.total_count, row.processed_count, row.ok_codes, row.alert_codes) == (2, 2, 1, 1)
    assert (row.identity_level, report.identity_level) == (4, 4)
    counted = {rows[ReportSession][name].session_id for name in ("ann", "bob")}
    assert counted <= {each.session_id for each in report.sessions.all()}
    assert not Report.objects.filter(learner=world.people["bob"].pk).exists()


def test_worse_row_of_a_report_stays_where_results_are_missing(merged, rows, world):
    RequestResult.objects.all().delete()
    ReportInstrument.objects.all().delete()
    for name, level in (("ann", 2), ("bob", 4)):
        ReportInstrument.objects.create(report=rows[Report][name], instrument_id=2, identity_level=level, result="0.5")
    ReportInstrument.objects.create(report=rows[Report]["bob"], instrument_id=5, content_level=3)
    merged("ann", "bob")
    report = Report.objects.get(learner=world.people["ann"].pk)
    assert dict(report.details.values_list("instrument", "identity_level")) == {2: 4, 5: 0}
    assert (report.identity_level, report.content_level) == (4, 3)


def test_reports_of_which_nothing_is_known_have_the_higher_level(merged, rows, world):
    ReportInstrument.objects.all().delete()
    ReportSession.objects.all().delete()
    for name, level in (("ann", 2), ("bob", 3)):
        Report.objects.filter(pk=rows[Report][name].pk).update(identity_level=level, content_level=1)
    merged("ann", "bob")
    report = Report.objects.get(learner=world.people["ann"].pk)
    assert (report.identity_level, report.content_level, report.integrity_level) == (3, 1, 1)


# What providers are doing.


def test_providers_are_asked_again_under_the_pseudonym_that_stays(merged, world):
    """Messages that name the one that goes would find nothing."""
    ann, bob = (world.home.learners[name] for name in ("ann", "bob"))
    consented(world.home, "ann", "bob")
    provider = Provider.objects.create(acronym="p", name="P", queue="p", instrument_id=1)
    samples = {
        status: EnrolmentSample.objects.create(institution=bob.institution, learner=bob)
        for status in (ValidationStatus.WAITING_EXTERNAL, ValidationStatus.VALID, ValidationStatus.ERROR)
    }
    learnt = EnrolmentSample.objects.create(institution=bob.institution, learner=bob)
    model = Enrolment.objects.create(institution=bob.institution, learner=bob, provider=provider)
    model.model_samples.set([learnt])
    rows = {
        status: EnrolmentSampleValidation.objects.create(sample=sample, provider=provider, status=status, asked_at=PAST)
        for status, sample in samples.items()
    }
    EnrolmentSampleValidation.objects.create(sample=learnt, provider=provider, status=ValidationStatus.VALID)
    merged("ann", "bob")
    waiting, valid, _ = rows
    sent = {(job.name, job.queue): job.arguments for job in Job.objects.filter(name__in=(VALIDATE, ENROL))}
    assert sent == {
        (VALIDATE, "p"): [str(ann.learner_id), samples[waiting].pk, rows[waiting].pk],
        (ENROL, "p"): [str(ann.learner_id), samples[valid].pk],
    }
    assert Job.objects.filter(name__in=(VALIDATE, ENROL)).count() == 2
    rows[waiting].refresh_from_db()
    assert rows[waiting].asked_at > PAST


def test_what_providers_may_no_longer_do_is_closed(merged, world):
    """The later decision of the two may be a rejection, and the special needs of both count."""
    merged("ann", "bob")
    assert Job.objects.filter(name="reports.withdrawn", arguments=world.people["ann"].pk).exists()


# Consent.


def test_later_decision_counts_and_records_stay_true(merged, world):
    ann, bob = (world.home.learners[name] for name in ("ann", "bob"))
    consent_accept(learner=ann, consent=world.home.newer_consent, address="10.0.0.1")
    consent_accept(learner=bob, consent=world.home.newer_consent, address="10.0.0.2")
    consent_reject(learner=bob, address="10.0.0.2")
    decisions = ConsentDecision.objects.filter(institution=world.home.institution).order_by("pk")
    before = list(decisions.values())
    merged("ann", "bob")
    ann.refresh_from_db()
    assert ann.consent_rejected is not None
    after = list(decisions.values())
    assert [row | {"owner_id": 0} for row in after] == [row | {"owner_id": 0} for row in before]
    assert {row["owner_id"] for row in after} == {ann.pk}
    assert {row["learner_id"] for row in after} == {ann.learner_id, bob.learner_id}


def test_earlier_decision_of_the_account_that_goes_does_not_count(merged, world):
    ann, bob = (world.home.learners[name] for name in ("ann", "bob"))
    consent_accept(learner=bob, consent=world.home.newer_consent)
    consent_reject(learner=bob)
    consent_accept(learner=ann, consent=world.home.newer_consent)
    merged("ann", "bob")
    ann.refresh_from_db()
    assert (ann.consent_id, ann.consent_rejected) == (world.home.newer_consent.pk, None)


def test_learner_who_becomes_a_new_one_keeps_the_pseudonym_and_the_running_exam(merged, world):
    bob = world.home.learners["bob"]
    session = AssessmentSession.objects.create(
        institution=world.home.institution, activity=world.home.activity, learner=bob
    )
    sign_in = CallerSession.objects.create(
        kind="learner", user=world.people["bob"], assessment_session=session, expires_at=FUTURE
    )
    User.objects.filter(pk=world.people["member"].pk).update(session_generation=3)
    merged("member", "bob")
    learner = Learner.objects.get(user=world.people["member"])
    assert (learner.learner_id, learner.joined_at) == (bob.learner_id, bob.joined_at)
    sign_in.refresh_from_db()
    assert (sign_in.user_id, sign_in.generation, sign_in.ended_at) == (world.people["member"].pk, 3, None)


def test_the_first_joining_and_the_last_signing_in_of_both_are_kept(merged, world):
    """And whom a VLE has brought is nobody's alone when the other was brought by none."""
    ann, bob = (world.people[name] for name in ("ann", "bob"))
    User.objects.filter(pk=ann.pk).update(brought_by_vle=world.home.vle.pk)
    Learner.objects.filter(pk=bob.pk).update(joined_at=PAST)
    User.objects.filter(pk=ann.pk).update(last_login=PAST)
    User.objects.filter(pk=bob.pk).update(last_login=FUTURE)
    merged("ann", "bob")
    ann.refresh_from_db()
    assert (ann.learner.joined_at, ann.last_login, ann.brought_by_vle) == (PAST, FUTURE, None)


def test_merge_waits_for_the_end_of_a_running_assessment_of_another_pseudonym(merged, world):
    session = AssessmentSession.objects.create(
        institution=world.home.institution, activity=world.home.activity, learner=world.home.learners["bob"]
    )
    merged("ann", "bob", status=409)
    merged("ann", "bob", status=409, dry_run=True)
    AssessmentSession.objects.filter(pk=session.pk).update(started_at=timezone.now() - timedelta(days=1))
    merged("ann", "bob")


# Signing in, and rights.


def test_sign_ins_of_the_account_that_goes_end(merged, world):
    here, gone, launched = (
        client_of(world.people[n], k) for n, k in (("ann", "person"), ("bob", "person"), ("bob", "launched"))
    )
    merged("ann", "bob")
    profile = "/api/v2/auth/profile"
    assert [each.get(profile).status_code for each in (here, gone, launched)] == [200, 401, 401]


def test_missing_values_are_filled_and_present_ones_stay(merged, world):
    rewritten(User.objects.filter(pk=world.people["ann"].pk), email=None, first_name="", locale="ca")
    User.objects.filter(pk=world.people["bob"].pk).update(locale="es")
    merged("ann", "bob")
    ann = User.objects.get(pk=world.people["ann"].pk)
    assert (ann.first_name, ann.last_name, ann.email, ann.locale, ann.uid) == (
        "Bob", "Home", "bob@home.example.org", "ca", "ann"
    )  # fmt: skip


@pytest.mark.parametrize(("email", "comes"), [(None, True), ("ann@home.example.org", False)])
def test_password_comes_along_if_the_address_to_sign_in_stays(email, comes, merged, world, client):
    rewritten(User.objects.filter(pk=world.people["ann"].pk), email=email, password="!", login_allowed=False)
    merged("ann", "bob")
    ann = User.objects.get(pk=world.people["ann"].pk)
    assert (ann.login_allowed, ann.has_usable_password()) == (comes, comes)


def test_rights_of_both_are_held_and_recorded(merged, world):
    admin, ann, legal = (world.people[name] for name in ("admin", "ann", "legal"))
    merged("ann", "legal")
    assert User.objects.get(pk=ann.pk).legal_admin
    line = Line.objects.get(verb="merge")
    assert (line.resource, line.row_key) == ("institution/user", str(ann.pk))
    assert (line.actor_kind, line.actor_id, line.institution_id) == ("person", admin.pk, world.home.institution.pk)
    changes = details_of(line)
    assert (changes["from"], changes["legal_admin"]) == (legal.pk, [False, True])
    assert "legal" not in json.dumps(changes["moved"])


def test_what_tells_of_both_can_be_read_in_the_trail(merged, world, as_):
    """Lines keep the number of the account that is gone, and are found for the person under both numbers."""
    ann, bob, home = world.people["ann"].pk, world.people["bob"].pk, world.home.institution.pk
    record(Entry("lock", "institution/user", f"{home}/{bob}", home, bob), by=Origin("person", bob, "Bob"))
    Key.objects.create(line_id=10**6, part=Part.DETAILS, person_id=bob, key=b"x" * 32)
    merged("ann", "bob")
    assert Key.objects.get(line_id=10**6).person_id == ann
    line = Line.objects.get(verb="merge")
    assert (line.resource, line.person_id, details_of(line)["from"]) == ("institution/user", ann, bob)
    (own,) = as_("ann").get("/api/v2/me/trail/?verb=lock").json()["results"]
    assert own["told"]["who"] == "you"
    MergedAccount.objects.all().delete()  # as before there was this table
    import_module("trail.migrations.0009_merged_accounts").fill(apps, None)
    lines = f"/api/v2/institution/{home}/trail/?verb=lock"
    for query in (f"person_id={ann}", f"person_id={bob}", f"actor_id={ann}", f"actor_id={bob}"):
        assert [row["id"] for row in as_("data").get(f"{lines}&{query}").json()["results"]] == [own["id"]], query


def test_deactivated_account_gives_no_rights(merged, world):
    User.objects.filter(pk=world.people["legal"].pk).update(is_active=False)
    merged("ann", "legal")
    assert not User.objects.get(pk=world.people["ann"].pk).legal_admin


def test_record_names_the_pseudonyms_of_both(merged, world):
    pseudonyms = [str(world.home.learners[name].learner_id) for name in ("ann", "bob")]
    merged("ann", "bob")
    assert details_of(Line.objects.get(verb="merge"))["learner_ids"] == pseudonyms


def test_last_administrator_is_not_merged_away(merged, world):
    """By an administrator who is signed in, but could not sign in again."""
    User.objects.filter(pk=world.people["legal"].pk).update(inst_admin=True, password="!")
    world.people["legal"].refresh_from_db()
    client = client_of(world.people["legal"])
    url = f"/api/v2/institution/{world.home.institution.pk}/user/"
    body = {"from": world.people["admin"].pk}
    User.objects.filter(pk=world.people["ann"].pk).update(login_allowed=False)
    for dry_run in (True, False):
        answer = client.post(f"{url}{world.people['ann'].pk}/merge/", body | {"dry_run": dry_run}, format="json")
        assert answer.status_code == 409, answer.content
    assert client.post(f"{url}{world.people['bob'].pk}/merge/", body, format="json").status_code == 200
    assert User.objects.get(pk=world.people["bob"].pk).inst_admin


# Who may not.


@pytest.mark.parametrize("dry_run", [True, False])
def test_people_of_elsewhere_are_unknown(dry_run, as_, url, world):
    client, body = as_("admin"), {"dry_run": dry_run}
    away = world.away.people["ann"].pk
    for path, gone, status in (
        (url("ann"), away, 404), (url("ann"), world.people["global"].pk, 404), (url("ann"), 10**15, 404),
        (url("ann", world.away), world.people["bob"].pk, 404), (url("ann"), 0, 400), (url("ann"), 2**63, 400),
        (url("ann"), None, 400), (url("ann"), "x", 400), (url("ann"), world.people["ann"].pk, 400),
    ):  # fmt: skip
        answer = client.post(path, body | {"from": gone}, format="json")
        assert answer.status_code == status, (gone, answer.content)
        assert status == 404 or list(answer.json()) == ["from"]
    assert User.objects.filter(pk=away).exists()
    assert not Line.objects.filter(verb="merge").exists()


@pytest.mark.parametrize(("kept", "gone"), [("global", "ann"), ("ann", "global"), ("ann", "admin")])
def test_global_administrators_and_the_own_account_stay(kept, gone, merged, world):
    rewritten(User.objects.filter(username="root"), institution=world.home.institution, uid="root")
    merged(kept, gone, status=403) if kept != "global" else None
    User.objects.get(pk=world.people[gone].pk)


def test_what_a_merge_has_forgotten_stops_it(monkeypatch, world, rows):
    """Instead of being deleted in a cascade."""
    monkeypatch.setattr(merging, "OF_PEOPLE", [each for each in merging.OF_PEOPLE if each.model is not Launcher])
    ids = {f"{role}_id": world.people[name].pk for role, name in (("kept", "ann"), ("gone", "bob"), ("by", "admin"))}
    with pytest.raises(RuntimeError, match="launcher"):
        people_merge(institution=world.home.institution, **ids)


@pytest.mark.parametrize("later", ["ann", "bob"])
def test_the_later_withdrawal_counts(merged, world, later):
    home, now = world.home, timezone.now()
    for name in ("ann", "bob"):
        at, evidence = (now, "restrict") if name == later else (now - timedelta(days=1), "keep")
        learner = world.people[name].learner
        learner.consent, learner.consent_rejected, learner.is_restricted = home.consent, at, evidence == "restrict"
        learner.save()
        Withdrawal.objects.create(
            institution=home.institution, learner=learner, at=at, of_models="keep", of_evidence=evidence
        )
    merged("ann", "bob")
    (left,) = Withdrawal.objects.all()
    assert (left.learner_id, left.of_evidence) == (world.people["ann"].pk, "restrict")
    assert Learner.objects.get(pk=left.learner_id).is_restricted
