"""How many rows of a table of people are imported in a second; writes benchmarks/imported.txt.

The tables are generated: a row is a learner with name, e-mail and one course. They are read from files and imported by
the code of `import_csv`, in one process, into a PostgreSQL database of the run's own.
"""

import argparse
import csv
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.servers import ROOT, Run

FIGURES = ROOT / "benchmarks" / "imported.txt"
TARGET = 2000  # rows a second
COLUMNS = ("uid", "first_name", "last_name", "email", "role", "vle", "course")
TITLES = f"{'people':44}{'rows':>8}{'seconds':>9}{'CPU':>7}{'rows/s':>8}{'target':>8}{'MiB':>7}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-imports ARGS=...", description=__doc__)
    parser.add_argument("--new", type=int, default=20_000, metavar="N", help="rows of new people")
    parser.add_argument("--existing", type=int, default=6_000, metavar="N", help="rows of people who are there")
    parser.add_argument("--figures", type=Path, default=None, help=f"file to write ({FIGURES.name}, of whole runs)")
    parser.add_argument("--inside", type=Path, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_table(path: Path, rows: int, first: int = 0, given: str = "Ann", course: str = "c1") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(first, first + rows):
            email = f"person{number}@example.org"
            writer.writerow((number, f"{given}{number}", f"Lee{number % 997}", email, "learner", "Moodle", course))
    return path


def processor_seconds(database: int) -> float:
    """Of this process and of the process of its connection in the database server, if that is on this machine."""
    seconds = time.process_time()
    stat = Path(f"/proc/{database}/stat")
    if stat.exists():
        values = stat.read_text().rpartition(")")[2].split()
        seconds += (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def timed_imports(folder: Path, new: int, existing: int) -> Iterator[dict[str, Any]]:
    """Import the tables one after the other, in this process, which has the settings of the run."""
    import django

    django.setup()
    from django.db import connection

    from courses.imports.dialects import layout_of
    from courses.imports.people import PeopleImport
    from courses.imports.tables import DELIMITERS, Table
    from courses.imports.trials import TrialFile
    from courses.models import Course
    from institutions.models import VLE, Institution

    home = Institution.objects.create(acronym="BENCH", name="Benchmark")
    vle = VLE.objects.create(institution=home, name="Moodle")
    for name in ("c1", "c2"):
        Course.objects.create(institution=home, vle=vle, vle_course_id=name, code=name)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        database = cursor.fetchone()[0]

    def timed(kind: str, status: str, path: Path, trial: TrialFile | None = None) -> dict[str, Any]:
        table = Table(path, delimiters=DELIMITERS, forgiving=True)
        job = PeopleImport(home, layout_of(table), trial=trial)
        began, busy, rows = time.perf_counter(), processor_seconds(database), 0
        for outcome in job.outcomes(table.all_rows()):
            rows += 1
            if outcome.status != status:
                raise RuntimeError(f"{kind}: line {outcome.row.line} is {outcome.status}: {outcome.reasons}")
        seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        busy = processor_seconds(database) - busy
        return {"kind": kind, "rows": rows, "seconds": seconds, "busy": busy, "memory": memory}

    yield timed("people who are new", "created", write_table(folder / "new.csv", new))
    yield timed("people who are there, unchanged", "unchanged", write_table(folder / "same.csv", existing))
    changed = write_table(folder / "changed.csv", existing, given="Eve")
    yield timed("people who are there, with another name", "updated", changed)
    joining = write_table(folder / "joining.csv", existing, given="Eve", course="c2")
    yield timed("people who are there, into another course", "updated", joining)
    with closing(TrialFile()) as trial:
        yield timed("dry run of new people", "created", write_table(folder / "more.csv", new, first=new), trial)


def line(done: dict[str, Any]) -> str:
    rate = done["rows"] / done["seconds"]
    row = f"{done['kind']:44}{done['rows']:8}{done['seconds']:9.2f}{done['busy']:7.2f}{rate:8.0f}{TARGET:8}"
    row += f"{done['memory']:7.0f}"
    return f"{row}  under" if rate < TARGET else row


def main() -> None:
    options = arguments()
    if options.inside:
        for done in timed_imports(options.inside, options.new, options.existing):
            print(json.dumps(done))
        return
    from benchmarks import report

    is_whole = "--new" not in " ".join(sys.argv) and "--existing" not in " ".join(sys.argv)
    with Run() as run:
        numbers = (f"--new={options.new}", f"--existing={options.existing}")
        output = run.python("benchmarks.import_people", f"--inside={run.folder}", *numbers)
        text = "\n".join(
            [
                "Tables of people, imported. `make bench-imports` writes this file; benchmarks/README.md says more.",
                "",
                *report.machine(run)[:-1],
                "",
                TITLES,
                *(line(json.loads(done)) for done in output.splitlines()),
                "",
            ]
        )
    print(text)
    if options.figures or is_whole:
        (options.figures or FIGURES).write_text(text)


if __name__ == "__main__":
    main()
