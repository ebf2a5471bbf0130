"""manage.py erase_files: erase objects that could not be erased before, or have no row. Run it once a day."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from files import services


class Command(BaseCommand):
    help = (
        "Try again what the store failed to erase, and erase the objects that no row knows: those of transactions "
        "that were never committed. Objects that this service did not name are left alone."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--unknown-hours", type=int, default=24, help="Age from which an object without a row is erased (24)."
        )

    def handle(self, *args, **options) -> None:
        if options["unknown_hours"] < 1:
            raise CommandError("--unknown-hours must be at least 1: a transaction may still be under way.")
        erased, pending = services.objects_erase_pending()
        unknown, failed = services.objects_erase_unknown(older_than=timedelta(hours=options["unknown_hours"]))
        self.stdout.write(f"erased: {erased} pending, {unknown} unknown; left: {pending} pending, {failed} unknown")
        if pending or failed:
            raise CommandError("The store did not erase everything; the log says why.")
