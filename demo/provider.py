"""The built-in providers at work: each calls the API of providers as one in the field does, within this process.

Every task can be done again. A 404 ends it: the learner has withdrawn, or what it is about is gone. Whatever else the
API refuses is an error, after which the message comes again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.request import urlopen
from uuid import UUID, uuid5

import orjson

from demo.enrolments import ENOUGH
from demo.measuring import MEASURES, NOTE, Measure, Problem, content_of, queue_of, result_of
from files.permissions import caller_now
from institutions.models import Provider
from institutions.services.notifications import NOTIFY
from kernel.caller import CallerKind
from kernel.http.local import LocalClient
from learners.models import ValidationStatus
from learners.validating import ENROL, VALIDATE
from reports.arithmetic import ResultCode, ResultStatus
from reports.services.verifying import VERIFY

PAGE = 1000  # rows
CONTRIBUTION = 0.25  # of a valid sample to a complete model
TASKS_OF = UUID("6f1c0f0e-6d1e-4c53-9a8e-0d7f0c6a3b52")  # names the tasks that lock models
TIMEOUT = 10  # seconds, for a file store of its own


class Gone(Exception):  # noqa: N818 - no error
    """The provider may not see it, or not any more."""


class RefusedError(Exception):
    """The API has answered something else than is documented for a provider that does its work."""


def consumer_of(acronym: str) -> Callable[[str, Sequence[Any]], None]:
    """What takes the messages of the built-in provider of this instrument."""

    def take(task: str, arguments: Sequence[Any]) -> None:
        provider = Provider.objects.filter(queue=queue_of(acronym)).first()
        if provider is not None:
            worker = DemoProvider(provider, MEASURES[acronym])
            work: dict[str, Callable[..., None]] = {
                VALIDATE: worker.validate, ENROL: worker.enrol, VERIFY: worker.verify, NOTIFY: worker.notified,
            }  # fmt: skip
            try:
                work[task](*arguments)
            except Gone:
                return

    return take


class DemoProvider:
    def __init__(self, provider: Provider, measure: Measure) -> None:
        self.measure, self.root = measure, f"/api/v2/provider/{provider.pk}/"
        caller = caller_now(CallerKind.PROVIDER, provider.pk)
        if caller is None:
            raise RefusedError(f"{provider.acronym} has no valid credentials.")
        self.client = LocalClient(caller)

    # The tasks.

    def validate(self, learner: str, sample: int, validation: int) -> None:
        path = f"enrolment/{learner}/sample/{sample}/validation/{validation}/"
        found = content_of(self.measure, self._followed(self._get(path)["sample"]["data"]))
        if isinstance(found, Problem):
            answer = {"status": ValidationStatus.ERROR, "error_message": found.text, "message_code_id": found.code}
        else:
            answer = {
                "status": ValidationStatus.VALID,
                "contribution": CONTRIBUTION,
                "validation_info": _facts(found),
            }
        self._send("PUT", path, answer)

    def enrol(self, learner: str, sample: int) -> None:
        """Put all samples that wait into the model. The same message again finds its own lock, whatever ended it."""
        task, path = str(uuid5(TASKS_OF, f"{self.root} {learner} {sample}")), f"enrolment/{learner}/"
        model = self._send("POST", "enrolment/", {"learner_id": learner, "task_id": task})
        waiting = [row["id"] for row in self._rows(f"{path}available_samples/")]
        if not waiting:
            self._send("POST", f"{path}unlock/", {"token": task})
            return
        learnt = self._followed(model["model"])
        percentage = model["percentage"]
        for key in waiting:
            for validation in self._rows(f"{path}sample/{key}/validation/"):
                percentage += validation["contribution"] or 0
                learnt.setdefault("samples", {})[str(key)] = self._followed(validation["info"])
        self._upload(model["model_upload_url"], learnt | {"demonstration": NOTE})
        percentage = min(1.0, percentage)
        self._send("PUT", path, {
            "learner_id": learner,
            "task_id": task,
            "percentage": percentage,
            "can_analyse": percentage >= float(ENOUGH),
            "used_samples": waiting,
        })  # fmt: skip

    def verify(self, request: int, _result: int) -> None:
        path = f"request/{request}/"
        row = self._get(path)
        sample = self._followed(row["request"]["data"])
        found = content_of(self.measure, sample)
        if self._get("")["instrument"]["requires_enrolment"] and not self._can_analyse(row["learner_id"]):
            answer = _failure(
                ResultStatus.MISSING_ENROLMENT,
                "PROVIDER_INCOMPLETE_ENROLMENT",
                "Demonstration: the model is not complete enough.",
            )
        elif isinstance(found, Problem):
            answer = _failure(ResultStatus.ERROR, found.code, found.text)
        else:
            result = result_of(self.measure, found)
            audit = _facts(found)
            if self.measure.shows_faces:
                audit["faces"] = [{"image": sample["data"], "score": result}]
            # OK, so that the thresholds decide alone.
            answer = {
                "status": ResultStatus.PROCESSED, "result": result, "code": ResultCode.OK, "audit_data": audit,
            }  # fmt: skip
        self._send("PUT", path, answer)

    def notified(self, notification: int) -> None:
        """It sets itself no reminders; others' are read and deleted, as documented."""
        path = f"notification/{notification}/"
        self._get(path)
        self._send("DELETE", path)

    # The calls.

    def _can_analyse(self, learner: str) -> bool:
        return bool(self._get(f"enrolment/{learner}/")["can_analyse"])

    def _get(self, path: str) -> Any:
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        address = self.root + path
        answer = self.client.send(method, address, body)
        return _taken(f"{method} {address}", answer.status, answer.data)

    def _rows(self, path: str) -> Iterator[dict[str, Any]]:
        address: str | None = f"{self.root}{path}?limit={PAGE}&ordering=id"
        while address:
            answer = self.client.get(address)
            page = _taken(f"GET {address}", answer.status, answer.data)
            yield from page["results"]
            address = page["next"]

    @staticmethod
    def _followed(address: str | None) -> Any:
        """The JSON at a signed address, which is read without credentials. A store of its own redirects."""
        if address is None:
            return {}
        answer = LocalClient().get(address)
        if answer.status == 302:
            with urlopen(answer.headers["Location"], timeout=TIMEOUT) as stored:  # noqa: S310 - told by the service
                return orjson.loads(stored.read())
        return _taken("GET of a file", answer.status, answer.data)

    @staticmethod
    def _upload(target: dict[str, Any], model: dict[str, Any]) -> None:
        answer = LocalClient().upload(target["url"], target["fields"], "model.json", orjson.dumps(model))
        _taken("POST of a model", answer.status, answer.data)


def _taken(what: str, status: int, data: Any) -> Any:
    if status == 404:
        raise Gone
    if not 200 <= status < 300:
        raise RefusedError(f"{what}: {status} {data}")
    return data


def _facts(content: bytes) -> dict[str, Any]:
    return {"demonstration": NOTE, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _failure(status: ResultStatus, code: str, text: str) -> dict[str, Any]:
    return {"status": status, "message_code": code, "error_message": text}
