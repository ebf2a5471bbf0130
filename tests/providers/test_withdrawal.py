"""A learner withdraws the consent, loses the instrument or erases the enrolment while a provider is at work.

The provider is answered 404 to everything, nothing is stored, and addresses that it was told lead nowhere.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from courses.models import ActivityInstrument
from files.models import Kind, StoredFile
from institutions.models import InformedConsent, Institution
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner, SENDCategory, SENDLearner
from learners.services import consent_accept, consent_reject, enrolment_erase, send_assign
from pipeline.models import Job
from pipeline.running import run_due
from reports.models import Request, RequestProviderResult
from tests.captures import FR, KS
from tests.providers.conftest import OTHER_TASK, SITE, TASK, captured, file_of, followed
from tests.world import PAST

TABLES = (Enrolment, EnrolmentSample, EnrolmentSampleValidation, RequestProviderResult, StoredFile)


class AtWork:
    """What a provider holds when the learner changes something."""

    def __init__(self, world, face, bob) -> None:
        self.face, self.bob = face, bob
        sample = captured(world.home)
        run_due()
        validation = sample.validations.get()
        request = Request.objects.create(
            institution=bob.institution, learner=bob, activity=world.home.activity,
            data=file_of(bob, Kind.REQUEST),
        )  # fmt: skip
        RequestProviderResult.objects.create(request=request, provider=face.row)
        ActivityInstrument.objects.create(activity=world.home.activity, instrument_id=FR)
        of_learner = f"enrolment/{bob.learner_id}/"
        of_sample = f"{of_learner}sample/{sample.pk}/"
        locked = face.lock(bob)
        assert locked.status_code == 201
        self.upload = locked.json()["model_upload_url"]["url"].removeprefix(SITE)
        lock, validated = {"learner_id": str(bob.learner_id), "task_id": str(TASK)}, f"{of_sample}validation/"
        self.of_enrolment: list[tuple[str, str, Any]] = [
            ("get", of_learner, None),
            ("put", of_learner, {"task_id": str(TASK), "percentage": 1}),
            ("post", f"{of_learner}unlock/", {"token": str(TASK)}),
            ("post", "enrolment/", lock),
            ("get", f"{of_learner}available_samples/", None),
            ("get", f"{of_learner}used_samples/", None),
            ("get", of_sample, None),
            ("get", validated, None),
            ("get", f"{validated}{validation.pk}/", None),
            ("put", f"{validated}{validation.pk}/", {"status": 1, "validation_info": {"a": 1}}),
            ("post", f"{validated}{validation.pk}/status/", {"status": 4}),
        ]
        self.of_request: list[tuple[str, str, Any]] = [
            ("get", f"request/{request.pk}/", None),
            ("post", f"request/{request.pk}/status/", {"status": 7}),
            ("put", f"request/{request.pk}/", {"status": 1, "result": 1, "audit_data": {}}),
        ]
        self.links = [
            face.get(of_sample).json()["data"],
            face.get(of_learner).json()["model"],
            face.get(f"request/{request.pk}/").json()["request"]["data"],
        ]

    def statuses(self, calls: list[tuple[str, str, Any]]) -> set[int]:
        found = {}
        for method, path, body in calls:
            send: Callable = getattr(self.face, method)
            answer = send(path) if method == "get" else send(path, body)
            found[method, path] = answer.status_code
        assert len(found) == len(calls)
        return {*found.values()}

    def uploaded(self) -> int:
        return Client().post(self.upload, {"file": SimpleUploadedFile("m", b"[1]")}).status_code


@pytest.fixture
def work(world, face, bob) -> AtWork:
    return AtWork(world, face, bob)


def stored() -> list:
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def assert_all_refused(work: AtWork, links: list[str]) -> None:
    before, jobs = stored(), Job.objects.count()
    assert work.statuses(work.of_enrolment) == {404}
    assert work.uploaded() == 404
    assert {followed(link).status_code for link in links} == {404}
    assert stored() == before
    assert Job.objects.count() == jobs


def withdrawn(world, bob: Learner) -> None:
    consent_reject(learner=bob)


def newer_version(world, bob: Learner) -> None:
    InformedConsent.objects.create(
        institution=world.home.institution, version="2.1.0", major=2, minor=1, patch=0, valid_from=PAST
    )


def no_consent(world, bob: Learner) -> None:
    Learner.objects.filter(pk=bob.pk).update(consent=None)


def not_valid_yet(world, bob: Learner) -> None:
    InformedConsent.objects.filter(pk=world.home.newer_consent.pk).update(valid_from=timezone.now() + timedelta(days=1))
    InformedConsent.objects.filter(pk=world.home.consent.pk).delete()


def face_taken_away(world, bob: Learner) -> None:
    need = SENDCategory.objects.create(
        institution=world.home.institution, description="x", data={"disabled_instruments": [KS, FR]}
    )
    send_assign(learner=bob, category=need)


@pytest.mark.parametrize("change", [withdrawn, newer_version, no_consent, not_valid_yet, face_taken_away])
def test_everything_is_404_and_nothing_is_stored(world, work, bob, change):
    if change is not_valid_yet:
        world.home.document.delete()
        Learner.objects.exclude(pk=bob.pk).update(consent=None)
    change(world, bob)
    assert_all_refused(work, work.links)
    before = stored()
    assert work.statuses(work.of_request) == {404}
    assert stored() == before


def test_all_goes_on_when_the_consent_is_given_again(world, work, bob):
    consent_reject(learner=bob)
    assert_all_refused(work, work.links)
    consent_accept(learner=bob, consent=world.home.newer_consent)
    assert work.statuses(work.of_request) == {200}
    assert_no_lock(work)


def assert_no_lock(work: AtWork) -> None:
    """The lock of before has ended, whatever its task says now, and another task need not wait for it."""
    put = ("put", f"enrolment/{work.bob.learner_id}/", {"task_id": str(TASK), "percentage": 1})
    assert work.uploaded() == 403
    assert work.statuses([put]) == {406}
    answer = work.face.lock(work.bob, OTHER_TASK)
    assert answer.status_code == 201
    work.upload = answer.json()["model_upload_url"]["url"].removeprefix(SITE)
    assert work.uploaded() == 204
    assert work.statuses([(*put[:2], put[2] | {"task_id": str(OTHER_TASK)})]) == {200}


def test_a_lock_ends_with_the_instrument_that_a_special_need_takes_away(world, work, bob):
    face_taken_away(world, bob)
    run_due()
    SENDLearner.objects.get(learner=bob).delete()
    assert_no_lock(work)


def test_a_lock_stays_where_the_provider_may_still_work(world, work, bob):
    """The institution answers for the consent; a special need takes another instrument away."""
    Institution.objects.filter(pk=world.home.institution.pk).update(external_ic=True)
    need = SENDCategory.objects.create(
        institution=world.home.institution, description="x", data={"disabled_instruments": [KS]}
    )
    send_assign(learner=bob, category=need)
    consent_reject(learner=bob)
    run_due()
    assert work.face.lock(bob, OTHER_TASK).status_code == 400
    assert work.uploaded() == 204


def test_further_patch_of_the_consent_and_external_consent_change_nothing(world, work, bob):
    InformedConsent.objects.create(
        institution=world.home.institution, version="2.0.1", major=2, minor=0, patch=1, valid_from=PAST
    )
    assert work.statuses(work.of_request) == {200}
    Institution.objects.filter(pk=world.home.institution.pk).update(external_ic=True)
    no_consent(world, bob)
    assert work.face.get(f"enrolment/{bob.learner_id}/").status_code == 200


def test_special_needs_of_others_and_past_ones_change_nothing(world, work, bob):
    home = world.home
    own = {"institution": home.institution}
    need = SENDCategory.objects.create(**own, description="x", data={"disabled_instruments": [FR]})
    SENDLearner.objects.create(**own, learner=home.learners["ann"], category=need)
    SENDLearner.objects.create(**own, learner=bob, category=need, expires_at=timezone.now() - timedelta(seconds=1))
    other = SENDCategory.objects.create(**own, description="y", data={"disabled_instruments": [KS, 11, 21]})
    SENDLearner.objects.create(**own, learner=bob, category=other)
    empty = SENDCategory.objects.create(**own, description="z", data={})
    SENDLearner.objects.create(**own, learner=bob, category=empty)
    assert work.face.get(f"enrolment/{bob.learner_id}/").status_code == 200


def test_after_an_erasure_there_is_no_lock_and_no_new_model(world, work, bob):
    enrolment_erase(learner=bob)
    assert_all_refused(work, work.links)
    assert not StoredFile.objects.filter(owner=bob.pk, kind__in=("sample", "validation", "model")).exists()
    assert work.statuses(work.of_request) == {404}


def test_after_an_erasure_a_new_sample_begins_anew(world, work, bob):
    enrolment_erase(learner=bob)
    captured(world.home)
    run_due()
    assert work.uploaded() == 404  # the address of the earlier model
    answer = work.face.lock(bob)
    assert answer.status_code == 201
    assert followed(answer.json()["model"]).status_code == 200


def test_after_the_learner_is_gone(world, work, bob, as_):
    answer = as_("admin").delete(f"/api/v2/institution/{bob.institution_id}/learner/{bob.pk}/")
    assert answer.status_code == 204
    assert_all_refused(work, work.links)
    assert work.statuses(work.of_request) == {404}
