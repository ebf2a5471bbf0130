"""Creates the enrolment of the sample learners: samples, validations and models."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from demo.pictures import data_url, portrait
from demo.sounds import tone
from files.models import Kind, StoredFile
from files.services import file_store
from institutions.models import Instrument, Provider
from learners.models import (
    Enrolment,
    EnrolmentSample,
    EnrolmentSampleValidation,
    Learner,
    SampleStatus,
    ValidationStatus,
)
from learners.validating import ENROL, VALIDATE
from pipeline.jobs import add, provider_job

# The contribution of the first, second and third sample to a model, and the percentage at which a model can analyse.
SHARES = (Decimal("0.4"), Decimal("0.35"), Decimal("0.25"))
ENOUGH = Decimal("0.4")


@dataclass(frozen=True)
class Extent:
    """Numbers of samples: used by the model, validated but not used yet, and being validated."""

    learned: int = 3
    validated: int = 0
    validating: int = 0


FULL, GOOD = Extent(3), Extent(2)
LEARNING = Extent(1, validated=1, validating=1)
BEGUN = Extent(0, validated=1, validating=1)


def instant(value: datetime) -> str:
    """A time in the API's format."""
    return value.isoformat().replace("+00:00", "Z")


def store_json(learner: Learner, kind: Kind, content: object) -> StoredFile:
    """Store a JSON file whose owner is the learner."""
    return file_store(
        institution=learner.institution,
        owner=learner.user,
        kind=kind,
        media_type="application/json",
        content=[json.dumps(content, ensure_ascii=False).encode()],
        extension="json",
    )


def sample_content(learner: Learner, acronym: str, pose: int, faces: int = 1) -> str:
    """The content of a sample as a data URL: a drawn face, a tone, or a text for other instruments."""
    if acronym == "fr":
        return portrait(learner.pk, pose, faces)
    if acronym == "vr":
        return tone(learner.pk, pose)
    return data_url("text/plain", f"Sample data: {acronym}, {pose + 1}.\n".encode())


def mime_type(acronym: str) -> str:
    return {"fr": "image/png", "vr": "audio/wav"}.get(acronym, "text/plain")


@transaction.atomic
def ensure_enrolment(learner: Learner, extents: Iterable[tuple[Provider, Extent]], *, since: datetime) -> None:
    """Create samples, validations and models of the learner, for the providers for which the learner has none."""
    known_providers = {
        *EnrolmentSampleValidation.objects.filter(sample__learner=learner).values_list("provider_id", flat=True)
    }
    known_providers |= {*Enrolment.objects.filter(learner=learner).values_list("provider_id", flat=True)}
    for provider, extent in extents:
        if provider.pk not in known_providers and provider.instrument is not None:
            _create_enrolment(learner, provider, provider.instrument, extent, since)


def _create_enrolment(
    learner: Learner, provider: Provider, instrument: Instrument, extent: Extent, since: datetime
) -> None:
    known = extent.learned + extent.validated
    samples = [
        EnrolmentSample(
            institution=learner.institution,
            learner=learner,
            status=SampleStatus.VALID if turn < known else SampleStatus.STORED,
            data=_sample_file(learner, instrument, turn, since),
        )
        for turn in range(known + extent.validating)
    ]
    EnrolmentSample.objects.bulk_create(samples)
    through = EnrolmentSample.instruments.through
    through._default_manager.bulk_create(
        [through(enrolmentsample_id=sample.pk, instrument_id=instrument.pk) for sample in samples]
    )
    validations = EnrolmentSampleValidation.objects.bulk_create(
        EnrolmentSampleValidation(
            sample=sample,
            provider=provider,
            status=ValidationStatus.VALID if turn < known else ValidationStatus.VALIDATING,
            contribution=SHARES[turn] if turn < known else None,
        )
        for turn, sample in enumerate(samples)
    )
    _ask(learner, provider, validations[extent.learned :])
    if extent.learned:
        share = sum(SHARES[: extent.learned], Decimal(0))
        model = Enrolment.objects.create(
            institution=learner.institution,
            learner=learner,
            provider=provider,
            percentage=share,
            can_analyse=share >= ENOUGH,
        )
        model.model_samples.set(samples[: extent.learned])


def _ask(learner: Learner, provider: Provider, validations: Iterable[EnrolmentSampleValidation]) -> None:
    """The provider goes on with what is under way, as soon as somebody carries messages."""
    person = str(learner.learner_id)
    add(
        provider_job(provider.queue, ENROL, str(row.pk), person, row.sample_id)
        if row.status == ValidationStatus.VALID
        else provider_job(provider.queue, VALIDATE, str(row.pk), person, row.sample_id, row.pk)
        for row in validations
    )


def _sample_file(learner: Learner, instrument: Instrument, turn: int, since: datetime) -> StoredFile:
    content = {
        "learner_id": str(learner.learner_id),
        "data": sample_content(learner, instrument.acronym, turn),
        "instruments": [instrument.pk],
        "metadata": {
            "mimetype": mime_type(instrument.acronym),
            "filename": None,
            "created_at": instant(since + timedelta(minutes=turn)),
            "context": {},
        },
    }
    return store_json(learner, Kind.SAMPLE, content)
