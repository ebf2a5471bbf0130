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
from tests.servers.databases import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("servers")]
QUIET = ("--skip-checks", "-v0")  # Django's checks take longer than most of these imports
MODULES = [f"M{number:02}" for number in range(12)]
LARGE, STUDENTS = 5, 2000  # the first presentations take no time, this one a quarter of a second or more
PEOPLE = 600  # in each of two tables


def dataset(folder):
    """Twelve presentations; every student of a small one is in the large one too, or in the next small one."""
    rows = {"courses": [], "assessments": [], "studentInfo": [], "studentRegistration": [], "studentAssessment": []}
    for place, module in enumerate(MODULES):
        rows["courses"].append(f"{module},2014J,{200 + place}")
        rows["assessments"] += [f"{module},2014J,{100 * place + n},TMA,{n},1" for n in range(4)]
        for number in range(STUDENTS) if place == LARGE else range(10 * place, 10 * place + 20):
            rows["studentInfo"].append(student(module, "2014J", number, "Y" if number % 10 == 0 else "N"))
            rows["studentRegistration"].append(f"{module},2014J,{number},-1")
    return write_oulad(folder, rows)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("imports") / "files")


@pytest.fixture
def started(service, facts, files):
    """Starts an import into this institution, in a process of its own."""

    def start(institution: str) -> subprocess.Popen:
        command = [sys.executable, "manage.py", "import_oulad", str(files), "--institution", institution, *QUIET]
        return subprocess.Popen(
            command, cwd=ROOT, env=service.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def ended(process) -> str:
    """What it has printed. It may have told the log that it repeated a part, and nothing else."""
    out, err = process.communicate(timeout=300)
    told = [line for line in err.splitlines() if " WARNING kernel.repeats repeated after attempt " not in line]
    assert (process.returncode, told) == (0, [])
    return out


def courses_seen(service) -> int:
    """How many courses of institution A another connection sees."""
    url = urlsplit(service.environment["DATABASE_URL"])
    if url.scheme == "sqlite":
        connection = sqlite3.connect(url.path, timeout=20)
    else:
        connection = psycopg2.connect(url._replace(scheme="postgresql").geturl())
    with closing(connection):
        cursor = connection.cursor()
        cursor.execute(
            "SELECT count(*) FROM courses_course JOIN institutions_institution i ON i.id = institution_id"
            " WHERE i.acronym = 'A'"
        )
        return cursor.fetchone()[0]


def test_a_killed_import_leaves_whole_presentations_and_is_completed_by_the_next(service, started, files):
    process = started("A")
    with closing(process.stdout), closing(process.stderr):
        deadline = time.monotonic() + 120
        while courses_seen(service) < LARGE:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    killed = service.run("imported")["A"]
    assert list(killed["courses"]) == [f"{module}-2014J" for module in MODULES[:LARGE]]

    second = service.run("import_oulad", folder=str(files), institution="A")
    assert "7 courses, 28 activities" in second
    service.run("import_oulad", folder=str(files), institution="B")  # nobody interrupts this one
    complete = service.run("imported")
    for name, course in killed["courses"].items():
        assert course == complete["B"]["courses"][name]
    assert len(complete["B"]["learners"]) == STUDENTS
    assert len(complete["B"]["assigned"]) == STUDENTS // 10
    assert len(complete["B"]["courses"]["M05-2014J"]["members"]) == STUDENTS
    assert complete["A"] == complete["B"]
    third = service.run("import_oulad", folder=str(files), institution="A")
    assert "0 courses, 0 activities, 0 people, 0 learners, 0 memberships, 0 SEND assignments" in third
    assert service.run("imported") == complete


def test_two_imports_at_once_store_every_row_once(service, started):
    outputs = [ended(process) for process in [started("C") for _ in range(2)]]
    numbers = [
        [int(word) for word in out.split("new in C: ")[1].split("\n")[0].split() if word.isdigit()] for out in outputs
    ]
    assert [sum(column) for column in zip(*numbers, strict=True)][:4] == [12, 48, STUDENTS, STUDENTS]
    imported = service.run("imported")["C"]
    assert imported["vles"] == ["Open University (OULAD)"]
    assert imported["categories"] == ["Disability declared"]
    assert len(imported["learners"]) == STUDENTS
    members = [len(course["members"]) for course in imported["courses"].values()]
    assert members == [20] * 5 + [STUDENTS] + [20] * 6


@pytest.fixture
def importing(service, facts, tmp_path):
    """Starts `import_csv` with these rows into institution A, in a process of its own."""

    def start(name: str, rows: list[str]) -> subprocess.Popen:
        file = tmp_path / name
        file.write_text("".join(f"{row}\n" for row in ["uid,first_name,email,role", *rows]))
        command = [sys.executable, "manage.py", "import_csv", str(file), "--institution", "A", *QUIET]
        return subprocess.Popen(
            command, cwd=ROOT, env=service.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def test_two_tables_with_the_same_people_at_once(importing):
    """In other orders, so that they meet. Every person is created once, and no row is refused."""
    rows = [f"t{number},Ann,t{number}@example.org,both" for number in range(PEOPLE)]
    orders = {"a.csv": rows, "b.csv": rows[::-1]}
    counts = []
    for process in [importing(name, order) for name, order in orders.items()]:
        numbers = [int(word) for word in ended(process).split() if word.isdigit()]
        counts.append(dict(zip(("rows", "created", "updated", "unchanged", "refused"), numbers, strict=True)))
    assert [count["refused"] for count in counts] == [0, 0]
    assert sum(count["created"] for count in counts) == PEOPLE
    assert sum(count["unchanged"] + count["updated"] for count in counts) == PEOPLE
    again = ended(importing("c.csv", rows))
    assert again == f"{PEOPLE} rows: 0 created, 0 updated, {PEOPLE} unchanged, 0 refused\n"
