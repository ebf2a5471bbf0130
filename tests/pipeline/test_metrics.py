"""/metrics: who may read it, and what it tells. tests/servers/test_engines.py asks real processes."""

import re

import pytest
from django.db import OperationalError
from django.test import Client

from pipeline.jobs import awaited, enqueue, gauge
from pipeline.models import Job
from pipeline.tallies import SENT_AGAIN, tally
from tesla_api import metrics

FROM = "192.0.2.7"


@pytest.fixture
def client(works, settings) -> Client:
    """A client of a server that counts."""
    settings.METRICS_ADDRESSES = ["192.0.2.0/24", "2001:db8::/32"]
    return Client(REMOTE_ADDR=FROM)


def read(client: Client) -> str:
    answer = client.get("/metrics")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    return answer.content.decode()


def value(text: str, series: str, /, **labels: str) -> float:
    """The number of this series; 0 if there is none."""
    for found, written, number in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
        if found == series and dict(re.findall(r'(\w+)="([^"]*)"', written)) == labels:
            return float(number)
    return 0


def test_nobody_may_read_it_unless_a_setting_names_the_address(works, settings):
    assert settings.METRICS_ADDRESSES == []
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 404


def test_only_named_addresses_may_read_it(client, settings):
    settings.TRUSTED_PROXIES = ["198.51.100.1"]
    ways = {
        "203.0.113.1": 404,
        "2001:db8::7": 200,
        "192.0.2.255": 200,
        "": 404,
    }
    assert {address: client.get("/metrics", REMOTE_ADDR=address).status_code for address in ways} == ways
    proxied = {"REMOTE_ADDR": "198.51.100.1"}
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR=FROM, **proxied).status_code == 200
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.1", **proxied).status_code == 404
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR=FROM, REMOTE_ADDR="203.0.113.1").status_code == 404
    assert client.post("/metrics").status_code == 404
    assert client.get("/metrics/").status_code == 200
    assert client.get("/metrics", HTTP_HOST="prometheus.internal").status_code == 200


def test_requests_are_counted_by_operation_and_never_by_what_a_client_writes(client, world):
    before = read(client)
    home = world.home.institution.pk
    for path in (f"/api/v2/institution/{home}/", f"/api/v2/institution/{home}/learner/17/", "/nowhere/secret-person"):
        client.get(path, {"search": "secret-person"})
    client.generic("BREW", f"/api/v2/institution/{home}/")
    client.get("/health/live")
    after = read(client)
    assert "secret-person" not in after
    assert "BREW" not in after
    assert not re.search(rf'="[^"]*\b{home}\b/', after)

    def counted(operation: str, method: str, status: str) -> float:
        labels = {"operation": operation, "method": method, "status": status}
        return value(after, "tesla_requests_total", **labels) - value(before, "tesla_requests_total", **labels)

    operations = set(re.findall(r'operation="([^"]*)"', after))
    (detail,) = [name for name in operations if name.endswith("institution-detail") and counted(name, "GET", "401")]
    assert counted(detail, "GET", "401") == 1
    assert counted("none", "GET", "404") == 1
    assert counted("none", "GET", "200") == 1
    assert [status for status in ("401", "405") if counted(detail, "OTHER", status)]
    took = {"operation": detail, "method": "GET", "le": "30.0"}
    waited = [value(text, "tesla_request_seconds_bucket", **took) for text in (before, after)]
    assert waited[1] - waited[0] == 1


def test_errors_are_counted_also_when_nothing_answers_them(client):
    def fail(request):
        raise ValueError("broken")

    middleware = metrics.Metrics(fail)
    request = client.get("/health/live").wsgi_request
    labels = {"operation": "none", "method": "GET"}
    before = value(read(client), "tesla_request_errors_total", **labels)
    with pytest.raises(ValueError, match="broken"):
        middleware(request)
    assert value(read(client), "tesla_request_errors_total", **labels) == before + 1


def test_background_work_is_told_as_pipeline_status_does(client):
    gauge("overdue_results")(lambda: {"faces": 2})
    row = {"instrument": "fr", "provider": "faces", "queue": "tesla_far", "open": 12, "oldest_seconds": 61}
    awaited("results")(lambda: [row])
    enqueue("t.work", [1, 2])
    Job.objects.create(name="a.task", queue="tesla_far", key="1")
    tally("results", SENT_AGAIN, {"faces": 3})
    text = read(client)
    assert value(text, "tesla_sent_again_total", what="results", provider="faces") == 3
    assert 'tesla_given_up_total{provider="faces",what="results"} 0.0' in text
    assert value(text, "tesla_jobs", name="t.work", queue="", state="waiting") == 2
    assert value(text, "tesla_jobs", name="t.work", queue="", state="parked") == 0
    assert value(text, "tesla_jobs", name="a.task", queue="tesla_far", state="waiting") == 1
    assert "tesla_oldest_job_seconds" in text
    assert value(text, "tesla_stuck", what="overdue_results", provider="faces") == 2
    of_faces = {"what": "results", "instrument": "fr", "provider": "faces", "queue": "tesla_far"}
    assert value(text, "tesla_awaited", **of_faces) == 12
    assert value(text, "tesla_oldest_awaited_seconds", **of_faces) == 61
    assert "tesla_broker_answers{" not in text


def test_the_brokers_queues_are_told_as_far_as_it_answers(client, monkeypatch):
    rows = [{"queue": "q1", "messages": 3, "error": ""}, {"queue": "q2", "messages": None, "error": "away"}]
    monkeypatch.setattr(metrics.status, "depths", lambda *, broker: rows)
    text = read(client)
    assert value(text, "tesla_broker_messages", queue="q1") == 3
    assert 'tesla_broker_messages{queue="q2"}' not in text
    assert [value(text, "tesla_broker_answers", queue=name) for name in ("q1", "q2")] == [1, 0]


def test_without_a_database_requests_are_told(client, monkeypatch):
    def fail():
        raise OperationalError("away")

    monkeypatch.setattr(metrics.status, "waiting", fail)
    text = read(client)
    assert "tesla_requests_total" in text
    assert "tesla_jobs{" not in text
