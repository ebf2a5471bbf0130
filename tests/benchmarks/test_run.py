"""The benchmark ends well on a small roster: the floor still answers what the service answers, at every address."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.endpoints import ENDPOINTS

ROOT = Path(__file__).resolve().parents[2]
COURSES = ("AAA", "BBB")
STUDENTS = range(1, 13)
FILES = {
    "courses": ("code_module,code_presentation,module_presentation_length", *(f"{c},2014J,260" for c in COURSES)),
    "assessments": (
        "code_module,code_presentation,id_assessment,assessment_type,date,weight",
        *(f"{course},2014J,{1000 + n},TMA,{20 + n},10" for n, course in enumerate(COURSES * 2)),
    ),
    "studentInfo": (
        "code_module,code_presentation,id_student,disability",
        *(f"{course},2014J,{student},{'NY'[student % 2]}" for course in COURSES for student in STUDENTS),
    ),
    "studentRegistration": (
        "code_module,code_presentation,id_student,date_registration",
        *(f"{course},2014J,{student},-30" for course in COURSES for student in STUDENTS),
    ),
    "studentAssessment": ("id_assessment,id_student,date_submitted,is_banked", "1000,1,19,0"),
}


def test_every_address_is_measured_beside_the_floor(tmp_path):
    for name, lines in FILES.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    figures = tmp_path / "figures.txt"
    command = [sys.executable, "-m", "benchmarks.run", "--rounds=1", "--seconds=0.005", "--calls=2"]
    environment = os.environ | {"OULAD_DIR": str(tmp_path), "WEB_CONCURRENCY": "1", "WEB_THREADS": "4"}
    done = subprocess.run(
        [*command, f"--figures={figures}"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = [line for endpoint in ENDPOINTS for line in done.stdout.splitlines() if line.startswith(endpoint.name)]
    assert {endpoint.name for endpoint in ENDPOINTS} == {line[:26].strip() for line in measured}
    written = figures.read_text()
    assert set(measured) <= set(written.splitlines())
    assert "\nversions   Python 3.11" in written and "\nPostgreSQL " in written
    assert f"\nroster     {len(COURSES)} courses, 4 activities, {len(STUDENTS)} learners" in written
    assert written.count("by function, ") == 3
