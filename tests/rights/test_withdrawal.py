"""What becomes of models and evidence when a learner withdraws the consent, as the institution's policy says."""

import json

import pytest
from django.core import mail
from django.test import override_settings

from files.models import Kind, PendingErasure, StoredFile
from files.services import file_store, objects_erase_pending, store
from institutions.models import Institution, Provider
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner, Withdrawal
from learners.services import consent_accept, consent_reject
from pipeline.jobs import PERIODIC
from pipeline.models import Job
from pipeline.running import run_due
from reports.models import Alert, Report, ReportInstrument, Request, RequestProviderResult
from rights.models import Bundle, Contest, LegalHold
from rights.services import erasing
from tests.contests import contest_of
from tests.contract.calls import BASE
from tests.reports.conftest import allow
from tests.world import PAST
from trail.models import Line

MINE = "/api/v2/me/withdrawal/"


def stored(world, kind: Kind, owner: str = "ann") -> StoredFile:
    return file_store(
        institution=world.home.institution, owner=world.people[owner], kind=kind, media_type="application/json",
        content=[b'{"data":"data:image/png;base64,AAAA"}'], extension="json",
    )  # fmt: skip


@pytest.fixture
def data(world):
    """ann has consented; there are samples, a model made of them, a capture with an audit, and an alert."""
    home, ann = world.home, world.people["ann"].learner
    own = {"institution": home.institution, "learner": ann}
    consent_accept(learner=ann, consent=home.newer_consent)
    provider = Provider.objects.create(
        acronym="p", name="P", queue="p", version="1", enabled=True, instrument=home.activity_instrument.instrument
    )
    sample = EnrolmentSample.objects.create(**own, data=stored(world, Kind.SAMPLE))
    EnrolmentSampleValidation.objects.create(
        sample=sample, provider=provider, status=1, info=stored(world, Kind.VALIDATION)
    )
    model = Enrolment.objects.create(**own, provider=provider, model=stored(world, Kind.MODEL), can_analyse=True)
    model.model_samples.add(sample)
    Request.objects.filter(pk=home.request.pk).update(data=stored(world, Kind.REQUEST))
    RequestProviderResult.objects.create(
        request=home.request, provider=provider, status=1, audit=stored(world, Kind.RESULT_AUDIT)
    )
    Alert.objects.create(**own, activity=home.activity, level=2, raised_at=PAST, data=stored(world, Kind.ALERT))
    ReportInstrument.objects.update(identity_level=4)
    run_due()
    return home


def policy(world, models: str, evidence: str) -> None:
    Institution.objects.filter(pk=world.home.institution.pk).update(
        withdrawal_models=models, withdrawal_models_reason="Not needed.",
        withdrawal_evidence=evidence, withdrawal_evidence_reason="Appeals.",
    )  # fmt: skip


def withdrawn(client, status: int = 200):
    told = client.get(MINE).json()
    body = {name: told[name]["policy"] for name in ("models", "evidence")}
    answer = client.post(MINE, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def kinds(world) -> set[str]:
    return {*StoredFile.objects.filter(owner=world.people["ann"]).values_list("kind", flat=True)}


def opened(world, as_, who: str) -> dict[str, str | None]:
    """The links to evidence that the caller is given."""
    place = f"{BASE}{world.home.institution.pk}/course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    one = f"{place}{world.home.report.pk}/"
    audit = as_(who).get(f"{one}audit/{world.home.activity_instrument.instrument_id}/").json()["audit_data"]
    capture = as_(who).get(f"{one}request/").json()["results"][0]["data"]
    return {"audit": audit, "capture": capture}


def followed(client, link: str) -> int:
    answer = client.get(link)
    b"".join(answer)  # all of it, which closes the file
    return answer.status_code


def test_learners_are_told_before_they_decide(world, as_, data):
    policy(world, "erase", "restrict")
    told = as_("ann").get(MINE).json()
    assert told == {
        "consent": "VALID",
        "may_withdraw": True,
        "models": {
            "policy": "erase", "text": "Your samples and the models made of them are erased.", "reason": "Not needed.",
        },
        "evidence": {
            "policy": "restrict", "reason": "Appeals.",
            "text": "What was captured while you worked is kept, but nobody opens it. Your reports say so.",
        },
        "kept_because": [],
        "last": None,
    }  # fmt: skip
    policy(world, "erase", "erase")
    stale = as_("ann").post(MINE, {"models": "erase", "evidence": "restrict"}, format="json")
    assert (stale.status_code, "Read it again" in stale.text) == (409, True)
    assert as_("ann").post(MINE, {"models": "erase"}, format="json").json() == {"evidence": ["This field is required."]}
    assert Learner.objects.get(pk=world.people["ann"].pk).consent_rejected is None


def test_restricted_evidence_is_kept_and_opened_by_nobody(world, as_, data):
    allow(world.home, learner_report=True, learner_audit=True)
    before = {who: opened(world, as_, who) for who in ("admin", "data", "teacher", "ann", "global")}
    assert all(followed(as_(who), link) == 200 for who, links in before.items() for link in links.values())
    sample = StoredFile.objects.get(kind=Kind.SAMPLE)
    policy(world, "keep", "restrict")
    assert Bundle.objects.filter(person=world.people["ann"]).exists()
    last = withdrawn(as_("ann"))["last"]
    assert (last["models"], last["evidence"], last["waits_for"]) == ("keep", "restrict", [])
    assert not Bundle.objects.filter(person=world.people["ann"]).exists()  # it has what nobody opens any more
    run_due()
    assert kinds(world) == {"sample", "validation", "model", "request", "result_audit", "alert"}
    for who, links in before.items():
        assert opened(world, as_, who) == {"audit": None, "capture": None}, who
        assert {followed(as_(who), link) for link in links.values()} == {404}, who
    place = f"course/{world.home.course.pk}/activity/{world.home.activity.pk}/report/"
    for who, url in (
        ("admin", f"{BASE}{world.home.institution.pk}/{place}"),
        ("vle", f"/api/v2/vle/{world.home.vle.pk}/{place}"),
        ("ann", "/api/v2/me/report/"),
    ):
        assert as_(who).get(url).json()["results"][0]["is_restricted"] is True, who
    contest_of(world.home, state="open")
    Report.objects.update(contest={
        "state": "open", "is_final": False, "level": None, "deadline": None, "human_levels": {}, "set_aside": [],
    })  # fmt: skip
    for who in ("admin", "data"):  # who may decide it
        links = opened(world, as_, who)
        assert {followed(as_(who), link) for link in links.values()} == {200}, who
    for who in ("teacher", "ann", "global"):
        assert opened(world, as_, who) == {"audit": None, "capture": None}, who
    consent_accept(learner=world.people["ann"].learner, consent=world.home.newer_consent)
    assert all(opened(world, as_, "teacher").values())
    assert not Withdrawal.objects.exists()
    assert sample.pk in StoredFile.objects.values_list("pk", flat=True)


def test_models_are_erased_and_evidence_is_kept(world, as_, data):
    policy(world, "erase", "keep")
    objects = [*StoredFile.objects.filter(kind__in=("sample", "model")).values_list("storage_key", flat=True)]
    assert all(store().exists(key) for key in objects)
    withdrawn(as_("ann"))
    assert "sample" in kinds(world)  # a job does it
    run_due()
    assert kinds(world) == {"request", "result_audit", "alert"}
    assert not Enrolment.objects.exists()
    assert not EnrolmentSample.objects.exists()
    assert {*PendingErasure.objects.values_list("storage_key", flat=True)} >= {*objects}
    objects_erase_pending()  # as after the commit
    assert not any(store().exists(key) for key in objects)
    assert all(opened(world, as_, "teacher").values())
    last = as_("ann").get(MINE).json()["last"]
    assert last["models_erased_at"]
    assert last["evidence_erased_at"] is None
    assert Line.objects.filter(verb="erase", person_id=world.people["ann"].pk).count() == 1


def test_evidence_is_erased_in_parts_and_reports_stay(world, as_, data, monkeypatch):
    monkeypatch.setattr(erasing, "PART", 1)
    policy(world, "keep", "erase")
    other = stored(world, Kind.REQUEST, "bob")
    withdrawn(as_("ann"))
    parts = 0
    while Job.objects.filter(name="rights.withdrawal").exists():
        parts += 1
        assert parts < 10
        assert erasing.withdrawal_part(world.people["ann"].pk) is (parts < 4)
        if parts >= 4:
            Job.objects.filter(name="rights.withdrawal").delete()
    assert kinds(world) == {"sample", "validation", "model"}
    assert StoredFile.objects.filter(pk=other.pk).exists()
    assert Report.objects.filter(learner=world.people["ann"].pk).exists()
    assert opened(world, as_, "admin") == {"audit": None, "capture": None}
    assert as_("ann").get(MINE).json()["last"]["evidence_erased_at"]
    assert erasing.withdrawal_part(world.people["ann"].pk) is False
    assert erasing.withdrawal_part(10**9) is False


@pytest.mark.parametrize("why", ["hold", "contest"])
def test_a_hold_and_a_contest_keep_what_would_be_erased(why, world, as_, data):
    policy(world, "erase", "erase")
    home = world.home
    if why == "hold":
        LegalHold.objects.all().delete()
        LegalHold.objects.create(institution=home.institution, person=world.people["ann"], reason="Case 4.")
    else:
        contest_of(home, state="open")
    (text,) = as_("ann").get(MINE).json()["kept_because"]
    assert ("legal hold" in text.lower()) is (why == "hold")
    assert withdrawn(as_("ann"))["last"]["waits_for"] == [text]
    run_due()
    assert {"sample", "request"} <= kinds(world)
    assert opened(world, as_, "teacher") == {"audit": None, "capture": None}
    LegalHold.objects.all().delete()
    Contest.objects.update(state="withdrawn")
    PERIODIC["rights.withdrawals"][0]()
    run_due()
    assert kinds(world) == set()


@override_settings(SENDS_MAIL=True)
def test_who_was_sent_by_a_vle_destroys_nothing_at_once(world, as_, sent, data):
    """Who forges a link of the VLE closes what there is; the learner is told, and consents again within the time."""
    policy(world, "erase", "erase")
    assert as_("ann").get(MINE).json()["kept_because"] == []
    assert "14 days" in sent("ann").get(MINE).json()["kept_because"][0]
    assert "without a password" in withdrawn(sent("ann"))["last"]["waits_for"][0]
    PERIODIC["rights.withdrawals"][0]()
    run_due()
    assert {"sample", "request"} <= kinds(world)
    assert opened(world, as_, "teacher") == {"audit": None, "capture": None}
    assert [message.subject for message in mail.outbox] == ["Your consent was withdrawn"]
    consent_accept(learner=world.people["ann"].learner, consent=world.home.newer_consent)
    assert all(opened(world, as_, "teacher").values())
    assert (
        as_("ann").delete(f"{BASE}{world.home.institution.pk}/learner/{world.people['ann'].pk}/ic/").status_code == 204
    )
    assert Withdrawal.objects.get().waits_until is None
    run_due()
    assert kinds(world) == set()


def test_what_a_vle_had_withdrawn_is_erased_when_the_time_is_over(world, sent, data):
    policy(world, "erase", "erase")
    withdrawn(sent("ann"))
    Withdrawal.objects.update(waits_until=PAST)
    PERIODIC["rights.withdrawals"][0]()
    run_due()
    assert kinds(world) == set()


def test_who_consents_again_keeps_what_is_not_erased_yet(world, data):
    policy(world, "erase", "erase")
    ann = world.people["ann"].learner
    consent_reject(learner=ann)
    consent_accept(learner=ann, consent=world.home.newer_consent)
    run_due()
    assert {"sample", "request"} <= kinds(world)


def test_who_consents_elsewhere_withdraws_there(world, data):
    policy(world, "erase", "erase")
    Institution.objects.filter(pk=world.home.institution.pk).update(external_ic=True)
    consent_reject(learner=world.people["ann"].learner)
    run_due()
    assert {"sample", "request"} <= kinds(world)
    assert not Learner.objects.get(pk=world.people["ann"].pk).is_restricted


@pytest.mark.parametrize("models", ["keep", "restrict"])
def test_samples_behind_results_are_closed_with_the_models(models, world, as_, data):
    """A sample of which a model was made is behind the results."""
    policy(world, models, "keep")
    audit = as_("admin").get(opened(world, as_, "admin")["audit"])
    (sample,) = json.loads(b"".join(audit.streaming_content))["enrolment_samples"].values()
    assert followed(as_("admin"), sample["data"]) == 200
    withdrawn(as_("ann"))
    assert followed(as_("admin"), sample["data"]) == (200 if models == "keep" else 404)


def test_page_withdraws(world, signed_in, data):
    policy(world, "keep", "restrict")
    browser = signed_in("ann")
    page = browser.get("/me/consents/withdraw/").text
    assert ("Your institution says: Appeals." in page, "nobody opens it" in page) == (True, True)
    token = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    stale = browser.post("/me/consents/withdraw/", {"models": "keep", "evidence": "keep"}, headers=token)
    assert (stale.status_code, "Read it again" in stale.text) == (409, True)
    body = {"models": "keep", "evidence": "restrict"}
    assert browser.post("/me/consents/withdraw/", body, headers=token).status_code == 302
    assert "You withdrew it on" in browser.get("/me/consents/withdraw/").text
