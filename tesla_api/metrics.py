"""/metrics, for Prometheus: requests by operation, and the background work. Only for METRICS_ADDRESSES.

Labels are names of operations, methods, states, jobs and providers: never ids, addresses or anything that a client has
written. Each process of the server counts in files of its own, in PROMETHEUS_MULTIPROC_DIR, which gunicorn.py makes;
whichever process is asked adds them up.
"""

import logging
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from kernel.http.address import client_address, is_among
from pipeline import status
from tesla_api.environment import counted_in

logger = logging.getLogger(__name__)
PATH = "/metrics"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_OPERATION = "none"  # an address that there is not, or a request that was answered before it was looked up
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REQUESTS = Counter("tesla_requests", "Answered requests.", ["operation", "method", "status"])
ERRORS = Counter("tesla_request_errors", "Requests that were answered with 5xx.", ["operation", "method"])
LATENCY = Histogram("tesla_request_seconds", "Seconds until the answer.", ["operation", "method"], buckets=SECONDS)


class Metrics:
    """The outermost middleware: it measures requests and answers /metrics, with any Host header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_ADDRESSES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.removesuffix("/") == PATH and _may_read(request):
            return HttpResponse(_exposition(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
        begun, code = time.perf_counter(), 500
        try:
            response = self.get_response(request)
            code = response.status_code
        finally:
            _count(request, code, time.perf_counter() - begun)
        return response


def _may_read(request: HttpRequest) -> bool:
    """Everybody else is answered as for an address that there is not."""
    return request.method in {"GET", "HEAD"} and is_among(client_address(request), settings.METRICS_ADDRESSES)


def _count(request: HttpRequest, code: int, seconds: float) -> None:
    method = request.method if request.method in METHODS else "OTHER"
    found = request.resolver_match
    operation = (found and (found.view_name or found.route)) or NO_OPERATION
    REQUESTS.labels(operation, method, str(code)).inc()
    if code >= 500:
        ERRORS.labels(operation, method).inc()
    LATENCY.labels(operation, method).observe(seconds)


def _exposition() -> bytes:
    pipeline = CollectorRegistry()
    pipeline.register(Pipeline())
    requests = REGISTRY
    if counted_in():
        requests = CollectorRegistry()
        MultiProcessCollector(requests)
    return generate_latest(requests) + generate_latest(pipeline)


class Pipeline(Collector):
    """The figures of `pipeline_status`, asked of the database."""

    def collect(self) -> Iterator[Metric]:
        try:
            jobs, gauges, awaited = status.waiting(), status.gauges(), status.awaited()
            tallies = status.tallies()
            queues = status.depths(broker=settings.BROKER_URL)
        except Error as error:
            logger.warning("metrics without the background work: the database does not answer: %s", error)
            return
        labels = ["name", "queue"]
        numbers = GaugeMetricFamily("tesla_jobs", "Jobs and messages to providers.", labels=[*labels, "state"])
        ages = GaugeMetricFamily("tesla_oldest_job_seconds", "Age of the oldest that is not done.", labels=labels)
        for row in jobs:
            place = [row["name"], row["queue"]]
            for state in ("waiting", "doing", "parked"):
                numbers.add_metric([*place, state], row[state])
            ages.add_metric(place, row["oldest_seconds"])
        yield numbers
        yield ages
        stuck = GaugeMetricFamily("tesla_stuck", "Work of providers by what is wrong.", labels=["what", "provider"])
        for name, of_providers in gauges.items():
            for provider, number in of_providers.items():
                stuck.add_metric([name, provider], number)
        yield stuck
        labels = ["what", "instrument", "provider", "queue"]
        numbers = GaugeMetricFamily("tesla_awaited", "What providers have not answered.", labels=labels)
        ages = GaugeMetricFamily("tesla_oldest_awaited_seconds", "Age of the oldest of these.", labels=labels)
        for name, rows in awaited.items():
            for each in rows:
                place = [name, each["instrument"], each["provider"], each["queue"]]
                numbers.add_metric(place, each["open"])
                ages.add_metric(place, each["oldest_seconds"])
        yield numbers
        yield ages
        labels = ["what", "provider"]
        again = CounterMetricFamily("tesla_sent_again", "What providers were sent once more.", labels=labels)
        given_up = CounterMetricFamily("tesla_given_up", "What providers have not answered in time.", labels=labels)
        for name, of_kind in tallies.items():
            for told in of_kind:
                again.add_metric([name, told["provider"]], told["sent_again"])
                given_up.add_metric([name, told["provider"]], told["given_up"])
        yield again
        yield given_up
        yield from _of_broker(queues)


def _of_broker(queues: list[status.Depth]) -> Iterator[Metric]:
    """A queue of which nothing is known has no number."""
    messages = GaugeMetricFamily("tesla_broker_messages", "Messages that no worker has taken.", labels=["queue"])
    answers = GaugeMetricFamily("tesla_broker_answers", "1: the broker tells of its queue.", labels=["queue"])
    for row in queues:
        answers.add_metric([row["queue"]], not row["error"])
        if row["messages"] is not None:
            messages.add_metric([row["queue"]], row["messages"])
    yield answers
    yield messages
