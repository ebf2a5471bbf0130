"""A provider that is written with the Python SDK: what it sends and reads, and the Celery worker that it is.

    python -m tests.clients.provider_sdk PORT FOLDER

reads one line, a JSON list of [role_id, secret_id], and runs a worker in a process of its own for each: it signs in at
the service on this port, and takes the broker and the queue from the answer. One that is killed is started again.
SIGTERM ends them. Each then leaves in FOLDER/<queue>.json which requests it has sent, which keys it has found in no
answer, which tasks were about something that is gone, and what has failed.

While there is a file FOLDER/hold-<queue>, the worker of this queue is about to answer a request and does not:
FOLDER/held-<queue> has the number of its process. With a file FOLDER/raise-<queue> its next task about to answer raises
instead, once, and has lost its message. Some samples are worked on otherwise:
see SILENT, LATER and `ProviderSDK.pause`. A task that is answered 503 is done again, as docs/providers.md says, and
FOLDER/provider-refused is made.

Its results come from the bytes of the samples, so that they are the same whenever and however often it is asked.
"""

import base64
import hashlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tests.clients.python_client import PythonClient
from tests.clients.reading import PROVIDER_SDK, Reader
from tests.clients.wire import SENT, exchanged
from tests.servers.service import Answer

LEAST = 2  # samples that a model is made of
ENOUGH = 4
SILENT = b"silent"  # a sample with these bytes is never answered
LATER = b"later"  # and one with these when a reminder has come
VALID, WRONG = 1, 2  # status of a validation
# Redis: seconds after which the message of a worker that was killed is given to another, and between two looks for one.
SOON_AGAIN = {"visibility_timeout": 5, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
PROCESSED, WAITING = 1, 6  # status of a result; for waiting the SDK has another number than the API
OK, WARNING, ALERT = 1, 2, 3


class ServerError(Exception):
    """Another status than the SDK expects: it raises, and Celery's task has failed."""


class ServiceAway(ServerError):
    """503: the same can succeed later."""


class ObjectNotFound(ServerError):
    """404: what it is about is gone, or not the provider's any more."""


class MistakeError(Exception):
    """Of the program itself, in the middle of a task."""


def outcome(content: bytes) -> tuple[float, int]:
    """Result and code of a sample with these bytes."""
    result = 0.5 + (hashlib.sha256(content).digest()[0] % 50) / 100
    return result, OK if result >= 0.6 else WARNING if result >= 0.55 else ALERT


def content_of(sample: dict[str, Any]) -> bytes:
    return base64.b64decode(sample["data"].partition(",")[2], validate=True)


class ProviderSDK(PythonClient):
    """The four tasks, each with the requests of the SDK in their order."""

    folder = "provider"
    marks: Path  # where a task that pauses says so
    about_to_answer: Callable[[], None] = staticmethod(lambda: None)

    def login(self) -> None:
        answer = self.send("login", 200)
        self.config, self.queues = answer["config"], answer["provider_queue"].split(",")
        self.values["provider"] = answer["provider_id"]
        self._keep(answer["token"])

    def answer(self, name: str, /, **values: Any) -> Answer:
        """Not compared with the schema, which would take longer than the rest of the program: tests/providers do it."""
        return exchanged(self.port, f"{self.folder}/{name}", self.values | values)

    def send(self, name: str, status: int, /, **values: Any) -> Any:
        answer = self.answer(name, **values)
        if answer.status != status:
            kind = {404: ObjectNotFound, 503: ServiceAway}.get(answer.status, ServerError)
            raise kind(f"{name}: {answer.status} {answer.body[:300]!r}")
        return self.taken(name, answer)

    @property
    def provider(self) -> dict[str, Any]:
        """Read anew each time."""
        return self.send("provider", 200)

    def file(self, name: str, address: str) -> Any:
        """What is at an address that an answer has named, asked without credentials."""
        return self.send(name, 200, address=self._target(address))

    def _target(self, address: str) -> str:
        """An absolute address, as it stands in the first line of a request."""
        server = f"http://127.0.0.1:{self.port}"
        assert address.startswith(f"{server}/"), address
        return address.removeprefix(server)

    def pause(self, doing: str, content: bytes) -> None:
        """A sample with the bytes "pause" and a word has the task that does this wait until its mark is gone."""
        if f"pause {doing}".encode() in content:
            mark = self.marks / f"paused-{doing}-{self.queues[0]}"
            mark.touch()
            while mark.exists():
                time.sleep(0.02)

    def validate_request(self, task_id: str, learner: str, sample: int, validation: int) -> None:
        self.values |= {"learner_id": learner, "sample": sample, "validation": validation}
        asked = self.send("validation", 200)
        assert (asked["id"], asked["sample"]["id"]) == (validation, sample)
        captured = self.file("captured", asked["sample"]["data"])
        assert captured["learner_id"] == learner == asked["sample"]["learner_id"]
        answer = {"status": VALID, "error_message": "null", "message_code_id": "null", "contribution": 1 / ENOUGH}
        if len(content_of(captured)) < 10:
            code = '"PROVIDER_INVALID_SAMPLE_DATA"'
            answer = {"status": WRONG, "error_message": '"Too short."', "message_code_id": code, "contribution": None}
        self.send("validation-answer", 200, validation_info={"bytes": len(content_of(captured))}, **answer)

    def enrol_learner(self, task_id: str, learner: str, sample: int) -> None:
        self.values |= {"learner_id": learner, "task_id": task_id}
        locked = self.send("lock", 201)
        assert locked["is_locked"] is True
        model = self.file("model", locked["model"])
        known = set(model.get("samples", ())) | {row["id"] for row in self._available()}
        if len(known) < LEAST:
            answer = self.answer("unlock")
            assert (answer.status, answer.json()) == (200, "Model unlocked")
            return
        upload = locked["model_upload_url"]
        assert [*upload["fields"]] == ["key"]
        text = json.dumps({"samples": sorted(known)})
        boundary = uuid.uuid4().hex
        target = self._target(upload["url"])
        self.send("model-upload", 204, address=target, boundary=boundary, model=text, **upload["fields"])
        told = {"percentage": min(1.0, len(known) / ENOUGH), "can_analyse": True, "used_samples": sorted(known)}
        self.send("metadata", 200, **told)
        if len(known) > LEAST:
            return
        self._be_reminded(f"look {learner}", 0, learner=learner)

    def _be_reminded(self, key: str, seconds: int, **info: Any) -> None:
        when = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)
        self.send("notification-set", 201, key=key, when=when.isoformat(), info=info)

    def _available(self) -> Iterator[dict[str, Any]]:
        """Samples that the model does not have yet, from all pages, each with what its validation has left."""
        page = self.send("available", 200)
        while True:
            for row in page["results"]:
                (found,) = self.send("validations", 200, sample=row["id"])["results"]
                assert found["status"] == VALID
                size = self.file("info", found["info"])["bytes"]
                content = content_of(self.file("captured", row["data"]))
                assert len(content) == size
                self.pause("learning", content)
                yield row
            if page["next"] is None:
                return
            page = self.send("next", 200, next=self._target(page["next"]))

    def verify_request(self, task_id: str, request: int, result: int, *, reminded: bool = False) -> None:
        self.values["request"] = request
        asked = self.send("request", 200)
        assert (asked["id"], asked["request"]["id"]) == (result, request)
        if self.provider["instrument"]["requires_enrolment"]:
            enrolment = self.send("enrolment", 200, learner_id=asked["learner_id"])
            assert enrolment["can_analyse"] is True
            assert self.file("model", enrolment["model"])["samples"]
        captured = self.file("captured", asked["request"]["data"])
        content = content_of(captured)
        if SILENT in content:
            self.send("request-status", 200, status=WAITING)
            return
        if LATER in content and not reminded:
            who = {"learner": asked["learner_id"]}
            self._be_reminded(f"verify {request}", 1, request=request, result=result, **who)
            return
        self.pause("verifying", content)
        score, code = outcome(content)
        audit = {"faces": [{"image": captured["data"], "score": score}]} if self._looks_at_faces() else None
        answer = {"error_message": "null", "message_code": "null", "audit_data": audit}
        self.about_to_answer()
        self.send("request-answer", 200, status=PROCESSED, result=score, code=code, **answer)

    def _looks_at_faces(self) -> bool:
        return self.provider["instrument"]["acronym"] == "fr"

    def provider_notify(self, task_id: str, notification: int) -> None:
        """A reminder to verify a request, or to look at a model: of what it was made."""
        self.values["notification"] = notification
        info = self.send("notification", 200)["info"]
        learner = info["learner"]
        self.send("notification-delete", 204)
        if "request" in info:
            self.verify_request(task_id, info["request"], info["result"], reminded=True)
            return
        used = self.send("used", 200, learner_id=learner)
        for row in used["results"][:1]:
            assert self.send("sample", 200, learner_id=learner, sample=row["id"])["id"] == row["id"]


TASKS: dict[str, Callable[..., None]] = {
    "tesla_ce.tasks.requests.enrolment.validate_request": ProviderSDK.validate_request,
    "tesla_ce.tasks.requests.enrolment.enrol_learner": ProviderSDK.enrol_learner,
    "tesla_ce.tasks.requests.verification.verify_request": ProviderSDK.verify_request,
    "tesla_ce.tasks.notification.providers.provider_notify": ProviderSDK.provider_notify,
}


def called(sdk: ProviderSDK, task: str, task_id: str, arguments: Sequence[Any]) -> None:
    """A token that ends within five minutes is replaced first. Ids of tasks must be UUIDs."""
    assert str(uuid.UUID(task_id)) == task_id
    if sdk.expires - time.time() < 5 * 60:
        sdk.login()
    TASKS[task](sdk, task_id, *arguments)


def called_until_answered(folder: Path, *call: Any) -> None:
    """Sooner than Retry-After says, so that tests are."""
    while True:
        try:
            return called(*call)
        except ServiceAway:
            (folder / "provider-refused").touch()
            time.sleep(0.5)


def held(folder: Path, queue: str) -> None:
    hold, mistake = folder / f"hold-{queue}", folder / f"raise-{queue}"
    if mistake.exists():
        mistake.unlink()
        raise MistakeError
    if hold.exists():
        (folder / f"held-{queue}").write_text(str(os.getpid()))
        while hold.exists():
            time.sleep(0.02)


def worker(port: int, folder: Path, role_id: str, secret_id: str) -> None:
    """Signs in, and does what comes until it is told to end."""
    from celery import Celery
    from kombu import Exchange, Queue

    sdk = ProviderSDK(port, Reader(PROVIDER_SDK), role_id=role_id, secret_id=secret_id)
    sdk.marks = folder
    sdk.login()
    app = Celery("provider")
    app.config_from_object(sdk.config, namespace="CELERY")
    if app.conf.broker_url.startswith("redis"):
        app.conf.broker_transport_options = SOON_AGAIN
    sdk.about_to_answer = partial(held, folder, sdk.queues[0])
    app.conf.task_queues = [Queue(name, Exchange(name, type="direct"), routing_key=name) for name in sdk.queues]
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=10)
        for queue in app.conf.task_queues:
            queue(connection.default_channel).declare()
    gone: list[str] = []
    failed: list[str] = []

    def handler(name: str) -> Callable[..., None]:
        def handle(task: Any, *arguments: Any) -> None:
            try:
                called_until_answered(folder, sdk, name, task.request.id, arguments)
            except ObjectNotFound:
                gone.append(name.rpartition(".")[2])
                raise
            except MistakeError:
                raise
            except Exception as error:
                failed.append(f"{name.rpartition('.')[2]}{list(arguments)}: {error!r}")
                raise

        return handle

    for name in TASKS:
        app.task(handler(name), name=name, bind=True, ignore_result=True)
    # A thread, not "solo", which confirms a message only after its task: that worker would lose none when it is killed.
    app.Worker(pool="threads", concurrency=1, hostname=f"{sdk.queues[0]}@%h", quiet=True).start()
    left = {"sent": sorted(SENT), "unseen": sdk.reader.unseen(), "gone": gone, "failed": failed}
    (folder / f"{sdk.queues[0]}.json").write_text(json.dumps(left))


def main(port: str, folder: str) -> None:
    import celery.apps.worker  # noqa: F401 - before the processes are forked: each has it

    children: dict[int, list[str]] = {}

    def begin(credentials: list[str]) -> None:
        if (child := os.fork()) == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            worker(int(port), Path(folder), *credentials)
            os._exit(0)
        children[child] = credentials

    def end(*_: Any) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)

    for credentials in json.loads(sys.stdin.readline()):
        begin(credentials)
    signal.signal(signal.SIGTERM, end)
    while children:
        child, status = os.wait()
        credentials = children.pop(child)
        if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
            begin(credentials)


if __name__ == "__main__":
    main(*sys.argv[1:])
