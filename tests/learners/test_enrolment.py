"""DELETE /institution/{}/learner/{}/enrolment/: what goes, what stays, and for whom."""

import pytest
from django.utils import timezone

from courses.models import AssessmentSession
from files.models import Kind, PendingErasure, StoredFile
from files.services import file_store, store
from institutions.models import Provider
from learners.models import ConsentDecision, Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner, SENDLearner
from reports.models import LearnerInstrumentHistogram, Report, Request

BIOMETRIC = (Kind.SAMPLE, Kind.VALIDATION, Kind.MODEL)
OTHERS = (Kind.REQUEST, Kind.RESULT_AUDIT, Kind.REPORT, Kind.REPORT_AUDIT, Kind.SESSION, Kind.ALERT)


def file_of(learner, kind):
    return file_store(
        institution=learner.institution, owner=learner.user, kind=kind, media_type="application/json",
        content=[b"{}"], extension="json",
    )  # fmt: skip


def enrol(learner, provider):
    """A model made of a validated sample, and a sample that is under way; a provider is at work on the model."""
    own = {"institution": learner.institution, "learner": learner}
    used = EnrolmentSample.objects.create(**own, status=1, data=file_of(learner, Kind.SAMPLE))
    used.instruments.add(provider.instrument)
    EnrolmentSample.objects.create(**own)
    EnrolmentSampleValidation.objects.create(
        sample=used, provider=provider, status=1, contribution="0.5", info=file_of(learner, Kind.VALIDATION)
    )
    model = Enrolment.objects.create(
        **own, provider=provider, percentage="0.5", can_analyse=True, model=file_of(learner, Kind.MODEL),
        locked_at=timezone.now(), locked_by="8e7a1c1e-6c5d-4e38-9d7e-0e4d3a1b2c3d",
    )  # fmt: skip
    model.model_samples.add(used)


@pytest.fixture
def enrolled(world):
    """ann, bob and the ann next door, each with a model, samples and files of every kind."""
    provider = Provider.objects.create(name="P", acronym="p", version="1", queue="p", instrument_id=2, enabled=True)
    people = [world.home.learners["ann"], world.home.learners["bob"], world.away.learners["ann"]]
    for learner in people:
        enrol(learner, provider)
        for kind in OTHERS:
            file_of(learner, kind)
    ann = people[0]
    pair = {"institution": ann.institution, "learner": ann, "activity": world.home.activity}
    AssessmentSession.objects.create(**pair)
    world.home.request.data = StoredFile.objects.get(owner=ann.pk, kind=Kind.REQUEST)
    world.home.request.save()
    LearnerInstrumentHistogram.objects.create(learner=ann, instrument_id=2, b3=1)
    ConsentDecision.objects.create(
        institution=ann.institution, learner_id=ann.learner_id, decision="accepted", version="1", at=timezone.now()
    )
    return people


def url_of(learner):
    return f"/api/v2/institution/{learner.institution_id}/learner/{learner.pk}/enrolment/"


def biometrics(learner) -> tuple[int, ...]:
    return (
        Enrolment.objects.filter(learner=learner).count(),
        EnrolmentSample.objects.filter(learner=learner).count(),
        EnrolmentSampleValidation.objects.filter(sample__learner=learner).count(),
        StoredFile.objects.filter(owner=learner.pk, kind__in=BIOMETRIC).count(),
    )


def test_models_samples_validations_and_their_files_go(as_, enrolled, django_capture_on_commit_callbacks):
    ann, bob, theirs = enrolled
    keys = [*StoredFile.objects.filter(owner=ann.pk, kind__in=BIOMETRIC).values_list("storage_key", flat=True)]
    assert biometrics(ann) == (1, 2, 1, 3)
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_("data").delete(url_of(ann))
    assert (answer.status_code, answer.content) == (204, b"")
    assert biometrics(ann) == (0, 0, 0, 0)
    assert [store().exists(key) for key in keys] == [False] * 3
    assert not PendingErasure.objects.exists()
    assert biometrics(bob) == biometrics(theirs) == (1, 2, 1, 3)


def test_nothing_else_goes(as_, enrolled):
    ann = enrolled[0]
    kept = {
        model: [*model.objects.order_by("pk").values()]
        for model in (Learner, AssessmentSession, Request, Report, ConsentDecision, LearnerInstrumentHistogram)
    }
    assert as_("data").delete(url_of(ann)).status_code == 204
    assert {model: [*model.objects.order_by("pk").values()] for model in kept} == kept
    files = StoredFile.objects.filter(owner=ann.pk)
    assert {*files.values_list("kind", flat=True)} == {kind.value for kind in OTHERS}
    assert SENDLearner.objects.filter(learner=ann).count() == 1
    assert ann.courses.count() == 1


def test_afterwards_nothing_is_enrolled_and_again_is_no_error(as_, enrolled):
    ann, data = enrolled[0], as_("data")
    assert [row["instrument_id"] for row in data.get(url_of(ann)).json()["enrolment_status"]] == [2]
    for _ in range(2):
        assert data.delete(url_of(ann)).status_code == 204
        assert data.get(url_of(ann)).json()["enrolment_status"] == []


@pytest.mark.parametrize("who", ["global", "admin", "legal", "send", "teacher", "ann", "bob", "member"])
def test_only_data_admins_erase(who, as_, enrolled):
    assert as_(who).delete(url_of(enrolled[0])).status_code == 403
    assert biometrics(enrolled[0]) == (1, 2, 1, 3)


def test_a_data_admin_whom_a_vle_sent_erases_nothing(as_, enrolled):
    assert as_("data", "launched").delete(url_of(enrolled[0])).status_code == 403


def test_learners_of_another_institution_and_who_is_none_are_not_here(as_, enrolled, world):
    ann, _, theirs = enrolled
    base = f"/api/v2/institution/{ann.institution_id}/learner/"
    for person in (theirs.pk, world.people["member"].pk, world.people["teacher"].pk, 987654321):
        assert as_("data").delete(f"{base}{person}/enrolment/").status_code == 404
    assert as_("data").delete(url_of(theirs)).status_code == 404
    assert biometrics(theirs) == (1, 2, 1, 3)
