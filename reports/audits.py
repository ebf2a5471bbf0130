"""The JSON behind an instrument's row of a report, made when it is read: what was captured, and what came of it.

Pictures and other samples are signed addresses for the reader, each checked again when it is followed. No key that
dashboards read is missing or null: a text that there is not is "".
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import orjson
from django.db.models import Exists, OuterRef

from files.contents import SAMPLE, Content, facts_of, is_picture, json_of, maker, samples_linked
from files.links import Links
from files.models import Made, StoredFile
from institutions.models import Provider
from kernel.batches import batched
from kernel.caller import Caller
from learners.models import Enrolment
from reports.contents import JSON, instant
from reports.models import ReportInstrument, RequestProviderResult, RequestResult
from reports.sentences import DEMONSTRATION
from reports.visibility import audit_shown

NO_SAMPLE = "data:,"  # of a request whose sample has been erased, or a face without a picture: nothing is on it
BATCH = 100  # requests
SAMPLE_FACTS: dict[str, Any] = {  # of a sample of a model, where its file does not say so
    "learner_id": "", "course_id": "", "activity_id": "", "session_id": "", "instruments": [], "metadata": {},
}  # fmt: skip


@maker(Made.AUDIT)
def audit_content(caller: Caller, key: int, name: str, links: Links) -> Content | None:
    row = ReportInstrument.objects.filter(pk=key).select_related("report").first()
    if row is None or not audit_shown(caller, row):
        return None
    return Content(row.report.institution_id, row.report.learner_id, Made.AUDIT, key, JSON, audit_json(row, links))


def audit_json(row: ReportInstrument, links: Links) -> Iterator[bytes]:
    """{"providers": {...}, "requests": {...}, "enrolment_samples": {...}, "demonstration": ""}, a request at a time."""
    samples: dict[int, StoredFile | None] = {}
    label = ""
    yield b'{"providers":{'
    for number, (key, provider) in enumerate(_providers(row, samples)):
        label = label or provider["demonstration"]
        yield b"," * bool(number) + _entry(key, provider)
    yield b'},"requests":{'
    for number, (key, request) in enumerate(_requests(row, links)):
        yield b"," * bool(number) + _entry(key, request)
    yield b'},"enrolment_samples":{'
    for number, (key, file) in enumerate(sorted(samples.items())):
        facts = SAMPLE_FACTS | _known(facts_of(file))
        yield b"," * bool(number) + _entry(
            key, facts | {"metadata": _known(facts["metadata"]), "data": _sample(links, file)}
        )
    yield b'},"demonstration":' + orjson.dumps(label) + b"}"


def _entry(key: int, value: dict[str, Any]) -> bytes:
    return orjson.dumps(str(key)) + b":" + orjson.dumps(value)


def _known(values: Any) -> dict[str, Any]:
    """What is stored, without what is null; {} for anything but an object."""
    return {name: value for name, value in values.items() if value is not None} if isinstance(values, dict) else {}


def _sample(links: Links, file: StoredFile | None) -> str:
    return NO_SAMPLE if file is None else str(links(file.pk, "sample-0.data", SAMPLE))


def _providers(row: ReportInstrument, samples: dict[int, StoredFile | None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The providers that have results, with the samples of their models, which are noted."""
    asked = RequestProviderResult.objects.filter(
        provider=OuterRef("pk"), request__activity=row.report.activity_id, request__learner=row.report.learner_id
    )
    models = {model.provider_id: model for model in Enrolment.objects.filter(learner=row.report.learner_id)}
    for provider in Provider.objects.filter(Exists(asked), instrument=row.instrument_id).order_by("pk"):
        model = models.get(provider.pk)
        used = list(model.model_samples.select_related("data").order_by("pk")) if model else []
        samples |= {sample.pk: sample.data for sample in used}
        yield (
            provider.pk,
            {
                "id": provider.pk,
                "acronym": provider.acronym,
                "name": provider.name,
                "enrolment_samples": [sample.pk for sample in used],
                "enrolment_percentage": float(model.percentage) if model else 0.0,
                "demonstration": DEMONSTRATION if provider.is_demonstration else "",
            },
        )


def _requests(row: ReportInstrument, links: Links) -> Iterator[tuple[int, dict[str, Any]]]:
    """The requests in their order; the results and files of some at a time."""
    results = RequestResult.objects.filter(
        request__activity=row.report.activity_id, request__learner=row.report.learner_id, instrument=row.instrument_id
    )
    keys = results.order_by("request__created_at", "request").values_list("pk", flat=True)
    for part in batched(list(keys), BATCH):
        found = results.filter(pk__in=part).select_related("request__data").order_by("request__created_at", "request")
        answers = RequestProviderResult.objects.filter(
            request__in=[result.request_id for result in found], provider__instrument=row.instrument_id
        )
        ordered = answers.select_related("audit").order_by("request", "provider")
        of = {request: list(group) for request, group in groupby(ordered, key=lambda answer: answer.request_id)}
        for result in found:
            yield result.request_id, _request(result, of.get(result.request_id, []), links)


def _request(result: RequestResult, answers: list[RequestProviderResult], links: Links) -> dict[str, Any]:
    request = result.request
    return {
        "id": request.pk,
        "created_at": instant(request.created_at),
        "error_message": request.error_message or "",
        "session": request.session_id or "",
        "result": result.result or 0.0,
        "status": request.status,
        "error_message_res": result.error_message or "",
        "message_code": result.message_code_id or "",
        "code": result.code,
        "results": {
            str(answer.provider_id): {
                "status": answer.status,
                "result": answer.result or 0.0,
                "audit": _audit(answer.audit, links),
            }
            for answer in answers
        },
        "data": _sample(links, request.data),
        "metadata": _known(facts_of(request.data).get("metadata")),
    }


def _audit(file: StoredFile | None, links: Links) -> dict[str, Any]:
    """A provider's audit data, with addresses in place of pictures, and a list of faces whatever the provider sent.

    Dashboards show the picture of a face: it is never an address that the provider has named.
    """
    stored = json_of(file)
    audit = stored if isinstance(stored, dict) else {} if stored is None else {"data": stored}
    if file is not None:
        audit = samples_linked(audit, lambda number: str(links(file.pk, f"sample-{number}.data", SAMPLE)))
    faces = audit.get("faces")
    if not isinstance(stored, dict) or not isinstance(faces, list):
        return audit | {"faces": []}
    both = zip(faces, stored["faces"], strict=True)
    return audit | {"faces": [_face(linked, sent) for linked, sent in both if isinstance(sent, dict)]}


def _face(face: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """A picture and a score, whatever the provider left out."""
    score = face.get("score")
    return face | {
        "image": face["image"] if is_picture(sent.get("image")) else NO_SAMPLE,
        "score": score if isinstance(score, int | float) else 0.0,
    }
