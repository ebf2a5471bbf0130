"""What the benchmarks need to run on a small roster: PostgreSQL, and one migrated database to copy."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.courses.oulad import write_oulad
from tests.migrated import migrated_database
from tests.servers.databases import ROOT


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The URL of a PostgreSQL server, which is started if there is none."""
    folder = tmp_path_factory.mktemp("postgres")
    folder.chmod(0o711)  # PostgreSQL runs under another account than root
    program = [sys.executable, str(ROOT / ".ci" / "postgres")]
    started = subprocess.run([*program, "start", folder / "server"], stdout=subprocess.PIPE, text=True, check=True)
    yield started.stdout.strip()
    subprocess.run([*program, "stop", folder / "server"], check=True)


@pytest.fixture
def run(postgres, tmp_path):
    """run("benchmarks.run", "--rounds=1"): what the module prints and the figures that it writes."""
    template = urlsplit(migrated_database(postgres)).path[1:]
    environment = os.environ | {
        "OULAD_DIR": str(write_oulad(tmp_path / "oulad")),
        "WEB_CONCURRENCY": "1",
        "POSTGRES_FROM": "running",
        "POSTGRES_PORT": str(urlsplit(postgres).port),
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
