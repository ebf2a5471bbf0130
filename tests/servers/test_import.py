"""An import that is killed in the middle, and two at once: processes of their own on a database of their own."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.courses.oulad import student, write_oulad
from tests.servers.service import ROOT, service

pytestmark = pytest.mark.servers
MODULES = [f"M{number:02}" for number in range(12)]
LARGE = 5  # the first presentations take no time, this one a second or more
FOUND = "from institutions.models import Institution as I; [I.objects.create(acronym=a, name=a) for a in 'ABC']"


def dataset(folder):
    """Twelve presentations; every student of a small one is in the large one too, or in the next small one."""
    rows = {"courses": [], "assessments": [], "studentInfo": [], "studentRegistration": [], "studentAssessment": []}
    for place, module in enumerate(MODULES):
        rows["courses"].append(f"{module},2014J,{200 + place}")
        rows["assessments"] += [f"{module},2014J,{100 * place + n},TMA,{n},1" for n in range(4)]
        for number in range(6000) if place == LARGE else range(10 * place, 10 * place + 20):
            rows["studentInfo"].append(student(module, "2014J", number, "Y" if number % 10 == 0 else "N"))
            rows["studentRegistration"].append(f"{module},2014J,{number},-1")
    return write_oulad(folder, rows)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imports")
    with service(folder) as found:
        found.manage("shell", "-v0", "-c", FOUND)
        yield found, dataset(folder / "files")


def started(stage, institution):
    running, files = stage
    command = [sys.executable, "manage.py", "import_oulad", str(files), "--institution", institution, "-v0"]
    return subprocess.Popen(
        command, cwd=ROOT, env=running.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process) -> str:
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return out


def courses_seen(running) -> int:
    """How many courses another connection sees."""
    url = urlsplit(running.environment["DATABASE_URL"])
    if url.scheme == "sqlite":
        connection = sqlite3.connect(url.path, timeout=20)
    else:
        connection = psycopg2.connect(url._replace(scheme="postgresql").geturl())
    with closing(connection):
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM courses_course")
        return cursor.fetchone()[0]


def brought(running):
    return running.fill("tests.servers.brought")


def test_a_killed_import_leaves_whole_presentations_and_is_completed_by_the_next(stage):
    running, _ = stage
    process = started(stage, "A")
    with closing(process.stdout), closing(process.stderr):
        deadline = time.monotonic() + 120
        while courses_seen(running) < LARGE:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    killed = brought(running)["A"]
    assert list(killed["courses"]) == [f"{module}-2014J" for module in MODULES[:LARGE]]

    second = ended(started(stage, "A"))
    assert "7 courses, 28 activities" in second
    ended(started(stage, "B"))  # nobody interrupts this one
    found = brought(running)
    for name, course in killed["courses"].items():
        assert course == found["B"]["courses"][name]
    assert len(found["B"]["learners"]) == 6000
    assert len(found["B"]["assigned"]) == 600
    assert len(found["B"]["courses"]["M05-2014J"]["members"]) == 6000
    assert found["A"] == found["B"]
    third = ended(started(stage, "A"))
    assert "0 courses, 0 activities, 0 people, 0 learners, 0 memberships, 0 SEND assignments" in third
    assert brought(running) == found


def test_two_imports_at_once_bring_everything_once(stage):
    running, _ = stage
    processes = [started(stage, "C") for _ in range(2)]
    told = [ended(process) for process in processes]
    numbers = [
        [int(word) for word in out.split("new in C: ")[1].split("\n")[0].split() if word.isdigit()] for out in told
    ]
    assert [sum(column) for column in zip(*numbers, strict=True)][:4] == [12, 48, 6000, 6000]
    found = brought(running)
    assert found["C"]["vles"] == ["Open University (OULAD)"]
    assert found["C"]["categories"] == ["Disability declared"]
    assert len(found["C"]["learners"]) == 6000
    assert [len(course["members"]) for course in found["C"]["courses"].values()] == [20] * 5 + [6000] + [20] * 6
