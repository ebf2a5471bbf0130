"""What providers answer to requests. No HTTP."""

from typing import Any

import orjson
from django.db.models.functions import Now

from files.models import Kind, StoredFile
from files.services import file_store, files_erase
from kernel.domain import Invalid
from kernel.writes import one_transaction
from pipeline.jobs import enqueue
from reports.arithmetic import ResultStatus
from reports.models import RequestProviderResult
from reports.providing import result_locked


@one_transaction()
def result_answered(
    *,
    row: RequestProviderResult,
    status: int,
    result: float | None,
    code: int,
    message_code: str | None,
    error_message: str | None,
    audit: Any | None,
) -> None:
    """Store a provider's answer. The same again changes nothing; another one later is taken, after a timeout too."""
    row = result_locked(row)
    values: dict[str, Any] = {
        "status": status,
        "result": result,
        "code": code,
        "message_code_id": message_code,
        "error_message": error_message,
    }
    changes = {name: value for name, value in values.items() if getattr(row, name) != value}
    old = row.audit
    if audit is not None and old is None:
        learner = row.request.learner
        changes["audit"] = file_store(
            institution=learner.institution,
            owner=learner.user,
            kind=Kind.RESULT_AUDIT,
            media_type="application/json",
            content=[orjson.dumps(audit)],
            extension="json",
        )
    elif audit is None and old is not None:
        changes["audit"] = None
    if not changes:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=(*changes, "updated_at"))
    if "audit" in changes and old is not None:
        files_erase(files=StoredFile.objects.filter(pk=old.pk))
    enqueue("reports.results", [row.request_id])


@one_transaction()
def result_status_set(*, row: RequestProviderResult, status: int) -> None:
    """A provider says that it works on the request, or waits for something. Invalid once it is processed."""
    row = result_locked(row)
    if row.status == ResultStatus.PROCESSED:
        raise Invalid(status="The request is processed already.")
    row.status = status
    row.asked_at = Now()
    row.save(update_fields=("status", "asked_at", "updated_at"))
    enqueue("reports.results", [row.request_id])
