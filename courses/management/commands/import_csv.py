"""manage.py import_csv: people, their roles and their courses from a CSV file."""

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from courses.imports.people import COLUMNS, REFUSED, STATUSES, PeopleImport
from courses.imports.results import result_file
from courses.imports.tables import DELIMITERS, Table, TableError, TableWriter
from courses.management.importing import (
    RowMessages,
    failures_as_command_errors,
    institution_by_acronym,
    progress,
    unwrapped,
)

EXAMPLE = (
    ("1001", "Ann", "Lee", "ann.lee@example.org", "en", "learner", "Moodle", "history-1"),
    ("1002", "Bob", "Roe", "bob.roe@example.org", "ca", "instructor", "Moodle", "history-1"),
    ("1003", "", "", "", "", "learner", "", ""),
)


class Command(BaseCommand):
    help = (
        "Import people, their roles and their courses into an institution. People are identified by uid: existing ones "
        "get the values of the file, an empty cell changes nothing. Refused rows are listed; they are no failure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help=f"CSV in UTF-8 with columns of {', '.join(COLUMNS)}.")
        parser.add_argument("--institution", metavar="ACRONYM", help="Its acronym, case-sensitive.")
        parser.add_argument("--delimiter", choices=DELIMITERS, help="Default: the one that fits the first line.")
        parser.add_argument("--dry-run", action="store_true", help="Report everything, write nothing.")
        parser.add_argument("--all-or-nothing", action="store_true", help="Write nothing if a row is refused.")
        parser.add_argument(
            "--clear-empty", action="store_true", help="An empty name, e-mail or locale deletes the stored one."
        )
        parser.add_argument(
            "--result", type=Path, metavar="FILE", help="Write all rows with their outcomes to this file."
        )
        parser.add_argument("--template", action="store_true", help="Print an example of such a file and exit.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["template"]:
            writer = TableWriter(unwrapped(self.stdout), COLUMNS)
            for row in EXAMPLE:
                writer.write(row)
            return
        if not (options["file"] and options["institution"]):
            raise CommandError("FILE and --institution are needed.")
        institution = institution_by_acronym(options["institution"])
        with failures_as_command_errors():
            table = _table(options["file"], options["delimiter"])
            _check_result_path(options["file"], options["result"])
            self._messages = RowMessages()
            people = PeopleImport(institution, table.columns, clears=options["clear_empty"])
            counts = self._import(table, people, options)
        self._messages.show(self.stderr, hint="--result FILE writes them all.")
        written = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
        self.stdout.write(f"{counts.total()} rows: {written}")
        if options["all_or_nothing"] and counts[REFUSED]:
            raise CommandError("Nothing was written, because rows are refused.")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was written.")

    def _import(self, table: Table, people: PeopleImport, options: dict[str, Any]) -> Counter[str]:
        counts: Counter[str] = Counter()
        total = sum(1 for _ in table.rows())
        together = options["dry_run"] or options["all_or_nothing"]
        with (
            result_file(options["result"], table) as result,
            transaction.atomic(durable=True) if together else nullcontext(),
            progress(self.stderr, verbosity=options["verbosity"], total=total, unit=" rows") as bar,
        ):
            for outcome in people.outcomes(table.rows(*table.columns)):
                counts[outcome.status] += 1
                if outcome.reasons:
                    self._messages.add(f"line {outcome.row.line}: {outcome.status}: {' '.join(outcome.reasons)}")
                result.write(outcome)
                bar.update()
            result.undone = options["all_or_nothing"] and bool(counts[REFUSED])
            if options["dry_run"] or result.undone:
                transaction.set_rollback(True)
        return counts


def _table(path: Path, delimiter: str | None) -> Table:
    table = Table(path, delimiters=(delimiter,) if delimiter else DELIMITERS)
    table.require(["uid"])
    unknown = [name for name in table.columns if name not in COLUMNS]
    if unknown:
        raise TableError(
            f"{path} has columns that are not taken: {', '.join(map(repr, unknown))}. Known are {', '.join(COLUMNS)}; "
            "no file gives administrative rights or passwords."
        )
    return table


def _check_result_path(file: Path, result: Path | None) -> None:
    """Refuse an unusable --result before anything is written."""
    if result is None:
        return
    if result.resolve() == file.resolve():
        raise CommandError("The result would overwrite the file that is read.")
    if result.exists() and not result.is_file():
        raise CommandError(f"{result} is there already and is no file.")
