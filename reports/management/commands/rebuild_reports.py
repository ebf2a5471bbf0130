"""manage.py rebuild_reports: compute reports and histograms from scratch, and say where they differ."""

from django.core.management.base import BaseCommand, CommandError

from reports.services.rebuilding import Scope, reports_rebuilt


class Command(BaseCommand):
    help = (
        "Compute reports, sessions and histograms from the providers' results, and print each column that differs from "
        "what is stored. Results that the background work has not counted yet are differences, too. Exit code 1 if "
        "there are some and they are not mended. After the thresholds of a provider have been changed, --write applies "
        "them to earlier results."
    )

    def add_arguments(self, parser) -> None:
        for name in ("institution", "activity", "learner"):
            parser.add_argument(f"--{name}", type=int, metavar="ID", help=f"Only what is of this {name}.")
        parser.add_argument("--write", action="store_true", help="Store what was computed.")

    def handle(self, *args, **options) -> None:
        scope = Scope(options["institution"], options["activity"], options["learner"])
        number = 0
        for found in reports_rebuilt(scope, write=options["write"]):
            number += 1
            self.stdout.write(
                f"{found.table} {found.key} {found.column}: stored {found.stored!r}, computed {found.computed!r}"
            )
        done = "mended" if options["write"] else "found"
        self.stdout.write(f"{number} {'difference' if number == 1 else 'differences'} {done}")
        if number and not options["write"]:
            raise CommandError("The reports differ from their evidence: --write mends them.")
