"""manage.py import_oulad: courses, activities, learners and memberships of the Open University's dataset."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from courses.imports.oulad.loading import Ground, ground_laid, presentations_load
from courses.imports.oulad.reading import COLUMNS, Dataset, Rejected
from courses.imports.tables import TableWriter
from courses.management.importing import Listing, failures_told, institution_named, progress, row_name


class Rejections(Listing):
    """Rows that were not taken: the first ones on the screen, all of them in a file if one is named."""

    def __init__(self, writer: TableWriter | None) -> None:
        super().__init__()
        self._writer = writer

    def __call__(self, rejected: Rejected) -> None:
        self.add(f"{rejected.file}, line {rejected.line}: {rejected.reason}")
        if self._writer:
            self._writer.write(rejected)


class Command(BaseCommand):
    help = (
        "Bring the Open University Learning Analytics Dataset into an institution. Each presentation is written wholly "
        "or not at all; running it again completes what is missing and changes nothing else. Rejected rows are listed "
        "and are no failure."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="Where the five files are, as .csv or .csv.gz.")
        parser.add_argument("--institution", required=True, metavar="ACRONYM", help="Exactly as it is written.")
        parser.add_argument(
            "--vle", type=row_name, default="Open University (OULAD)", help="Name of the VLE (default: %(default)s)."
        )
        parser.add_argument(
            "--send",
            type=row_name,
            default="Disability declared",
            help="Description of the SEND category (default: %(default)s).",
        )
        parser.add_argument("--rejected", type=Path, metavar="FILE", help="Write all rejected rows there, as CSV.")

    def handle(self, *args: Any, **options: Any) -> None:
        institution = institution_named(options["institution"])
        with failures_told(), ExitStack() as stack:
            rejections = Rejections(_writer(stack, options["rejected"]))
            dataset = Dataset(options["folder"], rejections)
            submitted = self._checked(dataset, options["verbosity"])
            ground = ground_laid(institution=institution, vle=options["vle"], category=options["send"])
            made = self._loaded(dataset, ground, options["verbosity"])
        rejections.show(self.stderr, all_of_them="--rejected FILE writes them all.")
        self.stdout.write("\n".join(_summary(dataset, ground, made, submitted)))

    def _checked(self, dataset: Dataset, verbosity: int) -> int:
        """Everything is read before anything is written: how many assessments something was handed in for."""
        dataset.read()
        bar = progress(self.stderr, verbosity=verbosity, desc="submissions", unit=" rows", unit_scale=True)
        with bar:
            assessments = set()
            for submission in dataset.submissions():
                assessments.add(submission.assessment)
                bar.update()
        return len(assessments)

    def _loaded(self, dataset: Dataset, ground: Ground, verbosity: int) -> Counter[str]:
        made: Counter[str] = Counter()
        found = dataset.presentations.values()
        amount = sum(len(presentation.students) for presentation in found)
        with progress(self.stderr, verbosity=verbosity, total=amount, desc="presentations", unit=" students") as bar:
            for presentation, rows in presentations_load(ground=ground, presentations=found, reject=dataset.take_back):
                made.update(rows)
                bar.set_postfix_str(presentation.name)
                bar.update(len(presentation.students))
        return made


def _writer(stack: ExitStack, path: Path | None) -> TableWriter | None:
    if path is None:
        return None
    return TableWriter(stack.enter_context(path.open("w", encoding="utf-8", newline="")), Rejected._fields)


def _summary(dataset: Dataset, ground: Ground, made: Counter[str], submitted: int) -> list[str]:
    def told(new: bool) -> str:
        return "made" if new else "found"

    vle, category = ground.vle, ground.category
    lines = [
        f"VLE {vle.pk} {vle.name}: {told(ground.vle_is_new)}",
        f"SEND category {category.pk} {category.description}: {told(ground.category_is_new)}",
        f"submissions to {submitted} assessments checked and counted; they are not stored",
        "",
        f"{'file':<20}{'taken':>10}{'rejected':>10}",
        *(f"{name:<20}{dataset.taken[name]:>10}{dataset.rejected[name]:>10}" for name in COLUMNS),
        "",
        f"new in {vle.institution.acronym}: " + ", ".join(f"{amount} {name}" for name, amount in made.items()),
    ]
    if ground.vle_is_new:
        path = f"/api/v2/institution/{vle.institution_id}/vle/{vle.pk}/credentials/"
        lines.append(f"The VLE has no credentials yet: an administrator issues them with POST {path}")
    return lines
