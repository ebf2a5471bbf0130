"""Who carries background work, as real processes: the server's thread, `manage.py work`, Redis and RabbitMQ.

Every fault is really caused. The answers are the same for each engine. Brokers are tried on the database of production.
Jobs of processes that are killed and of brokers that go away: test_reports_and_faults.py.
"""

import signal
import time
import uuid
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any

import amqp.exceptions
import pytest
from kombu import Connection

from pipeline.broker import OWN_QUEUE, Publisher, queue_of
from pipeline.relay import RUN_TASK
from pipeline.tasks import PROVIDER_TASKS
from tests.servers.engines import Engine, until
from tests.servers.worked.jobs import QUEUE

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("engines")]
VERIFY = "tesla_ce.tasks.requests.verification.verify_request"


def test_jobs_are_done_and_messages_arrive_at_a_provider_of_this_installation(engine):
    """Equal keys collapse, a broken one holds up no other, and a failed message comes again."""
    messages = [[QUEUE, VERIFY, key, key, 7] for key in ("m1", "again1")]
    engine.ask("a", "b", "a", "bad1", "c", messages=messages)
    engine.noted("a", "b", "c", "verify_request:m1", "verify_request:again1")
    (left,) = until(lambda: [row for row in engine.look("jobs") if row["error"]])
    assert (left["key"], left["error"]) == ("bad1", "ValueError: bad1 is bad")
    until(lambda: len(engine.look("notes", beginning="tick")) >= 2)


def test_a_commit_is_noticed_at_once(engine):
    if engine.name == "work":
        pytest.skip("another process looks once a second")
    engine.ask("warm")
    engine.noted("warm")
    begun = time.monotonic()
    for number in range(5):
        engine.ask(f"n{number}")
        until(lambda n=number: len(engine.look("notes", beginning="n")) == n + 1)
    assert time.monotonic() - begun < 4


def test_a_message_whose_process_was_killed_comes_again(engine):
    engine.ask(messages=[[QUEUE, VERIFY, "1", "slow60-message"]])
    engine.begun("slow60-message")
    engine.kill()
    engine.work_again()
    until(lambda: {*engine.look("notes")} == {"verify_request:slow60-message"})
    until(lambda: engine.look("jobs") == [])  # a broker may have sent it again, too: it arrives at least once
    until(lambda: engine.look("jobs") == [])


def test_a_worker_that_is_told_to_end_finishes_what_it_does(engine):
    if engine.name not in ("work", "rabbitmq"):
        pytest.skip("the server's own end, or Celery's with another broker")
    engine.ask("slow1-last", "beside")
    engine.begun("slow1-last")
    worker = engine.workers.pop()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0
    assert engine.look("notes") == ["beside", "slow1-last"]
    engine.work()


def test_a_server_that_is_told_to_end_does_so_soon(engine):
    if engine.name != "thread":
        pytest.skip("the same thread")
    server = engine.service.start()
    begun = time.monotonic()
    process = engine.service.processes.pop()
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert server.pid == process.pid
    assert time.monotonic() - begun < 5


def test_figures_are_told_to_an_address_that_may_ask(engine):
    """What the processes of the server have counted is in a folder that they share."""
    if engine.name != "thread":
        pytest.skip("the same figures")
    engine.ask("a", "bad2")
    until(lambda: any(row["error"] for row in engine.look("jobs")))
    answer = _get(engine.server.port, "/metrics")
    assert 'tesla_requests_total{method="POST",operation="worked",status="200"}' in answer
    assert 'tesla_jobs{name="worked.note",queue="",state="waiting"}' in answer
    assert 'tesla_stuck{provider="worked",what="overdue_things"} 3.0' in answer
    assert engine.look("figures")["gauges"]["overdue_things"] == {"worked": 3}


def _get(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200
    return text


# With a broker.


def received(url: str, queue: str) -> list[dict[str, Any]]:
    """Messages of the queue, taken from it: headers, and the arguments."""
    found = []
    with Connection(url, connect_timeout=5) as connection:
        bound = queue_of(queue)(connection.channel())
        bound.declare()  # as a worker does: with other properties the broker would refuse it
        while (message := bound.get(no_ack=True)) is not None:
            found.append(message.headers | {"arguments": message.payload[0]})
    return found


def url_of(engine: Engine, provider: dict[str, Any]) -> str:
    """The broker's address that the provider is told when it signs in."""
    body = {"role_id": provider["role_id"], "secret_id": provider["secret_id"]}
    answer = engine.server.call("POST", "/api/v2/auth/approle", body)
    assert answer.status == 200
    return answer.json()["config"].get("CELERY_BROKER_URL", engine.broker.url)


def test_a_provider_is_sent_what_celery_sends(with_broker):
    engine = with_broker
    provider = engine.look("provider", acronym="sent")
    queue, found = provider["queue"], []
    engine.ask(messages=[[queue, task, str(place), place, "x"] for place, task in enumerate(PROVIDER_TASKS)])
    url = url_of(engine, provider)
    until(lambda: found.extend(received(url, queue)) or len(found) >= len(PROVIDER_TASKS))
    assert [(each["task"], each["arguments"]) for each in found] == [
        (task, [place, "x"]) for place, task in enumerate(PROVIDER_TASKS)
    ]
    assert len({uuid.UUID(each["id"]) for each in found}) == len(PROVIDER_TASKS)
    until(lambda: engine.look("jobs") == [])


def test_the_depths_of_the_brokers_queues_are_told(with_broker):
    """A provider that has not connected yet has no queue, or no virtual host. While it is away: examined.py."""
    engine = with_broker
    silent = engine.look("provider", acronym="silent")
    provider = engine.look("provider", acronym="deep")
    url_of(engine, provider)
    engine.ask(messages=[[provider["queue"], VERIFY, str(number), number] for number in range(3)])

    def told() -> dict[str, tuple[int | None, str]]:
        return {row["queue"]: (row["messages"], row["error"]) for row in engine.look("figures")["depths"]}

    until(lambda: told()[provider["queue"]] == (3, ""))
    found = told()
    assert found[OWN_QUEUE] == (0, "")
    assert found[silent["queue"]][0] in (0, None)
    assert f'tesla_broker_messages{{queue="{provider["queue"]}"}} 3.0' in _get(engine.server.port, "/metrics")


def test_messages_that_come_twice_or_late_or_are_nonsense_change_nothing(with_broker):
    engine = with_broker
    if engine.name != "redis":
        pytest.skip("Celery reads them from both alike")
    publisher = Publisher(engine.broker.url)
    for _ in range(3):
        publisher.send(OWN_QUEUE, RUN_TASK, ["worked.note"], {})  # before there is work
    engine.look("ask", keys=["a", "b"])
    for arguments in (["worked.note"], ["worked.note"], ["unknown"], [], [1, 2, 3]):
        publisher.send(OWN_QUEUE, RUN_TASK, arguments, {})
    publisher.send(OWN_QUEUE, "no.such.task", [1], {})
    publisher.producer.publish("no JSON", exchange="", routing_key=OWN_QUEUE, content_type="application/json")
    publisher.close()
    engine.noted("a", "b")
    engine.ask("c")
    engine.noted("a", "b", "c")


@pytest.fixture
def rabbitmq(with_broker: Engine) -> Engine:
    if with_broker.name != "rabbitmq":
        pytest.skip("Redis has no accounts for single queues")
    return with_broker


def is_let_in(url: str) -> bool:
    try:
        with Connection(url, connect_timeout=5) as connection:
            connection.connect()
    except (amqp.exceptions.AccessRefused, amqp.exceptions.NotAllowed):
        return False
    return True


def test_a_provider_reaches_its_own_virtual_host_and_no_other(rabbitmq):
    one, other = (rabbitmq.look("provider", acronym=acronym) for acronym in ("one", "other"))
    mine, foreign = url_of(rabbitmq, one), url_of(rabbitmq, other)
    assert mine == url_of(rabbitmq, one)
    assert (is_let_in(mine), is_let_in(foreign)) == (True, True)
    account = mine.rpartition("/")[0]
    assert not is_let_in(f"{account}/{other['queue']}")
    assert not is_let_in(f"{account}/%2F")
    assert received(mine, other["queue"]) == []  # a queue of that name in its own virtual host is another one
    rabbitmq.ask(messages=[[other["queue"], VERIFY, "1", 1]])
    found: list[dict] = []
    until(lambda: found.extend(received(foreign, other["queue"])) or found)
    assert received(mine, other["queue"]) == []


def test_a_rotation_ends_the_old_account_and_its_connections(rabbitmq):
    provider = rabbitmq.look("provider", acronym="rotated")
    before = url_of(rabbitmq, provider)
    rabbitmq.ask(messages=[[provider["queue"], VERIFY, "1", 1]])
    with Connection(before, connect_timeout=5) as connection:
        connection.connect()
        kept = url_of(rabbitmq, provider | rabbitmq.look("rotate", pk=provider["id"], minutes=30))
        assert kept != before
        assert is_let_in(before)
        after = url_of(rabbitmq, provider | rabbitmq.look("rotate", pk=provider["id"], minutes=0))
        until(lambda: not is_let_in(before) and not is_let_in(kept))
        with pytest.raises(connection.connection_errors):
            for _ in range(20):
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.5)
    found: list[dict] = []
    until(lambda: found.extend(received(after, provider["queue"])) or found)
    rabbitmq.look("delete", pk=provider["id"])
    until(lambda: not is_let_in(after))
    until(lambda: rabbitmq.look("jobs") == [])
