"""The roster goes through the VLE API without one wrong answer: here three students of it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.courses.oulad import write_oulad

ROOT = Path(__file__).resolve().parents[2]


def test_everything_that_is_sent_arrives_once(tmp_path):
    figures = tmp_path / "pushed.txt"
    environment = os.environ | {"OULAD_DIR": str(write_oulad(tmp_path / "oulad")), "WEB_CONCURRENCY": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.push_oulad", "--clients=2", f"--figures={figures}"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = figures.read_text()
    assert "\nleft       2 learners, 3 memberships in the database; " in written
    for name in ("courses", "activities", "learners, new", "learners, there already"):
        (line,) = (line for line in written.splitlines() if line.startswith(f"{name}  "))
        assert line.endswith(" 0")
    assert "\nmemory of the server's processes" in written
