"""What the benchmarks need to run on a small roster: PostgreSQL, and one migrated database to copy."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from tests.courses.oulad import write_oulad
from tests.migrated import migrated_database
from tests.servers.databases import ROOT


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one of DATABASE_URL, else one that is started."""
    if urlsplit(os.environ["DATABASE_URL"]).scheme != "sqlite":
        yield os.environ["DATABASE_URL"]
        return
    program = [sys.executable, str(ROOT / ".ci" / "postgres")]
    # Not pytest's folder, which is closed to all but its owner: PostgreSQL runs under another account than root.
    with TemporaryDirectory(prefix="tesla-benchmarks-") as folder:
        Path(folder).chmod(0o711)
        server = f"{folder}/server"
        # Nothing is installed for a test, and a server that runs here may ask for a password.
        environment = os.environ | {"POSTGRES_FROM": os.environ.get("POSTGRES_FROM") or "own"}
        started = subprocess.run(
            [*program, "start", server], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        yield started.stdout.strip()
        subprocess.run([*program, "stop", server], check=True)


@pytest.fixture
def run(postgres, tmp_path):
    """run("benchmarks.run", "--rounds=1"): what the module prints and the figures that it writes."""
    template = urlsplit(migrated_database(postgres)).path[1:]
    environment = os.environ | {
        "OULAD_DIR": str(write_oulad(tmp_path / "oulad")),
        "WEB_CONCURRENCY": "1",
        "WORK_CONCURRENCY": "1",
        "POSTGRES_FROM": "running",
        "POSTGRES_PORT": str(urlsplit(postgres).port or 5432),
        "BENCH_TEMPLATE": template,
    }

    def module(name: str, *arguments: str) -> tuple[str, str]:
        figures = tmp_path / "figures.txt"
        done = subprocess.run(
            [sys.executable, "-m", name, *arguments, f"--figures={figures}"],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout, figures.read_text()

    return module
