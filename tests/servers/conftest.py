"""One service for the tests of this folder: each file of tests has an institution of its own in its database.

And one for each engine of background work, with its broker.
"""

from collections.abc import Iterator

import pytest

from tests.servers.brokers import RabbitMQ, Redis
from tests.servers.engines import ENGINES, Engine
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


@pytest.fixture(scope="session", params=ENGINES)
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """`sqlite` is the server's thread on that database, whichever the others are on."""
    folder = tmp_path_factory.mktemp(request.param)
    is_sqlite = request.param == "sqlite"
    made = {"redis": Redis, "rabbitmq": RabbitMQ}.get(request.param)
    broker = made(folder / "broker") if made else None
    try:
        if broker:
            broker.start()
        with running_service(folder, "sqlite://" if is_sqlite else "") as service:
            engine = Engine("thread" if is_sqlite else request.param, folder, service, broker)
            try:
                yield engine
            finally:
                engine.end()
    finally:
        if broker:
            broker.end()


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    shared_engine.look("forget")
    return shared_engine


@pytest.fixture
def with_broker(engine: Engine) -> Engine:
    if engine.broker is None:
        pytest.skip("it has no broker")
    return engine
