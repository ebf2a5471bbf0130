"""manage.py verify_trail: whether the trail is whole. It ends with a code other than 0 if it is not."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from trail import chain
from trail.cutting import as_text
from trail.verifying import lines_of, sent_lines, verify


class Command(BaseCommand):
    help = (
        "Find lines of the trail that were changed, removed, moved, put in or cut off since they were sealed, and "
        "heads and cuts with a wrong signature. It also looks at those that were written to TRAIL_HEADS_FILE."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--institution", type=int, help="The number of one institution; 0: the installation's own.")
        parser.add_argument("--heads", type=Path, help="Another file with heads and cuts, as they were sent away.")
        parser.add_argument("--json", action="store_true", help="As JSON, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["heads"]
        try:
            sent = lines_of(file) if file else sent_lines()
            found = verify(institution_id=options["institution"], sent=sent)
        except (OSError, ValueError) as error:
            raise CommandError(f"{file or settings.TRAIL_HEADS_FILE} cannot be read: {error}") from error
        if options["json"]:
            faults = [fault._asdict() for fault in found.faults]
            told = {"lines": found.lines, "heads": found.heads, "faults": faults}
            cuts = [json.loads(as_text(cut)) for cut in found.cuts.values()]
            self.stdout.write(json.dumps(told | {"cuts": cuts}, indent=2))
        else:
            for fault in found.faults:
                self.stdout.write(f"{fault.kind}: institution {fault.institution_id}: {fault.text}")
            for home, cut in found.cuts.items():
                self.stdout.write(
                    f"institution {home}: begins behind {cut.position} lines, the last one of "
                    f"{chain.instant(cut.last_at)}, that were cut after {cut.days} days"
                )
            self.stdout.write(f"verified: {found.lines} lines, {found.heads} heads; faults: {len(found.faults)}")
        if found.faults:
            raise CommandError("The trail is not what was sealed.")
