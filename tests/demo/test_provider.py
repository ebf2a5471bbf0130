"""The built-in providers: from a capture to the report, through the API of providers, without a server."""

import json
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from courses.models import ActivityInstrument
from demo import jobs as demo_jobs
from demo import provider as demo_provider
from demo.measuring import MEASURES, NOTE, content_of, queue_of
from demo.provider import DemoProvider, RefusedError, consumer_of
from demo.structure import ensure_providers
from files.models import StoredFile
from files.services import store
from institutions.models import Credential, Provider, ProviderNotification
from institutions.services.instruments import provider_update
from institutions.services.notifications import NOTIFY, notification_put
from kernel.http.local import LocalAnswer
from learners.models import Enrolment, EnrolmentSample, EnrolmentSampleValidation, Learner
from learners.validating import ENROL, VALIDATE
from pipeline import jobs
from pipeline.models import Job
from pipeline.running import deliver_due, run_due
from reports.models import ReportInstrument, Request, RequestProviderResult
from reports.services.rebuilding import Scope, reports_rebuilt
from reports.services.verifying import VERIFY
from tests.captures import FA, FR, KS, PLAG, VR, as_learner, consented, sample, untimed
from tests.learners.lapi import url_of
from tests.lines import files_read

NUMBERS = {"fr": FR, "ks": KS, "vr": VR, "fa": FA, "plag": PLAG}
TYPES = {"fr": "image/jpeg", "vr": "audio/wav"}
HEADS = {"fr": b"\xff\xd8\xff\xe0", "vr": b"RIFF\x00\x00\x00\x00WAVE"}


@pytest.fixture
def home(world, settings) -> Iterator[Any]:
    """bob has accepted the consent, and does a quiz with all instruments; the built-in providers are at work."""
    settings.DEMO = True
    before = dict(jobs.CONSUMERS)
    demo_jobs.declare()
    ensure_providers()
    consented(world.home, "bob")
    ActivityInstrument.objects.bulk_create(
        ActivityInstrument(activity=world.home.activity, instrument_id=number) for number in (FR, VR, FA, PLAG)
    )
    yield world.home
    jobs.CONSUMERS.clear()
    jobs.CONSUMERS.update(before)


def content(acronym: str, word: str) -> bytes:
    return HEADS.get(acronym, b"") + f"{acronym} of {word}: ".encode() + b"typed and spoken and seen. " * 5


def body(home, acronym: str, data: bytes, **more: Any) -> dict[str, Any]:
    pseudonym = str(home.learners["bob"].learner_id)
    return sample(data, TYPES.get(acronym, "text/plain"), [NUMBERS[acronym]], learner_id=pseudonym, **more)


def enrol(home, acronym: str, *contents: bytes) -> None:
    for each in contents:
        answer = as_learner(home, "bob").post(url_of("enrolment", home, "bob"), body(home, acronym, each))
        assert answer.json()["status"] == "OK", answer.content


def capture(home, acronym: str, data: bytes) -> Request:
    place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
    answer = as_learner(home, "bob").post(
        url_of("verification", home, "bob"), untimed(body(home, acronym, data, **place))
    )
    assert answer.json()["status"] == "OK", answer.content
    return Request.objects.latest("pk")


def everything_done() -> None:
    """What waits is done, and what follows from it; nothing has failed."""
    while run_due() + deliver_due():
        pass
    assert list(Job.objects.values_list("name", "error")) == []


def answer_to(request: Request) -> RequestProviderResult:
    return request.provider_results.get()


def read(file: StoredFile | None) -> Any:
    with store().open(file.storage_key) as opened:
        return json.load(opened)


def message(task: str) -> Job:
    return Job.objects.get(name=task)


def delivered(job: Job) -> None:
    consumer_of(job.queue.removeprefix("demo_"))(job.name, job.arguments)


def test_samples_become_models_and_captures_the_lines_of_the_report(home):
    providers = {acronym: Provider.objects.get(queue=queue_of(acronym)) for acronym in MEASURES}
    enrolled = [acronym for acronym, row in providers.items() if row.instrument.requires_enrolment]
    for acronym in enrolled:
        enrol(home, acronym, content(acronym, "one"), content(acronym, "two"))
    everything_done()
    models = {row.provider_id: row for row in Enrolment.objects.all()}
    assert enrolled == ["fr", "ks", "vr", "fa"]
    for acronym in enrolled:
        model = models[providers[acronym].pk]
        assert (float(model.percentage), model.can_analyse, model.locked_by) == (0.5, True, None)
        assert model.model_samples.count() == len(read(model.model)["samples"]) == 2
    words = ("three", "four")
    captures = {acronym: [capture(home, acronym, content(acronym, word)) for word in words] for acronym in MEASURES}
    captures["plag"].append(capture(home, "plag", content("plag", "three")))
    everything_done()
    results: list[float] = []
    for acronym, requests in captures.items():
        answers = [answer_to(request) for request in requests]
        assert {answer.status for answer in answers} == {1}
        results += [answer.result for answer in answers]
        assert read(answers[0].audit)["demonstration"] == NOTE
        assert bool(read(answers[0].audit).get("faces")) == (acronym == "fr")
    assert results[-1] == results[-3]  # equal bytes
    assert len({*results}) == 10  # and different ones
    rows = ReportInstrument.objects.filter(report__learner=home.people["bob"].pk)
    assert {row.instrument_id: float(row.confidence) for row in rows} == dict.fromkeys(NUMBERS.values(), 1.0)
    assert all(max(row.identity_level, row.content_level, row.integrity_level) >= 2 for row in rows)
    assert [*reports_rebuilt(Scope(learner=home.people["bob"].pk))] == []
    assert {read.reader_kind for read in files_read()} == {"provider"}


def test_what_is_too_short_gets_the_documented_error(home):
    enrol(home, "fr", content("fr", "one"), content("fr", "two"), b"\xff\xd8\xff")
    everything_done()
    request = capture(home, "fr", b"\xff\xd8\xff\xe0")
    everything_done()
    refused = EnrolmentSampleValidation.objects.get(status=2)
    answer = answer_to(request)
    for row, size in ((refused, 3), (answer, 4)):
        assert row.message_code_id == "PROVIDER_NO_FACE_DETECTED"
        assert row.error_message == f"Demonstration: the sample has {size} bytes, and 100 are the least."
    assert (answer.status, answer.result) == (2, None)
    assert EnrolmentSample.objects.get(pk=refused.sample_id).status == 2
    assert Enrolment.objects.get().model_samples.count() == 2


def state() -> list[Any]:
    tables = (Enrolment, EnrolmentSample, EnrolmentSampleValidation, RequestProviderResult, StoredFile)
    rows = [row for table in tables for row in table.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name != "updated_at"} for row in rows]


def test_message_that_comes_twice_changes_nothing(home, monkeypatch):
    monkeypatch.setattr(demo_provider, "PAGE", 1)  # so that there are several
    enrol(home, "ks", content("ks", "one"), content("ks", "two"))
    run_due()
    seen = [*Job.objects.filter(name=VALIDATE)]
    deliver_due(most=2)
    seen += Job.objects.filter(name=ENROL)
    everything_done()
    capture(home, "ks", content("ks", "three"))
    run_due()
    seen += Job.objects.filter(name=VERIFY)
    everything_done()
    assert [job.name for job in seen] == [VALIDATE, VALIDATE, ENROL, ENROL, VERIFY]
    before = state()
    for job in seen:
        delivered(job)
    assert state() == before
    assert not Job.objects.exists()


def test_model_that_another_task_has_locked_is_made_later(home, monkeypatch):
    enrol(home, "ks", content("ks", "one"))
    run_due()
    deliver_due(most=1)
    other = Enrolment.objects.create(
        institution=home.institution,
        learner=home.learners["bob"],
        provider=Provider.objects.get(queue="demo_ks"),
        locked_by="00000000-0000-0000-0000-000000000007",
        locked_at=timezone.now(),
    )
    monkeypatch.setattr("demo.provider.time.sleep", lambda _: None)
    deliver_due()
    waiting = message(ENROL)
    assert "Model is locked" in waiting.error
    unlocked = Enrolment.objects.filter(pk=other.pk)
    monkeypatch.setattr("demo.provider.time.sleep", lambda _: unlocked.update(locked_by=None, locked_at=None))
    delivered(waiting)
    assert float(Enrolment.objects.get().percentage) == 0.25


def test_task_that_ended_in_the_middle_finds_its_own_lock(home, monkeypatch):
    enrol(home, "ks", content("ks", "one"))
    run_due()
    deliver_due(most=1)
    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(DemoProvider, "_upload", lambda *_: (_ for _ in ()).throw(ConnectionError))
        delivered(message(ENROL))
    assert Enrolment.objects.get().locked_by is not None
    delivered(message(ENROL))
    model = Enrolment.objects.get()
    assert (float(model.percentage), model.can_analyse, model.locked_by) == (0.25, False, None)


def withdraw(home) -> None:
    Learner.objects.filter(pk=home.people["bob"].pk).update(consent_rejected=timezone.now())


def test_learner_who_withdraws_while_it_is_at_work_ends_the_task(home, monkeypatch):
    enrol(home, "ks", content("ks", "one"))
    run_due()
    job = message(VALIDATE)

    def found(*arguments: Any) -> Any:
        withdraw(home)
        return content_of(*arguments)

    monkeypatch.setattr(demo_provider, "content_of", found)
    delivered(job)  # refused when it answers
    everything_done()  # and before it has begun
    assert EnrolmentSampleValidation.objects.get().status == 0
    assert not Enrolment.objects.exists()


def test_model_that_is_no_longer_complete_enough_is_told(home):
    enrol(home, "ks", content("ks", "one"), content("ks", "two"))
    everything_done()
    request = capture(home, "ks", content("ks", "three"))
    run_due()
    Enrolment.objects.update(can_analyse=False)
    everything_done()
    answer = answer_to(request)
    assert (answer.status, answer.message_code_id) == (5, "PROVIDER_INCOMPLETE_ENROLMENT")


def test_reminder_is_read_and_deleted(home):
    provider = Provider.objects.get(queue="demo_ks")
    row = notification_put(provider_id=provider.pk, key="soon", when=timezone.now())
    for _ in range(2):
        consumer_of("ks")(NOTIFY, [row.pk])
        assert not ProviderNotification.objects.exists()


def test_provider_without_credentials_fails_and_one_that_is_gone_has_nothing_to_do(home):
    Credential.objects.update(revoked_at=timezone.now())
    with pytest.raises(RefusedError, match="demo_ks has no valid credentials"):
        consumer_of("ks")(NOTIFY, [1])
    Provider.objects.all().delete()
    consumer_of("ks")(NOTIFY, [1])


def test_store_of_its_own_is_followed(monkeypatch):
    assert DemoProvider._followed(None) == {}
    redirect = LocalAnswer(302, b"", {"Location": "https://s3.example.org/x"})
    monkeypatch.setattr(demo_provider.LocalClient, "get", lambda *_: redirect)
    monkeypatch.setattr(demo_provider, "urlopen", lambda url, timeout: BytesIO(json.dumps({"at": url}).encode()))
    assert DemoProvider._followed("https://trust.example.org/files/x/sample.json") == {"at": "https://s3.example.org/x"}


def test_nobody_is_at_work_outside_of_a_demo(settings):
    before = {*jobs.CONSUMERS}
    demo_jobs.declare()
    assert {*jobs.CONSUMERS} == before
    assert not any(queue_of(acronym) in before for acronym in MEASURES)


def test_providers_of_an_earlier_version_become_able_to_work(world):
    Provider.objects.create(
        name="Sample keystroke dynamics", instrument_id=KS, acronym="demo_ks", queue="demo_ks", version="1.0",
        enabled=True, allow_validation=True, warning_below="0.6", alert_below="0.3",
    )  # fmt: skip
    old = ensure_providers()["ks"]
    assert (old.name, old.validation_active) == ("Keystroke dynamics (demonstration)", True)
    provider_update(provider=old, name="Mine", enabled=False)  # what somebody changes stays so
    before = [*Credential.objects.order_by("pk").values()]
    again = ensure_providers()["ks"]
    assert (again.name, again.enabled) == ("Mine", False)
    assert [*Credential.objects.order_by("pk").values()] == before
    assert all("(demonstration)" in row.name for row in Provider.objects.exclude(pk=old.pk))
    assert all(row.is_demonstration for row in Provider.objects.all())


def test_providers_of_earlier_demos_are_marked_when_the_database_is_migrated(world):
    ensure_providers()
    other = Provider.objects.create(name="Faces", instrument_id=KS, acronym="face", queue="face", version="1.0")
    Provider.objects.update(is_demonstration=False)
    import_module("institutions.migrations.0012_provider_is_demonstration").mark(apps, None)
    assert [*Provider.objects.filter(is_demonstration=False)] == [other]
