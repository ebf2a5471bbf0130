"""A provider of the benchmark: takes the messages of its queue and answers each at once, with a number of its own.

It reads arguments as JSON from standard input and ends with SIGTERM. With a port it answers as providers do, by
PUT /api/v2/provider/{id}/request/{request}/ on a connection that stays open; without one it calls, in a transaction of
each answer, the service that the view calls. A message is acknowledged after its answer.
"""

import json
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kombu import Connection as Broker
from kombu import Consumer, Exchange, Queue

from benchmarks.client import Connection, Target

Answer = Callable[[int, int], None]  # gets the ids of request and result
OK = 1
PREFETCHED = 20


def result_of(request: int) -> float:
    """Between 0 and 1, spread over all bins."""
    return request * 7919 % 1000 / 999


def body_of(request: int) -> dict[str, Any]:
    return {"status": OK, "result": result_of(request), "code": OK, "message_code": None, "error_message": None}


def over_http(provider: int, token: str, port: int) -> Answer:
    def target(request: int) -> Target:
        path = f"/api/v2/provider/{provider}/request/{request}/"
        return Target.sending(port, "PUT", path, json.dumps(body_of(request) | {"audit_data": None}).encode(), token)

    connection: list[Connection] = []

    def answer(request: int, result: int) -> None:
        sent = target(request)
        if not connection:
            connection.append(Connection(sent))
        connection[0].target = sent
        connection[0].ask()

    return answer


def in_process() -> Answer:
    import django

    django.setup()
    from reports.models import RequestProviderResult
    from reports.services.verifying import result_answered

    def answer(request: int, result: int) -> None:
        result_answered(row=RequestProviderResult(pk=result), **body_of(request))

    return answer


def main() -> None:
    given = json.load(sys.stdin)
    answer = over_http(given["id"], given["token"], given["port"]) if given["port"] else in_process()
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ending.append(number))

    def taken(message: Any) -> None:
        (request, result), _, _ = json.loads(message.body)
        answer(request, result)
        message.ack()

    queue = Queue(given["queue"], Exchange(given["queue"], type="direct"), routing_key=given["queue"])
    with Broker(given["broker"]) as broker, Consumer(broker.channel(), [queue], on_message=taken) as consumer:
        consumer.qos(prefetch_count=PREFETCHED)
        while not ending:
            with suppress(socket.timeout):
                broker.drain_events(timeout=0.5)


if __name__ == "__main__":
    main()
