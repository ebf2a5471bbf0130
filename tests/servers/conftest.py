"""One service for the tests of this folder: each file of tests has an institution of its own in its database.

And one for each engine of background work, with its broker.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
    with ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda _: service.start(), range(2))
    return one, other


@pytest.fixture(scope="session", params=ENGINES)
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """`work` is on SQLite, whichever the others are on: its loop is the thread's."""
    folder = tmp_path_factory.mktemp(request.param)
    made = {"redis": Redis, "rabbitmq": RabbitMQ}.get(request.param)
    broker = made(folder / "broker") if made else None
    try:
        with running_service(folder, "sqlite://" if request.param == "work" else "") as service:
            engine = Engine(request.param, folder, service, broker)
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
