"""One service for all tests of this folder: each file of tests has an institution of its own in its database."""

import pytest

from tests.servers.service import Server, Service, running_service

DASHBOARD = "https://dashboard.example.org"


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Service:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        running.environment |= {"CORS_ALLOWED_ORIGINS": DASHBOARD, "TRUSTED_PROXIES": "127.0.0.1"}
        yield running


@pytest.fixture(scope="session")
def facts(service) -> dict[str, dict]:
    """What a test over HTTP needs to know of each institution in the database, by the institution's name."""
    return service.run("fill")


@pytest.fixture(scope="session")
def servers(service, facts) -> tuple[Server, Server]:
    """Two server processes on the one database."""
    return service.start(), service.start()
