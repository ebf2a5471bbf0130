"""manage.py import_csv: people, their roles and their courses from a table."""

from argparse import ArgumentTypeError
from collections import Counter
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from courses.imports.dialects import COLUMNS, EXAMPLE, FIELDS, layout_of
from courses.imports.people import REFUSED, SKIPPED, STATUSES, PeopleImport
from courses.imports.results import result_file
from courses.imports.tables import DELIMITER_WORDS, DELIMITERS, ENCODINGS, Table
from courses.imports.trials import TrialFile
from courses.management.importing import (
    RowMessages,
    failures_as_command_errors,
    institution_by_acronym,
    progress,
    unwrapped,
)
from kernel.spreadsheets import TableWriter


class Command(BaseCommand):
    help = (
        "Import people, their roles and their courses into an institution. People are identified by uid: existing ones "
        "get the values of the file, an empty cell changes nothing. Refused rows are listed; they are no failure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help=f"CSV or .xlsx with columns of {', '.join(COLUMNS)}, or a user upload of Moodle, or users or "
            "enrollments of OneRoster or Canvas.",
        )
        parser.add_argument("--institution", metavar="ACRONYM", help="Its acronym, case-sensitive.")
        parser.add_argument(
            "--column",
            type=_mapped,
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="The file's column for a field, such as uid=matricula; uid= for none.",
        )
        parser.add_argument(
            "--ignore", action="append", default=[], metavar="COLUMN", help="Pass over this column of the file."
        )
        parser.add_argument("--vle", default="", metavar="NAME", help="The VLE of courses whose rows name none.")
        parser.add_argument(
            "--delimiter", type=_delimiter, help="One of , ; and tab. Default: the one that fits the first line."
        )
        parser.add_argument("--encoding", choices=ENCODINGS, help="Default: what a byte order mark says, else utf-8.")
        parser.add_argument("--dry-run", action="store_true", help="Report everything, write and lock nothing.")
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
        delimiter = options["delimiter"]
        with failures_as_command_errors():
            table = Table(
                options["file"],
                delimiters=(delimiter,) if delimiter else DELIMITERS,
                encoding=options["encoding"],
                forgiving=True,
            )
            layout = layout_of(table, columns=dict(options["column"]), ignored=options["ignore"])
            _check_result_path(options["file"], options["result"])

            def people(trial: TrialFile | None) -> PeopleImport:
                return PeopleImport(institution, layout, clears=options["clear_empty"], vle=options["vle"], trial=trial)

            if options["dry_run"] or options["all_or_nothing"]:
                with closing(TrialFile()) as trial:
                    counts = self._run(table, people(trial), options)
            if not options["dry_run"] and not (options["all_or_nothing"] and counts[REFUSED]):
                counts = self._run(table, people(None), options)
        self._messages.show(self.stderr, hint="--result FILE writes them all.")
        statuses = STATUSES if not counts[SKIPPED] else (*STATUSES, SKIPPED)
        written = ", ".join(f"{counts[status]} {status}" for status in statuses)
        self.stdout.write(f"{counts.total()} rows: {written}")
        if options["all_or_nothing"] and counts[REFUSED]:
            raise CommandError("Nothing was written, because rows are refused.")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was written.")

    def _run(self, table: Table, people: PeopleImport, options: dict[str, Any]) -> Counter[str]:
        counts: Counter[str] = Counter()
        self._messages = RowMessages()
        total = None if options["verbosity"] == 0 else table.count()
        together = options["all_or_nothing"] and people.trial is None
        with (
            result_file(options["result"], table) as result,
            transaction.atomic(durable=True) if together else nullcontext(),
            progress(self.stderr, verbosity=options["verbosity"], total=total, unit=" rows") as bar,
        ):
            for outcome in people.outcomes(table.all_rows()):
                counts[outcome.status] += 1
                if outcome.reasons:
                    self._messages.add(f"line {outcome.row.line}: {outcome.status}: {' '.join(outcome.reasons)}")
                result.write(outcome)
                bar.update()
            result.undone = options["all_or_nothing"] and bool(counts[REFUSED])
            if together and result.undone:
                transaction.set_rollback(True)
        return counts


def _mapped(argument: str) -> tuple[str, str]:
    field, equals, column = argument.partition("=")
    if not equals or field not in FIELDS:
        raise ArgumentTypeError(f"write FIELD=COLUMN, where FIELD is one of {', '.join(FIELDS)}.")
    return field, column


def _delimiter(argument: str) -> str:
    mark = (DELIMITER_WORDS | {"\\t": "\t", "\t": "\t"}).get(argument)
    if mark is None:
        raise ArgumentTypeError("one of , ; and tab.")
    return mark


def _check_result_path(file: Path, result: Path | None) -> None:
    """Refuse an unusable --result before anything is written."""
    if result is None:
        return
    if result.resolve() == file.resolve():
        raise CommandError("The result would overwrite the file that is read.")
    if result.exists() and not result.is_file():
        raise CommandError(f"{result} is there already and is no file.")
