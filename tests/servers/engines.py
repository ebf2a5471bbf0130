"""Who carries background work, as real processes: the server's thread, `manage.py work`, Redis and RabbitMQ."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.servers.brokers import Broker
from tests.servers.databases import ROOT
from tests.servers.reader import Shell, blocks, part
from tests.servers.service import Server, Service

ON_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")
WITHOUT_BROKER = ["thread", "work"]
ENGINES = WITHOUT_BROKER if ON_SQLITE else [*WITHOUT_BROKER, "redis", "rabbitmq"]
LOOKS = "tests.servers.worked.looks"
PROVIDERS = ("fr", "ks", "plag")  # by the acronyms of their instruments
PROVIDERS_DOCUMENT = "docs/providers.md"


def until(found: Callable[[], Any], seconds: float = 40) -> Any:
    ends = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < ends, "it has not happened"
        time.sleep(0.1)
    return answer


class Engine:
    """A service with a server and, but for the thread, a worker; and its broker, if it has one."""

    def __init__(self, name: str, folder: Path, service: Service, broker: Broker | None) -> None:
        self.name, self.service, self.broker = name, service, broker
        self.workers: list[subprocess.Popen] = []
        service.environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.servers.worked.settings",
            "JOB_SECONDS": "2",
            "BROKER_URL": broker.url if broker else "",
            "BROKER_MANAGEMENT_URL": broker.management_url if broker else "",
            "PIPELINE_IN_SERVER": "0" if name == "work" else "1",
            "LOG_LEVEL": "CRITICAL",
            "METRICS_ADDRESSES": "127.0.0.1",
            "PROVIDER_BROKER_URL": broker.url if broker else "",
        }
        self.folder = Path(service.environment["VAR_DIR"])
        self.is_on_sqlite = service.environment["DATABASE_URL"].startswith("sqlite")
        self.providers: subprocess.Popen | None = None
        self.shell: Shell | None = None
        self.followed = "fr" if name == "rabbitmq" else ""  # the provider of docs/providers.md; there it has an account
        with ThreadPoolExecutor() as pool:
            server = pool.submit(service.start)
            begun = [pool.submit(self.look, "make_table"), *([pool.submit(broker.start)] if broker else [])]
            self.server: Server = server.result()
            for each in begun:
                each.result()
        if name != "thread":
            self.work()

    def look(self, name: str, **arguments: Any) -> Any:
        return self.service.run(name, LOOKS, **arguments)

    def work(self, **environment: str) -> None:
        command, settings = [sys.executable, "manage.py", "work"], self.service.environment | environment
        self.workers.append(subprocess.Popen(command, cwd=ROOT, env=settings, start_new_session=True))

    def ask(self, *keys: str, **more: Any) -> None:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        connection.request("POST", "/worked/", json.dumps({"keys": keys} | more), {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()

    def noted(self, *keys: str) -> None:
        """Each of them, once. A message of an earlier test that came twice does not count."""

        def found() -> list[str]:
            return [note for note in self.look("notes") if note in keys]

        until(lambda: {*found()} == {*keys})
        assert found() == sorted(keys)

    def begun(self, key: str) -> None:
        until((self.folder / f"begun-{key}").exists)

    def kill(self) -> None:
        """Whatever does the jobs, in the middle of them."""
        if self.name == "thread":
            os.kill(self.child(), signal.SIGKILL)  # gunicorn starts another one
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        self.workers.clear()

    def work_again(self) -> None:
        if self.name != "thread":
            self.work()

    def child(self) -> int:
        """The process of the server that answers."""
        (child,) = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children").read_text().split()
        return int(child)

    @contextmanager
    def held(self, job: str) -> Iterator[None]:
        """The next job of this name has done its work, and is not committed, until this ends. It must have come.

        With a queue of a provider outside of the installation: its next answer is not sent. With `answer`: the answers
        of providers are stored, and not committed.
        """
        hold, held = self.folder / f"hold-{job}", self.folder / f"held-{job}"
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()
        held.unlink()

    def is_held(self, job: str) -> bool:
        return (self.folder / f"held-{job}").exists()

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Until a provider has been answered 503."""
        mark = self.folder / "provider-refused"
        mark.unlink(missing_ok=True)
        yield
        until(mark.exists)

    def provide(self) -> None:
        """Three providers are registered, and work: each is a process of its own, or a part of this installation."""
        if self.providers is not None or (self.folder / "providers.json").exists():
            return
        made = {acronym: self.look("register", acronym=acronym) for acronym in PROVIDERS if acronym != self.followed}
        if self.followed:
            made[self.followed] = self._follow_document()
        credentials = {acronym: [row["role_id"], row["secret_id"]] for acronym, row in made.items()}
        if self.broker is None:
            told = {"port": self.server.port, "credentials": credentials}
            (self.folder / "providers.json").write_text(json.dumps(told))
            return
        command = [sys.executable, "-m", "tests.clients.provider_sdk", str(self.server.port), str(self.folder)]
        # As in the field they know of no Django, whose checks Celery would make in each of them.
        settings = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self.providers = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        with self.providers.stdin as told:
            print(json.dumps([*credentials.values()]), file=told)

    def kill_provider(self, acronym: str) -> None:
        """The process that is held; another one is started in its place."""
        os.kill(int(until((self.folder / f"held-sdk_{acronym}").read_text)), signal.SIGKILL)

    def _follow_document(self) -> dict[str, str]:
        """The provider of faces is registered as docs/providers.md says; its credentials."""
        root = self.service.run("global_administrator", name="of-providers")
        values = {'"face"': '"sdk_fr"', "tesla_face": "sdk_fr"}
        self.shell = Shell(self.service, self.server.port, self.folder / "shell", values)
        self.shell.run(f"TOKEN={root['token']}")
        (register,) = blocks(part(PROVIDERS_DOCUMENT, "## Register"))
        (connect,) = blocks(part(PROVIDERS_DOCUMENT, "## Connect"))
        self.shell.run(register)
        told = json.loads(self.shell.run(connect))
        assert told["provider_queue"] == "sdk_fr"
        role_id, secret_id = self.shell.run("echo $ROLE_ID $SECRET_ID").split()
        return {"role_id": role_id, "secret_id": secret_id}

    def follow_document_on(self) -> None:
        """The provider's queue is watched, and it gets new credentials; the old ones serve for half an hour."""
        (watch,) = blocks(part(PROVIDERS_DOCUMENT, "## Watch"))
        (replace,) = blocks(part(PROVIDERS_DOCUMENT, "## Replace credentials"))
        assert "sdk_fr" in {row["queue"] for row in json.loads(self.shell.run(watch))["depths"]}
        before = dict(zip(("role_id", "secret_id"), self.shell.run("echo $ROLE_ID $SECRET_ID").split(), strict=True))
        after = json.loads(self.shell.run(replace))["credentials"]
        assert after != before
        for credentials in (before, after):
            assert self.server.call("POST", "/api/v2/auth/approle", credentials).status == 200

    def connects_as_documented_without_accounts(self) -> None:
        """A provider is told the broker that all have, also with new credentials, and its queue is watched."""
        queue = "sdk_fr"
        row = self.look("credentials_of", queue=queue, minutes=30)
        told = self.server.call("POST", "/api/v2/auth/approle", row).json()
        assert told["provider_queue"] == queue
        assert told["config"]["CELERY_BROKER_URL"] == self.broker.url
        assert told["config"]["CELERY_TASK_ACKS_LATE"] is True
        assert queue in {row["queue"] for row in self.look("figures")["depths"]}

    @contextmanager
    def raising(self, queue: str) -> Iterator[None]:
        """A task of this provider, which is about to answer a request, raises meanwhile."""
        mark = self.folder / f"raise-{queue}"
        mark.touch()
        yield
        until(lambda: not mark.exists())

    def signal_providers(self, number: int) -> None:
        os.killpg(self.providers.pid, number)

    def provided(self) -> dict[str, dict[str, list[str]]]:
        """The providers end; what each of the processes leaves, by its queue."""
        _ended(self.providers)
        self.providers = None
        return {acronym: json.loads((self.folder / f"sdk_{acronym}.json").read_text()) for acronym in PROVIDERS}

    def end(self) -> None:
        for process in (*self.workers, self.providers):
            if process is not None:
                process.terminate()
        for process in (*self.workers, self.providers):
            if process is not None:
                _ended(process)
        if self.shell is not None:
            self.shell.end()


def _ended(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
