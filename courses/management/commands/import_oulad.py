"""manage.py import_oulad: courses, activities, learners and memberships of the Open University's dataset."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from courses.imports.oulad.loading import Target, presentations_load, target_prepared
from courses.imports.oulad.reading import COLUMNS, Dataset, Rejected
from courses.management.importing import (
    RowMessages,
    failures_as_command_errors,
    institution_by_acronym,
    progress,
    row_name,
)
from kernel.spreadsheets import TableWriter


class Rejections(RowMessages):
    """Rejected rows: the first ones are shown, and all are written to a file if there is one."""

    def __init__(self, writer: TableWriter | None) -> None:
        super().__init__()
        self._writer = writer

    def __call__(self, rejected: Rejected) -> None:
        self.add(f"{rejected.file}, line {rejected.line}: {rejected.reason}")
        if self._writer:
            self._writer.write(rejected)


class Command(BaseCommand):
    help = (
        "Import the Open University Learning Analytics Dataset into an institution. Each presentation is written in a "
        "transaction of its own; running it again adds what is missing and changes nothing else. Rejected rows are "
        "listed; they are no failure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Folder with the five files, as .csv or .csv.gz.")
        parser.add_argument(
            "--institution",
            required=True,
            metavar="ACRONYM",
            help="Its acronym, case-sensitive.",
        )
        parser.add_argument(
            "--vle", type=row_name, default="Open University (OULAD)", help="Name of the VLE (default: %(default)s)."
        )
        parser.add_argument(
            "--send",
            type=row_name,
            default="Disability declared",
            help="Description of the SEND category (default: %(default)s).",
        )
        parser.add_argument(
            "--rejected", type=Path, metavar="FILE", help="Write all rejected rows to this file, as CSV."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        institution = institution_by_acronym(options["institution"])
        with failures_as_command_errors(), ExitStack() as stack:
            rejections = Rejections(_writer(stack, options["rejected"]))
            dataset = Dataset(options["folder"], rejections)
            submitted = self._check(dataset, options["verbosity"])
            target = target_prepared(institution=institution, vle=options["vle"], category=options["send"])
            new_rows = self._load(dataset, target, options["verbosity"])
        rejections.show(self.stderr, hint="--rejected FILE writes them all.")
        self.stdout.write("\n".join(_summary(dataset, target, new_rows, submitted)))

    def _check(self, dataset: Dataset, verbosity: int) -> int:
        """Read all files before anything is written; returns the number of assessments with submissions."""
        dataset.read()
        bar = progress(self.stderr, verbosity=verbosity, desc="submissions", unit=" rows", unit_scale=True)
        with bar:
            assessments = set()
            for submission in dataset.submissions():
                assessments.add(submission.assessment)
                bar.update()
        return len(assessments)

    def _load(self, dataset: Dataset, target: Target, verbosity: int) -> Counter[str]:
        new_rows: Counter[str] = Counter()
        presentations = dataset.presentations.values()
        students = sum(len(presentation.students) for presentation in presentations)
        with progress(self.stderr, verbosity=verbosity, total=students, desc="presentations", unit=" students") as bar:
            loaded = presentations_load(target=target, presentations=presentations, reject=dataset.take_back)
            for presentation, rows in loaded:
                new_rows.update(rows)
                bar.set_postfix_str(presentation.name)
                bar.update(len(presentation.students))
        return new_rows


def _writer(stack: ExitStack, path: Path | None) -> TableWriter | None:
    if path is None:
        return None
    return TableWriter(stack.enter_context(path.open("w", encoding="utf-8", newline="")), Rejected._fields)


def _summary(dataset: Dataset, target: Target, new_rows: Counter[str], submitted: int) -> list[str]:
    def word(new: bool) -> str:
        return "made" if new else "found"

    vle, category = target.vle, target.category
    lines = [
        f"VLE {vle.pk} {vle.name}: {word(target.vle_is_new)}",
        f"SEND category {category.pk} {category.description}: {word(target.category_is_new)}",
        f"submissions to {submitted} assessments checked and counted; they are not stored",
        "",
        f"{'file':<20}{'taken':>10}{'rejected':>10}",
        *(f"{name:<20}{dataset.taken[name]:>10}{dataset.rejected[name]:>10}" for name in COLUMNS),
        "",
        f"new in {vle.institution.acronym}: " + ", ".join(f"{amount} {name}" for name, amount in new_rows.items()),
    ]
    if target.vle_is_new:
        path = f"/api/v2/institution/{vle.institution_id}/vle/{vle.pk}/credentials/"
        lines.append(f"The VLE has no credentials yet: an administrator issues them with POST {path}")
    return lines
