"""The built-in providers: from a capture to the report, through the API of providers, without a server."""

import json
from typing import Any

import pytest

from courses.models import ActivityInstrument
from demo import jobs as demo_jobs
from demo.measuring import MEASURES, queue_of
from demo.provider import consumer_of
from demo.structure import ensure_providers
from files.models import FileRead, StoredFile
from files.services import store
from institutions.models import Provider
from learners.models import Enrolment
from pipeline import jobs
from pipeline.models import Job
from pipeline.running import deliver_due, run_due
from reports.models import ReportInstrument, Request, RequestProviderResult
from reports.services.rebuilding import Scope, reports_rebuilt
from tests.captures import FA, FR, KS, PLAG, VR, as_learner, consented, sample
from tests.learners.lapi import url_of

NUMBERS = {"fr": FR, "ks": KS, "vr": VR, "fa": FA, "plag": PLAG}
TYPES = {"fr": "image/jpeg", "vr": "audio/wav"}
HEADS = {"fr": b"\xff\xd8\xff\xe0", "vr": b"RIFF\x00\x00\x00\x00WAVE"}


@pytest.fixture
def home(world, settings):
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


def enrol(home, acronym: str, *words: str) -> None:
    for word in words:
        answer = as_learner(home, "bob").post(
            url_of("enrolment", home, "bob"), body(home, acronym, content(acronym, word))
        )
        assert answer.json()["status"] == "OK", answer.content


def capture(home, acronym: str, data: bytes) -> Request:
    place = {"course_id": home.course.pk, "activity_id": home.activity.pk}
    answer = as_learner(home, "bob").post(url_of("verification", home, "bob"), body(home, acronym, data, **place))
    assert answer.json()["status"] == "OK", answer.content
    return Request.objects.latest("pk")


def everything_done() -> None:
    """What waits is done, and what follows from it; nothing has failed."""
    while run_due() + deliver_due():
        pass
    assert list(Job.objects.values_list("name", "error")) == []


def answer_to(request: Request) -> RequestProviderResult:
    return request.provider_results.get()


def read(file: StoredFile) -> Any:
    with store().open(file.storage_key) as opened:
        return json.load(opened)


def message(task: str) -> Job:
    """What waits for a provider, as `deliver_due` finds it."""
    return Job.objects.filter(name=task).latest("pk")


def delivered(job: Job) -> None:
    consumer_of(job.queue.removeprefix("demo_"))(job.name, job.arguments)


@pytest.mark.parametrize("acronym", MEASURES)
def test_samples_become_a_model_and_a_capture_a_line_of_the_report(home, acronym):
    provider = Provider.objects.get(queue=queue_of(acronym))
    needs_model = provider.instrument.requires_enrolment
    if needs_model:
        enrol(home, acronym, "one", "two")
        everything_done()
        model = Enrolment.objects.get(provider=provider)
        assert (float(model.percentage), model.can_analyse, model.locked_by) == (0.5, True, None)
        assert model.model_samples.count() == 2
        assert len(read(model.model)["samples"]) == 2
    first, second = (capture(home, acronym, content(acronym, word)) for word in ("three", "four"))
    everything_done()
    answers = [answer_to(first), answer_to(second)]
    assert [answer.status for answer in answers] == [1, 1]
    assert answers[0].result != answers[1].result
    row = ReportInstrument.objects.get(report__learner=home.learners["bob"], instrument=NUMBERS[acronym])
    assert (float(row.confidence), float(row.enrolment)) == (1.0, 0.5 if needs_model else 0.0)
    assert max(row.identity_level, row.content_level, row.integrity_level) >= 2
    assert [*reports_rebuilt(Scope(learner=home.people["bob"].pk))] == []
    assert {read.reader_kind for read in FileRead.objects.all()} == {"provider"}
    again = capture(home, acronym, content(acronym, "three"))
    everything_done()
    assert answer_to(again).result == answers[0].result  # equal bytes
