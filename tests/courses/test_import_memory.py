"""The memory that an import takes does not grow with the number of its rows."""

import gc
import tracemalloc
from io import StringIO

import pytest
from django.core.management import call_command

from courses.imports import jobs
from courses.imports import people as importing
from courses.imports.jobs import import_check, import_outcomes, import_run, import_steps, import_upload
from courses.imports.results import result_cells
from courses.management import importing as management
from institutions.models import User
from kernel.spreadsheets import streamed

TOGETHER, FEW, MANY = 50, 100, 600  # rows
A_ROW = 240  # bytes that more rows may take, each: a uid alone has more letters
TEXT = "x" * 240


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    for module in (importing, jobs):
        monkeypatch.setattr(module, "ROWS_TOGETHER", TOGETHER)
    monkeypatch.setattr(management, "MESSAGES_SHOWN", 20)


@pytest.fixture
def table(tmp_path):
    """table(250, "boss"): a file of as many rows, each of another person; every other one has this role."""

    def written(rows: int, role: str):
        lines = (f"{rows}-{n}-{TEXT},{TEXT[:140]},{role if n % 2 else 'learner'}\n" for n in range(rows))
        file = tmp_path / f"{rows}.csv"
        file.write_text("uid,first_name,role\n" + "".join(lines))
        return file

    return written


def command(home, file, *options: str) -> None:
    out = StringIO()
    call_command(
        "import_csv", file, "--institution", home.acronym, "--result", f"{file}.result", *options, stdout=out,
        stderr=out, verbosity=0,
    )  # fmt: skip


def dry_run(home, file) -> None:
    command(home, file, "--dry-run")


def page(home, file) -> None:
    """Upload and check in steps, which keep nothing, and the import of all rows together, which is one."""
    job = import_upload(institution=home, path=file, name=file.name)
    import_check(job=job, mapping=job.mapping, vle="", clears=False, all_or_nothing=True)
    import_steps(job=job, seconds=99)
    job.refresh_from_db()
    import_run(job=job, by_id=1, version=job.version)
    import_steps(job=job, seconds=99)
    rows = (result_cells(outcome, len(job.columns)) for outcome in import_outcomes(job))
    assert sum(part.count("\n") for part in streamed(job.columns, rows)) == job.rows + 1


def peak(work, home, file) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        work(home, file)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("work", [command, dry_run, page])
def test_memory_is_constant(work, world, table):
    home, role = world.home.institution, "both" if work is page else "boss"  # which is refused
    work(home, table(2 * TOGETHER + 1, role))  # what is made once
    few, many = (peak(work, home, table(rows, role)) for rows in (FEW, MANY))
    assert many - few < A_ROW * (MANY - FEW), (few, many)
    made = User.objects.filter(institution=home, uid__startswith=f"{MANY}-").count()
    assert made == {command: MANY // 2, dry_run: 0, page: MANY}[work]
