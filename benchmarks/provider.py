"""A provider of the benchmark: takes the messages of its queue and answers them at once, with numbers of its own.

It reads arguments as JSON from standard input and ends with SIGTERM. It answers on a connection that stays open: one
answer alone by PUT /api/v2/provider/{id}/request/{request}/, several together by POST to answers/. Or, with `reads`, it
does for each message what the Python SDK does. Messages are acknowledged after their answers.
"""

import json
import signal
import socket
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection as Broker
from kombu import Consumer, Exchange, Queue

from benchmarks.client import BadAnswer, Connection, Target
from benchmarks.client import body_of as body_of_answer

OK = 1
PREFETCHED = 20
PATIENCE = 0.05  # seconds until what has come is answered, though it is not a whole batch


def result_of(request: int) -> float:
    """Between 0 and 1, spread over all bins."""
    return request * 7919 % 1000 / 999


def body_of(request: int) -> dict[str, Any]:
    return {"status": OK, "result": result_of(request), "code": OK, "message_code": None, "error_message": None}


class Answers:
    """Sends the answers to these messages."""

    def __init__(self, provider: int, token: str, port: int) -> None:
        self.path, self.token, self.port = f"/api/v2/provider/{provider}", token, port
        self.connection: Connection | None = None

    def send(self, requests: list[int]) -> None:
        if len(requests) == 1:
            self._ask("PUT", f"request/{requests[0]}/", body_of(requests[0]) | {"audit_data": None})
            return
        body = {"results": [body_of(request) | {"request": request} for request in requests]}
        outcomes = json.loads(self._ask("POST", "answers/", body))["results"]
        if refused := [each for each in outcomes if each["error"]]:
            raise RuntimeError(f"refused: {refused}")

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> bytes:
        target = Target.sending(self.port, method, f"{self.path}/{path}", json.dumps(body).encode(), self.token)
        if self.connection is not None:
            with suppress(
                BadAnswer, OSError
            ):  # the server closes connections that rest; the same answer may come twice
                self.connection.target = target
                return self.connection.ask()
        self.connection = Connection(target)
        return self.connection.ask()


class Sdk(Answers):
    """Asks what the SDK asks before it answers a message, and each time on a connection of its own."""

    def send(self, requests: list[int]) -> None:
        for request in requests:
            asked = self._read(f"{self.path}/request/{request}/")
            provider = self._read(f"{self.path}/")
            if provider["instrument"]["requires_enrolment"]:
                enrolment = self._read(f"{self.path}/enrolment/{asked['learner_id']}/")
                self._file(enrolment["model"])
            self._file(asked["request"]["data"])
            self.connection = None
            super().send([request])

    def _read(self, path: str) -> Any:
        return json.loads(body_of_answer(Target.of(self.port, path, token=self.token)))

    def _file(self, address: str) -> Any:
        """What is at an address that an answer has named, asked without credentials."""
        return json.loads(body_of_answer(Target.of(self.port, urlsplit(address).path)))


def main() -> None:
    given = json.load(sys.stdin)
    kind, most = Sdk if given["reads"] else Answers, given["most"]
    answers = kind(given["id"], given["token"], given["port"])
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ending.append(number))
    waiting: list[Any] = []

    def answer() -> None:
        if waiting:
            answers.send([json.loads(message.body)[0][0] for message in waiting])
            for message in waiting:
                message.ack()
            waiting.clear()

    def taken(message: Any) -> None:
        waiting.append(message)
        if len(waiting) >= most:
            answer()

    queue = Queue(given["queue"], Exchange(given["queue"], type="direct"), routing_key=given["queue"])
    with Broker(given["broker"]) as broker, Consumer(broker.channel(), [queue], on_message=taken) as consumer:
        consumer.qos(prefetch_count=max(most, PREFETCHED))
        while not ending:
            with suppress(socket.timeout):
                broker.drain_events(timeout=PATIENCE if waiting else 0.5)
                continue
            answer()


if __name__ == "__main__":
    main()
