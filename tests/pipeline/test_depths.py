"""How much the broker's queues hold, with brokers that are noted: tests/servers/test_engines.py asks real ones."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from amqp.exceptions import NotAllowed, NotFound

from pipeline import depths
from pipeline.broker import OWN_QUEUE
from pipeline.jobs import enqueue_for_provider, queues
from pipeline.status import as_text, not_taken, status

DEAD = "redis://:secret@127.0.0.1:1/0"
AMQP = "amqp://tesla:secret@broker/"


@pytest.fixture
def registered(works, settings):
    settings.BROKER_URL = AMQP
    queues("providers")(lambda: ["tesla_far", "tesla_near", "demo_fr"])
    works.consume("demo_fr")


class Broker:
    """The messages of each queue; the virtual hosts that it refuses; and the addresses at which it was asked."""

    def __init__(self, messages: dict[str, int]) -> None:
        self.messages, self.refused, self.away = messages, set[str](), False
        self.asked: list[str] = []

    @contextmanager
    def connected(self, url: str):
        self.asked.append(url)
        if self.away:
            raise ConnectionRefusedError(111, "Connection refused")
        if url.rpartition("/")[2] in self.refused:
            raise NotAllowed("there is no such virtual host\nand more")
        yield SimpleNamespace(channel=lambda: self)

    def queue_declare(self, queue: str, passive: bool) -> SimpleNamespace:
        assert passive
        if queue not in self.messages:
            raise NotFound
        return SimpleNamespace(message_count=self.messages[queue])

    def close(self) -> None: ...


@pytest.fixture
def broker(registered, monkeypatch) -> Broker:
    made = Broker({OWN_QUEUE: 1, "tesla_far": 7})
    monkeypatch.setattr(depths, "_connected", made.connected)
    return made


def told(found) -> dict[str, int | str]:
    return {row["queue"]: row["error"] or row["messages"] for row in found}


def test_every_queue_is_told_also_one_that_the_broker_does_not_have_yet(broker):
    assert told(depths.depths(broker=AMQP)) == {OWN_QUEUE: 1, "demo_fr": 0, "tesla_far": 7, "tesla_near": 0}
    assert broker.asked == [AMQP]


def test_each_provider_is_asked_for_at_its_own_virtual_host(broker, settings):
    settings.BROKER_MANAGEMENT_URL = "http://tesla:secret@broker:15672"
    broker.refused = {"tesla_near"}
    found = told(depths.depths(broker=AMQP))
    assert found == {OWN_QUEUE: 1, "demo_fr": 0, "tesla_far": 7, "tesla_near": found["tesla_near"]}
    assert found["tesla_near"].startswith("the broker refuses it: ")
    assert found["tesla_near"].endswith("there is no such virtual host")
    assert broker.asked == [AMQP, f"{AMQP}tesla_far", f"{AMQP}tesla_near"]


def test_a_broker_that_is_away_is_asked_once(broker, settings):
    settings.BROKER_MANAGEMENT_URL = "http://tesla:secret@broker:15672"
    broker.away = True
    assert {*told(depths.depths(broker=AMQP)).values()} == {
        "the broker does not answer: [Errno 111] Connection refused"
    }
    assert broker.asked == [AMQP]


def test_of_one_queue_what_waits_here_and_there_is_not_taken(broker, settings):
    settings.BROKER_MANAGEMENT_URL = "http://tesla:secret@broker:15672"
    broker.refused = {"tesla_lost"}
    for queue in ("tesla_far", "tesla_lost"):
        enqueue_for_provider(queue, "a.task", "1", 1)
    queues = ("tesla_far", "tesla_near", "tesla_lost")
    assert [not_taken(queue, broker=AMQP) for queue in queues] == [8, 0, 1]
    assert [not_taken(queue, broker="") for queue in queues] == [1, 0, 1]
    broker.away = True
    assert not_taken("tesla_far", broker=AMQP) is None


def test_a_dead_broker_is_told_in_words_without_its_password(registered, settings):
    settings.BROKER_URL = DEAD
    text = as_text(status(broker=DEAD))
    assert "queues:\ntesla_pipeline, demo_fr, tesla_far, tesla_near: the broker does not answer: " in text
    assert "secret" not in text


def test_as_text_errors_are_below_what_is_known(broker, settings):
    settings.BROKER_MANAGEMENT_URL = "http://tesla:secret@broker:15672"
    broker.refused = {"tesla_near"}
    lines = as_text(status(broker=AMQP)).splitlines()
    place = lines.index("messages in the broker's queues:")
    assert lines[place + 1].split() == ["queue", "messages"]
    assert lines[place + 4].split() == ["tesla_far", "7"]
    assert lines[place + 5].startswith("tesla_near: the broker refuses it: ")
    assert as_text(status(broker="")).count("broker's queues") == 0
