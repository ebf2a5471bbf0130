"""Providers' accounts at RabbitMQ: rows, and what its management API is asked, on a server of the test."""

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.db import connection
from redis.exceptions import ResponseError

from institutions.models import Instrument, Provider
from institutions.services import instruments
from kernel.domain import Invalid
from pipeline import accounts, management_api
from pipeline.broker import is_about_queue
from pipeline.jobs import CONSUMERS, WORKS, enqueue_for_provider
from pipeline.models import BrokerAccount, Job
from pipeline.running import run_due
from tests.pipeline.conftest import later


class Management:
    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[tuple[str, str, dict | None]] = []
        self.status = 204

    def take(self) -> list[tuple[str, str, dict | None]]:
        taken, self.asked = self.asked, []
        return taken


@pytest.fixture(scope="module")
def server():
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            expected = base64.b64encode(b"root:s/ecret").decode()
            management.asked.append((self.command, self.path, body))
            is_known = self.headers["Authorization"] == f"Basic {expected}"
            self.send_response(management.status if is_known else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    management = Management(http.server_port)
    Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    yield management
    http.shutdown()
    http.server_close()


@pytest.fixture
def management(db, server, settings) -> Management:
    server.status = 204
    server.take()
    settings.BROKER_URL = "amqp://service:of%2Fthe%20service@broker:5672/%2Fown"
    settings.PROVIDER_BROKER_URL = ""
    settings.BROKER_MANAGEMENT_URL = f"http://root:s%2Fecret@127.0.0.1:{server.port}"
    return server


def made(acronym: str = "faces", **values) -> Provider:
    instrument = Instrument.objects.get(acronym="fr")
    row, _ = instruments.provider_create(
        instrument=instrument, acronym=acronym, name=acronym, version="1", image="x", **values
    )
    return row


def put(queue: str) -> list:
    account = BrokerAccount.objects.get(queue=queue, ends_at=None)
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return [
        ("PUT", f"/api/vhosts/{queue}", None),
        ("PUT", f"/api/users/{account.username}", {"password": account.password, "tags": ""}),
        ("PUT", f"/api/permissions/{queue}/{account.username}", everything),
        ("PUT", f"/api/permissions/{queue}/service", everything),
    ]


def test_a_registered_provider_has_its_account_after_the_commit(management):
    provider = made()
    assert management.take() == [], "in no transaction of a request"
    assert run_due() == 1
    assert management.take() == put(provider.queue)
    account = BrokerAccount.objects.get()
    assert account.is_ready
    assert len(account.password) > 40
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM pipeline_brokeraccount")
        assert account.password not in cursor.fetchone()[0]
    url = accounts.url_for_provider(provider.queue)
    assert url == f"amqp://{account.username}:{account.password}@broker:5672/{provider.queue}"
    assert accounts.address_for(provider.queue) == (f"amqp://service:of%2Fthe%20service@broker:5672/{provider.queue}")
    assert management.take() == [], "it is known to be there"


def test_one_from_before_gets_it_when_it_signs_in(management, settings):
    settings.PROVIDER_BROKER_URL = "amqps://other:account@broker.example.org/x?ssl=1"
    url = accounts.url_for_provider("tesla_old")
    assert management.take() == put("tesla_old")
    account = BrokerAccount.objects.get()
    assert url == f"amqps://{account.username}:{account.password}@broker.example.org/tesla_old?ssl=1"
    assert accounts.url_for_provider("tesla_old") == url
    assert management.take() == []


def test_a_broker_that_is_away_stops_no_sign_in(management, settings, caplog):
    management.status = 500
    url = accounts.url_for_provider("tesla_old")
    assert "tesla_old" in url
    assert run_due() == 0
    settings.BROKER_MANAGEMENT_URL = "http://root:x@127.0.0.1:1"
    assert accounts.url_for_provider("tesla_old") == url
    with pytest.raises(management_api.RefusedError, match="away"):
        accounts.address_for("tesla_old")
    settings.BROKER_MANAGEMENT_URL = f"http://root:s%2Fecret@127.0.0.1:{management.port}"
    management.status = 201
    later(2)
    assert run_due() == 1
    assert BrokerAccount.objects.get().is_ready
    assert "ecret" not in caplog.text


def test_a_rotation_makes_another_account_and_ends_the_old_one(management):
    provider = made()
    run_due()
    management.take()
    old = BrokerAccount.objects.get()
    instruments.provider_credentials_rotate(provider=provider, overlap_minutes=10)
    new = BrokerAccount.objects.get(ends_at=None)
    assert (new.username != old.username, new.password != old.password) == (True, True)
    assert run_due() == 1
    assert management.take() == put(provider.queue)
    later(601)
    BrokerAccount.objects.filter(pk=old.pk).update(ends_at=old.created_at)
    assert run_due() == 1
    assert management.take() == [("DELETE", f"/api/users/{old.username}", None)]
    instruments.provider_credentials_rotate(provider=provider, overlap_minutes=0)
    run_due()
    assert ("DELETE", f"/api/users/{new.username}", None) in management.take()
    assert BrokerAccount.objects.get().username not in (old.username, new.username)
    assert not Job.objects.exists()


def test_with_the_provider_go_its_virtual_host_and_its_messages(management):
    provider = made()
    run_due()
    management.take()
    account = BrokerAccount.objects.get()
    enqueue_for_provider(provider.queue, "a.task", "1", 1)
    instruments.shared_delete(row=provider)
    management.status = 404  # somebody has deleted them by hand
    assert run_due() == 1
    assert management.take() == [
        ("DELETE", f"/api/users/{account.username}", None),
        ("DELETE", f"/api/vhosts/{provider.queue}", None),
    ]
    assert not BrokerAccount.objects.exists()
    assert not Job.objects.exists()


def test_with_another_queue_the_provider_has_another_virtual_host(management):
    provider = made()
    run_due()
    management.take()
    enqueue_for_provider(provider.queue, "a.task", "1", 1)
    instruments.provider_update(provider=provider, queue="tesla_new", name="New")
    run_due()
    asked = management.take()
    assert ("DELETE", f"/api/vhosts/{provider.queue}", None) in asked
    assert asked[-4:] == put("tesla_new") or asked[:4] == put("tesla_new")
    assert Job.objects.get().queue == "tesla_new"


def test_what_the_service_and_the_broker_use_is_no_providers(management, settings, monkeypatch):
    settings.BROKER_URL = "amqp://service:x@broker/own"
    monkeypatch.setitem(CONSUMERS, "tesla_here", print)
    for queue in ("tesla_here", "tesla_pipeline", "unacked", "_kombu.binding.x", "own"):
        with pytest.raises(Invalid):
            made(queue=queue)
    Provider.objects.create(acronym="older", queue="own", name="o", version="1", instrument_id=1, image="x")
    older = Provider.objects.get()
    instruments.provider_update(provider=older, name="Older")  # it may be changed
    accounts.url_for_provider("own")
    instruments.shared_delete(row=older)
    run_due()
    assert not any("vhosts" in path for method, path, _ in management.take() if method == "DELETE")
    assert not BrokerAccount.objects.exists()
    assert is_about_queue(ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value"))


def test_a_provider_here_needs_none(works, management):
    works.consume("tesla_here")
    assert accounts.address_for("tesla_here").startswith("amqp://service:")
    assert not BrokerAccount.objects.exists()


def test_without_the_management_api_all_share_one(db, settings):
    settings.BROKER_URL = "redis://own/0"
    settings.PROVIDER_BROKER_URL = "redis://shared/0"
    provider = made()
    assert accounts.url_for_provider(provider.queue) == "redis://shared/0"
    assert accounts.address_for(provider.queue) == "redis://own/0"
    instruments.provider_credentials_rotate(provider=provider, overlap_minutes=0)
    instruments.shared_delete(row=provider)
    assert not BrokerAccount.objects.exists()
    assert not Job.objects.exists()


def test_the_job_is_declared():
    assert accounts.JOB in WORKS
