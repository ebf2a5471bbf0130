"""A request for a host that is not this service's: 400, and one line of log without a traceback."""

import logging

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.test import Client

pytestmark = pytest.mark.django_db
WRONG = ("evil.example.org", "testserver:port", "a b", "evil.example.org\r\nx", "x" * 5000, "[::1", "")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ["/", "/api/v2/institution/", "/static/tesla/mark.svg", "/nowhere"])
def test_a_wrong_host_is_one_line(path, accept, logged):
    for count, host in enumerate(WRONG, 1):
        answer = Client().get(path, HTTP_HOST=host, HTTP_ACCEPT=accept)
        assert answer.status_code == 400
        lines = logged().splitlines()
        assert (len(lines), max(map(len, lines)) < 500) == (count, True), lines


def test_health_needs_no_host(logged):
    assert Client().get("/health/live", HTTP_HOST="evil.example.org").status_code == 200
    assert logged() == ""


def test_a_forwarded_host_is_judged_too(settings, logged):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    assert Client().get("/", HTTP_X_FORWARDED_HOST="evil.example.org").status_code == 400
    assert len(logged().splitlines()) == 1


def test_what_clients_cannot_mean_has_no_traceback(logged):
    try:
        raise SuspiciousFileOperation("../../etc")
    except SuspiciousFileOperation as error:
        logging.getLogger("django.security.SuspiciousFileOperation").error("refused", exc_info=error)
        logging.getLogger("django.request").error("broken", exc_info=error)
    assert logged().splitlines()[0].endswith("ERROR django.security.SuspiciousFileOperation refused")
    assert logged().count("Traceback") == 1  # an error of the service keeps its own
