"""Stands for the providers: answers what waits. Run by the helper process of a service.

Of several samples that somebody gave the last is refused. Whoever gave one has a complete model of it, and everybody
who was captured in an activity has a report of it.
"""

import base64
import io
import json
import zipfile
from collections import defaultdict

from django.db import transaction

from files.models import StoredFile
from files.services import store
from institutions.models import Instrument, Provider, User
from learners.models import (
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    SampleStatus,
    ValidationStatus,
)
from pipeline.running import run_due
from reports.arithmetic import ResultCode, ResultStatus
from reports.models import Report, Request, RequestProviderResult
from reports.services.rebuilding import Scope, reports_rebuilt
from reports.services.verifying import requests_dispatched, result_answered
from tests.world import PASSWORD

PROCESSED = {"status": ResultStatus.PROCESSED, "result": 0.8, "code": ResultCode.OK}


def instruments() -> dict[str, Instrument]:
    return {row.acronym: row for row in Instrument.objects.filter(acronym__in=("fr", "ks", "plag"))}


def providers() -> dict[str, Provider]:
    """One of each of these instruments, by the acronym of the instrument."""
    return {acronym: provider_of(instrument) for acronym, instrument in instruments().items()}


def provider_of(instrument: Instrument) -> Provider:
    name = f"demo_{instrument.acronym}"
    values = {"instrument": instrument, "name": name, "version": "1.0", "queue": name, "enabled": True}
    return Provider.objects.get_or_create(acronym=name, defaults=values)[0]


def validated(sample: EnrolmentSample, provider: Provider, *, is_refused: bool) -> None:
    result = {"status": ValidationStatus.VALID, "contribution": 1}
    if is_refused:
        result = {"status": ValidationStatus.ERROR, "error_message": "No face was found."}
    EnrolmentSampleValidation.objects.update_or_create(sample=sample, provider=provider, defaults=result)
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


@transaction.atomic
def checked(request: Request) -> None:
    """Each provider of the request's instruments is asked, as the job does it, and answers; faces with a picture."""
    picture = content(request.data)
    requests_dispatched([request.pk])
    for row in RequestProviderResult.objects.filter(request=request).select_related("provider__instrument"):
        faces = {"faces": [{"image": picture, "score": PROCESSED["result"]}]}
        result_answered(row=row, **PROCESSED, audit=faces if row.provider.instrument.acronym == "fr" else None)


def answer_everything() -> dict[str, dict[str, int]]:
    """All samples and requests that wait are answered; the report of each captured learner, by the learner's uid."""
    for provider in providers().values():
        learnt(provider)
    for request in Request.objects.select_related("activity", "learner__user", "data").order_by("pk"):
        checked(request)
    run_due()
    reports = Report.objects.select_related("learner__user").order_by("-pk")
    return {row.learner.user.uid: {"report": row.pk, "learner": row.learner_id} for row in reports}


def differences() -> list[str]:
    """What `rebuild_reports` finds."""
    run_due()
    return [str(found) for found in reports_rebuilt(Scope())]


def first_administrator() -> dict[str, str]:
    """A global administrator for an empty database, and with what to sign in."""
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    return {"email": root.email, "password": PASSWORD}
