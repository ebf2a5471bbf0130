"""The benchmark ends well on a small roster: the floor still answers what the service answers, at every address."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.endpoints import ENDPOINTS
from benchmarks.writing import WRITES
from tests.courses.oulad import write_oulad

ROOT = Path(__file__).resolve().parents[2]


def test_every_address_is_measured_beside_the_floor(tmp_path):
    figures = tmp_path / "figures.txt"
    command = [sys.executable, "-m", "benchmarks.run", "--rounds=1", "--seconds=0.005", "--calls=2"]
    environment = os.environ | {"OULAD_DIR": str(write_oulad(tmp_path / "oulad")), "WEB_CONCURRENCY": "1"}
    done = subprocess.run(
        [*command, f"--figures={figures}"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names = {endpoint.name for endpoint in ENDPOINTS}
    measured = {line[:26].strip(): line for line in done.stdout.splitlines() if line[:26].strip() in names}
    assert measured.keys() == names
    written = figures.read_text()
    for write in WRITES:
        assert f"\n{write.name:26} " in written
    assert set(measured.values()) <= set(written.splitlines())
    assert "\nversions   Python 3.11" in written
    assert "\nPostgreSQL " in written
    assert "\nroster     2 courses, 4 activities, 3 learners, 3 memberships" in written
    assert written.count("by function, ") == 3
