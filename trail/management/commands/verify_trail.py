"""manage.py verify_trail: whether the trail is whole. It ends with a code other than 0 if it is not."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trail.verifying import verify


class Command(BaseCommand):
    help = (
        "Find lines of the trail that were changed, removed, moved, put in or cut off since they were sealed, and "
        "heads with a wrong signature. It also looks at the heads that were written to TRAIL_HEADS_FILE."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--institution", type=int, help="The number of one institution; 0: the installation's own.")
        parser.add_argument("--heads", type=Path, help="Another file with heads, as they were sent away.")
        parser.add_argument("--json", action="store_true", help="As JSON, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["heads"] or _own_file()
        try:
            sent = [line for line in file.read_text().splitlines() if line.strip()] if file else []
            found = verify(institution_id=options["institution"], sent=sent)
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        if options["json"]:
            faults = [fault._asdict() for fault in found.faults]
            self.stdout.write(json.dumps({"lines": found.lines, "heads": found.heads, "faults": faults}, indent=2))
        else:
            for fault in found.faults:
                self.stdout.write(f"{fault.kind}: institution {fault.institution_id}: {fault.text}")
            self.stdout.write(f"verified: {found.lines} lines, {found.heads} heads; faults: {len(found.faults)}")
        if found.faults:
            raise CommandError("The trail is not what was sealed.")


def _own_file() -> Path | None:
    """To which heads are sent; None if nothing was sent yet."""
    file = Path(settings.TRAIL_HEADS_FILE)
    return file if settings.TRAIL_HEADS_FILE and file.exists() else None
