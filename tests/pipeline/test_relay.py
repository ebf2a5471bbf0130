"""What is published and when, with a broker that notes it: tests/servers/test_engines.py has real ones."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from amqp.exceptions import (
    AccessRefused,
    ChannelError,
    ConnectionForced,
    FrameError,
    MessageNacked,
    NotFound,
    PreconditionFailed,
    error_for_code,
)
from celery.exceptions import Reject
from django.db import OperationalError
from kombu.exceptions import EncodeError
from kombu.transport.redis import Channel
from redis.exceptions import NoPermissionError, OutOfMemoryError, ReadOnlyError, ResponseError

from pipeline import broker, relay, tasks, turns
from pipeline.jobs import enqueue, enqueue_for_provider
from pipeline.models import BrokerAccount, Job
from pipeline.relay import BATCH, OWN_QUEUE, PREFIX, RENEW, REST, RUN_TASK, Relay
from pipeline.running import TRIES, retry
from tests.pipeline.conftest import later


@dataclass
class Broker:
    sent: list[tuple[str, str, list[Any]]] = field(default_factory=list)
    headers: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0
    away: Exception | None = None  # what connecting and publishing raise
    broken: dict[str, Exception] = field(default_factory=dict)  # by queue
    poison: dict[str, Exception] = field(default_factory=dict)  # by the first argument of a message
    lying: list[str] = field(default_factory=list)  # messages of the service's own queue that no worker has taken
    now: float = 1000.0  # of the relay's monotonic clock

    def own(self) -> list[str]:
        return [arguments[0] for queue, task, arguments in self.sent if (queue, task) == (OWN_QUEUE, RUN_TASK)]

    def foreign(self) -> list[tuple[str, str, list[Any]]]:
        return [each for each in self.sent if each[0] != OWN_QUEUE]


@pytest.fixture
def noted(works, settings, monkeypatch) -> Broker:
    made = Broker()

    class Noting:
        was_used = False

        def __init__(self, url: str) -> None:
            made.connections += 1
            if made.away:
                raise made.away

        def send(self, queue, task, arguments, headers) -> None:
            if error := made.away or made.broken.get(queue) or made.poison.get(arguments[0]):
                raise error
            self.was_used = True
            if queue == OWN_QUEUE:
                made.lying.append(arguments[0])
            made.sent.append((queue, task, list(arguments)))
            made.headers.append(headers)

        def depth(self, queue) -> int:
            if made.away:
                raise made.away
            return len(made.lying) if queue == OWN_QUEUE else 0

        def close(self) -> None: ...

    settings.BROKER_URL = "amqp://tesla:tesla@broker.example.org/"
    monkeypatch.setattr(relay, "Publisher", Noting)
    monkeypatch.setattr(relay.time, "monotonic", lambda: made.now)
    monkeypatch.setattr(relay.time, "sleep", lambda seconds: None)
    return made


def test_one_message_for_all_jobs_of_a_name(noted, works):
    works.declare("t.one")
    works.declare("t.two")
    works.declare("t.idle")
    enqueue("t.one", range(100))
    enqueue("t.two", [1])
    processes = [Relay(), Relay()]
    for process in processes * 2:
        process()
    assert sorted(noted.own()) == ["t.one", "t.two"]
    assert noted.connections == 1, "only one process had something to publish"
    assert Job.objects.count() == 101, "a worker deletes them"


def test_a_message_that_was_lost_is_sent_again(noted, works):
    works.declare("t.one")
    enqueue("t.one", [1])
    process = Relay()
    process()
    later(RENEW - 1)
    process()
    assert noted.own() == ["t.one"]
    noted.lying.clear()
    later(2)
    process()
    assert noted.own() == ["t.one", "t.one"]


def test_while_nobody_listens_messages_do_not_pile_up(noted, works):
    names = ["t.one", "t.two", "t.three"]
    for name in names:
        works.declare(name)
    process = Relay()
    for number in range(30):
        for name in names:
            enqueue(name, [number])
        process()
        later(RENEW + 1)
    assert sorted(noted.own()) == sorted(names)
    noted.lying.remove("t.two")  # a worker begins
    process()
    assert len(noted.own()) == len(names) + 1
    noted.lying.clear()  # the broker has lost what it had
    later(RENEW + 1)
    process()
    assert sorted(noted.lying) == sorted(names)


def test_when_a_worker_has_begun_new_jobs_ask_for_another_message(noted, works):
    works.declare("t.one")
    enqueue("t.one", [1])
    process = Relay()
    process()
    noted.lying.clear()
    tasks.run("t.one")
    assert not Job.objects.exists()
    process()
    assert noted.own() == ["t.one"]
    enqueue("t.one", [2])
    process()
    assert noted.own() == ["t.one", "t.one"]


def test_messages_to_providers_are_published_and_deleted(noted):
    for number in range(BATCH + 5):
        enqueue_for_provider(f"q{number % 2}", "a.task", str(number), "uuid", number)
    assert Relay()() == BATCH + 5
    assert len(noted.foreign()) == BATCH + 5
    assert ("q1", "a.task", ["uuid", 7]) in noted.foreign()
    assert {*map(json.dumps, noted.headers)} == {"{}"}, "what Celery sends and nothing else"
    assert not Job.objects.exists()


def test_rows_wait_for_a_broker_that_is_away_and_have_not_been_tried(noted, works, caplog):
    works.declare("t.one")
    noted.away = ConnectionRefusedError("nobody listens")
    enqueue("t.one", [1])
    enqueue_for_provider("q1", "a.task", "1", 1)
    enqueue_for_provider("q2", "a.task", "2", 2)
    process = Relay()
    assert process() == 0
    assert noted.connections == 1, "it rests after the first"
    assert {*Job.objects.values_list("tries", flat=True)} == {0}
    noted.away = None
    process()
    assert noted.sent == []
    noted.now += REST + 1
    later(REST + 1)
    assert process() == 2
    assert noted.own() == ["t.one"]
    assert "nobody listens" in caplog.text


def test_an_old_connection_is_replaced_without_a_rest(noted):
    process = Relay()
    enqueue_for_provider("q1", "a.task", "1", 1)
    process()
    noted.away = BrokenPipeError("it has been restarted")
    enqueue_for_provider("q1", "a.task", "2", 2)
    process()
    noted.away = None
    later(REST + 1)
    assert process() == 1
    assert noted.connections == 2


def test_work_of_the_service_is_told_by_the_next_connection_at_once(noted, works):
    works.declare("t.one")
    process = Relay()
    enqueue_for_provider("q1", "a.task", "1", 1)
    process()
    enqueue("t.one", [1])
    noted.away = BrokenPipeError("it has been restarted")
    process()
    noted.away = None
    process()
    assert noted.own() == ["t.one"]


def test_a_queue_that_is_refused_holds_up_no_other(noted):
    noted.broken = {"q1": NotFound("no such virtual host")}
    account = BrokerAccount.objects.create(queue="q1", username="q1.1", password="x", is_ready=True)
    for queue in ("q1", "q2"):
        enqueue_for_provider(queue, "a.task", queue, queue)
    process = Relay()
    assert process() == 1
    assert noted.foreign() == [("q2", "a.task", ["q2"])]
    assert [*Job.objects.values_list("queue", "tries")] == [("q1", 0)]
    account.refresh_from_db()
    assert not account.is_ready  # the broker may have lost what it had: it is made again


REFUSED = {
    "too large": PreconditionFailed("PRECONDITION_FAILED - message size 20000000 is larger than 16777216"),
    "a larger frame": FrameError("FRAME_ERROR - {frame_too_large,2097562,131064}"),
    "no route": error_for_code(312, "NO_ROUTE", (50, 60), ChannelError),
    "forbidden": AccessRefused("ACCESS_REFUSED - write access to exchange refused"),
    "of Redis": NoPermissionError("this user has no permissions to run the 'lpush' command"),
    "no list": ResponseError(
        "Command # 1 (LLEN q1) of pipeline caused error: WRONGTYPE Operation against a key of another kind"
    ),
    "no JSON": EncodeError("Object of type X is not JSON serializable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_message_that_the_broker_refuses_is_parked_and_holds_up_none_behind_it(noted, name):
    noted.poison = {"bad": REFUSED[name]}
    for argument in ("good", "bad", "behind"):
        enqueue_for_provider("q1", "a.task", argument, argument)
    process = Relay()
    assert process() == 2
    assert [arguments for _, _, arguments in noted.foreign()] == [["good"], ["behind"]]
    for tried in range(1, TRIES):
        row = Job.objects.get()
        assert (row.tries, row.parked_at, row.taken_at) == (tried, None, None)
        assert str(REFUSED[name]) in row.error
        later(7201)
        noted.now += REST + 1
        assert process() == 0
    assert (Job.objects.get().tries, Job.objects.get().parked_at is None) == (TRIES, False)
    later(7201)
    noted.poison = {}
    assert process() == 0
    assert retry(Job.objects.all()) == 1
    assert process() == 1


def test_of_a_queue_that_refuses_everything_few_messages_are_tried_at_once(noted):
    noted.broken = {"q1": REFUSED["no route"]}
    for number in range(10):
        enqueue_for_provider("q1", "a.task", str(number), number)
    assert Relay()() == 0
    assert sorted(Job.objects.values_list("tries", flat=True)) == [0] * 7 + [1] * 3


PASSES = [
    OutOfMemoryError("OOM command not allowed when used memory > 'maxmemory'"),
    ResponseError("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk"),
    ReadOnlyError("You can't write against a read only replica"),
    MessageNacked(),  # the queue is full
    NotFound("NOT_FOUND - home node of durable queue is down"),
    ConnectionForced("CONNECTION_FORCED - broker forced connection closure"),
    TimeoutError("no confirm"),
]


@pytest.mark.parametrize("error", PASSES, ids=lambda error: type(error).__name__)
def test_what_passes_is_no_reason_to_park(noted, error):
    noted.broken = {"q1": error}
    enqueue_for_provider("q1", "a.task", "1", 1)
    process = Relay()
    for _ in range(TRIES + 1):
        assert process() == 0
        noted.now += REST + 1
        later(REST + 1)
    assert [*Job.objects.values_list("tries", "parked_at", "error")] == [(0, None, "")]
    noted.broken = {}
    assert process() == 1


def test_a_broker_that_refuses_the_account_is_no_reason_to_park(noted):
    noted.away = AccessRefused("ACCESS_REFUSED - Login was refused")
    enqueue_for_provider("q1", "a.task", "1", 1)
    assert Relay()() == 0
    assert [*Job.objects.values_list("tries", "parked_at")] == [(0, None)]


def test_what_was_published_before_the_error_is_deleted(noted, monkeypatch):
    for number in range(3):
        enqueue_for_provider("q1", "a.task", str(number), number)
    sent = noted.sent.append

    class Counting(list):
        def append(self, message):
            if len(self) == 2:
                raise TimeoutError("no confirm")
            super().append(message)

    noted.sent = Counting()
    assert Relay()() == 2
    assert [*Job.objects.values_list("key", "tries")] == [("2", 0)]
    assert sent


def test_a_broken_database_is_no_broken_broker(noted, monkeypatch):
    enqueue_for_provider("q1", "a.task", "1", 1)

    def fail(queue):
        raise OperationalError("the database is away")

    monkeypatch.setattr(relay.accounts, "address_for", fail)
    with pytest.raises(OperationalError):
        Relay()()


def test_none_is_taken_by_a_process_that_ends(noted):
    enqueue_for_provider("q1", "a.task", "1", 1)
    assert Relay()(lambda: True) == 0
    assert Job.objects.get().tries == 0


# What the worker does.


def test_on_redis_workers_of_the_service_leave_alone_what_those_of_providers_hold():
    options = broker.app.conf.broker_transport_options
    for name in ("unacked_key", "unacked_index_key", "unacked_mutex_key"):
        assert options[name] != getattr(Channel, name)


class Task:
    """A task as its function sees it."""

    def __init__(self, name: str, queue: str, *, redelivered: bool = False, **headers: Any) -> None:
        self.name, self.request = name, self
        self.delivery_info = {"routing_key": queue, "redelivered": redelivered}
        self.get = headers.get


def test_a_worker_does_all_that_is_due_and_publishes_what_follows(noted, works):
    works.declare("t.one", batch=10)
    works.meanwhile = lambda: enqueue_for_provider("q1", "a.task", "1", 1)
    enqueue("t.one", range(15))
    turns.prepare([PREFIX + "t.one"])
    tasks.run("t.one")
    assert len(works.calls) == 2
    assert len(noted.foreign()) == 2
    tasks.run("t.unknown")


def test_a_provider_here_gets_the_message_and_a_failed_one_is_a_row_again(noted, works):
    works.consume("here")
    enqueue_for_provider("here", "a.task", "k1", 5)
    Relay()()
    assert noted.headers[-1] == {"tesla_key": "k1", "tesla_tries": 0}
    works.failing = {5}
    tasks.delivered(Task("a.task", "here", tesla_key="k1", tesla_tries=0), 5)
    row = Job.objects.get()
    assert (row.queue, row.key, row.arguments, row.tries, row.error) == (
        "here", "k1", [5], 1, "ValueError: not taken",
    )  # fmt: skip
    later(2)
    Relay()()
    assert noted.headers[-1] == {"tesla_key": "k1", "tesla_tries": 1}
    tasks.delivered(Task("a.task", "here", tesla_key="k1", tesla_tries=TRIES - 1), 5)
    assert Job.objects.get().parked_at is not None
    works.failing = set()
    tasks.delivered(Task("a.task", "here"), 6)
    assert works.calls[-1] == ("a.task", [6])


def test_while_a_message_is_handed_over_it_is_a_job_that_is_being_done(noted, works, settings):
    works.consume("here")
    task = Task("a.task", "here", tesla_key="k1", tesla_tries=2)
    row = tasks._begun(task, [5])  # and the process dies
    assert [*Job.objects.values_list("key", "tries", "arguments")] == [("k1", 3, [5])]
    assert Job.objects.get().taken_at is not None
    Relay()()
    assert noted.foreign() == []
    again = Task("a.task", "here", redelivered=True, tesla_key="k1", tesla_tries=2)
    tasks.delivered(again, 5)
    assert (works.calls, row is not None) == ([], True), "the broker gives it to another process: it is known"
    later(settings.JOB_SECONDS + 1)
    Relay()()
    assert noted.headers[-1] == {"tesla_key": "k1", "tesla_tries": 3}
    Job.objects.all().delete()
    tasks.delivered(again, 5)
    assert works.calls == [("a.task", [5])], "the process died before it had begun"


def test_a_message_that_ends_its_process_each_time_is_parked(noted, works, settings):
    works.consume("here")
    tasks._begun(Task("a.task", "here", tesla_key="k1", tesla_tries=TRIES - 1), [5])
    later(settings.JOB_SECONDS + 1)
    Relay()()
    assert noted.foreign() == []
    assert Job.objects.get().parked_at is not None


def test_a_message_that_cannot_be_stored_is_given_back(noted, works, monkeypatch):
    works.consume("here")
    monkeypatch.setattr(tasks, "being_done", lambda row, tries: (_ for _ in ()).throw(OperationalError("away")))
    monkeypatch.setattr(tasks.time, "sleep", lambda seconds: None)
    with pytest.raises(Reject) as refused:
        tasks.delivered(Task("a.task", "here"), 5)
    assert refused.value.requeue
    assert works.calls == []


def test_the_four_tasks_of_providers_are_known_to_the_worker():
    assert {*tasks.PROVIDER_TASKS, RUN_TASK} <= broker.app.tasks.keys()
    assert broker.app.conf.accept_content == ["json"]


def test_a_queue_is_declared_as_celery_does():
    queue = broker.queue_of("tesla_x")
    made = broker.app.amqp.Queues({}, create_missing=True)["tesla_x"]
    for name in ("name", "routing_key", "durable", "auto_delete", "exclusive", "queue_arguments"):
        assert getattr(queue, name) == getattr(made, name), name
    assert (queue.exchange.name, queue.exchange.type, queue.exchange.durable) == ("tesla_x", "direct", True)


def test_a_message_has_a_uuid_and_plain_arguments():
    with broker.connection_to("memory://") as connection:
        publisher = broker.Publisher.__new__(broker.Publisher)
        publisher.connection = connection
        publisher.producer = broker.Producer(connection.channel(), auto_declare=False)
        for _ in range(2):
            publisher.send("tesla_x", "a.task", ["uuid", 7], {})
        assert publisher.depth("tesla_x") == 2
        queue = broker.queue_of("tesla_x")(connection.channel())
        first, second = (queue.get(no_ack=True) for _ in range(2))
    assert (first.headers["task"], first.payload[:2], first.content_type) == (
        "a.task", [["uuid", 7], {}], "application/json",
    )  # fmt: skip
    assert uuid.UUID(first.headers["id"]) != uuid.UUID(second.headers["id"])
    assert publisher.was_used


def test_certificates_of_brokers_are_checked():
    checked = broker.tls("amqps://u:p@broker.example.org:5671/v")
    assert checked == {"cert_reqs": broker.ssl.CERT_REQUIRED, "server_hostname": "broker.example.org"}
    assert broker.tls("rediss://broker/0") == {"ssl_cert_reqs": broker.ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    assert broker.tls("amqp://u:p@broker.example.org/v") is broker.tls("redis://broker/0") is False
    assert broker.connection_to("amqps://u:p@broker.example.org/v").ssl == checked
