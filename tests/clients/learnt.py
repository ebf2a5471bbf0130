"""What providers would have learnt and found by now, in the database of DATABASE_URL.

Of several samples that somebody gave the last is refused. Whoever gave one has a complete model of it, and everybody
who was captured in an activity has a report of it: with the files that the demo's reports have, until there are others.
"""

import base64
import io
import json
import zipfile
from collections import defaultdict

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from courses.models import AssessmentSession  # noqa: E402
from demo.evidence import Evidence, LearnerActivity, StoredRequest  # noqa: E402
from demo.reports import create_report  # noqa: E402
from demo.stories import Capture  # noqa: E402
from files.models import StoredFile  # noqa: E402
from files.services import store  # noqa: E402
from institutions.models import Instrument, Provider  # noqa: E402
from learners.models import (  # noqa: E402
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    SampleStatus,
    ValidationStatus,
)
from reports.arithmetic import RequestStatus, ResultCode, ResultStatus  # noqa: E402
from reports.models import Alert, Request, RequestProviderResult, RequestResult  # noqa: E402

PROCESSED = {"status": ResultStatus.PROCESSED, "result": 0.8, "code": ResultCode.OK}
INSTRUMENTS = {row.acronym: row for row in Instrument.objects.filter(acronym__in=("fr", "ks", "plag"))}
PROVIDERS = {
    acronym: Provider.objects.get_or_create(
        acronym=f"demo_{acronym}",
        defaults={
            "instrument": instrument,
            "name": f"Demo {acronym}",
            "version": "1.0",
            "queue": f"demo_{acronym}",
            "enabled": True,
        },
    )[0]
    for acronym, instrument in INSTRUMENTS.items()
}


def validated(sample: EnrolmentSample, provider: Provider, *, is_refused: bool) -> None:
    said = {"status": ValidationStatus.VALID, "contribution": 1}
    if is_refused:
        said = {"status": ValidationStatus.ERROR, "error_message": "No face was found."}
    EnrolmentSampleValidation.objects.update_or_create(sample=sample, provider=provider, defaults=said)
    sample.status = SampleStatus.ERROR if is_refused else SampleStatus.VALID
    sample.save()


def learnt(provider: Provider) -> None:
    given = defaultdict(list)
    for sample in EnrolmentSample.objects.filter(instruments=provider.instrument).order_by("pk"):
        given[sample.learner_id].append(sample)
    for learner, samples in given.items():
        for sample in samples:
            validated(sample, provider, is_refused=sample is not samples[0] and sample is samples[-1])
        model, _ = Enrolment.objects.update_or_create(
            learner_id=learner,
            provider=provider,
            defaults={"institution_id": samples[0].institution_id, "percentage": 1, "can_analyse": True},
        )
        model.model_samples.set(sample for sample in samples if sample.status == SampleStatus.VALID)


def content(file: StoredFile) -> str:
    """The captured sample, as a data URL. An archive must have come through in one piece."""
    with store().open(file.storage_key) as opened:
        data = json.load(opened)["data"]
    if data.startswith("data:application/zip;base64,"):
        archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(data.partition(",")[2], validate=True)))
        assert archive.testzip() is None
        assert archive.read("content.txt") == b"My essay."
    return data


def checked(request: Request) -> StoredRequest:
    """The request with an answer of each of its instruments."""
    stored = StoredRequest(request, Capture(minute=0, answers={}), content(request.data))
    for instrument in request.instruments.all():
        row = {"request": request} | PROCESSED
        stored.answers[instrument.acronym] = RequestProviderResult.objects.create(
            provider=PROVIDERS[instrument.acronym], **row
        )
        stored.summaries[instrument.acronym] = RequestResult.objects.create(instrument=instrument, **row)
    request.status = RequestStatus.PROCESSED
    request.save()
    return stored


@transaction.atomic
def reported(requests: list[Request]) -> dict[str, int]:
    first = requests[0]
    sessions = AssessmentSession.objects.filter(activity=first.activity_id, learner=first.learner_id)
    alerts = Alert.objects.filter(activity=first.activity_id, learner=first.learner_id)
    models = {model.provider_id: model for model in first.learner.enrolments.all()}
    report = create_report(
        LearnerActivity(first.activity, first.learner, INSTRUMENTS, PROVIDERS, models),
        Evidence(list(sessions.order_by("pk")), [checked(request) for request in requests], list(alerts)),
        now=timezone.now(),
    )
    return {"report": report.pk, "learner": report.learner_id}


for one in PROVIDERS.values():
    learnt(one)
captured = defaultdict(list)
for asked in Request.objects.select_related("activity", "learner__user", "data").order_by("pk"):
    captured[asked.learner.user.uid].append(asked)
print(json.dumps({uid: reported(requests) for uid, requests in captured.items()}))
