"""manage.py apply_retention: delete what institutions keep no longer. Run it every night."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from institutions.models import Institution
from retention.services.applying import Outcome, retention_applied
from retention.services.kinds import HELD_WORDS


class Command(BaseCommand):
    help = (
        "Delete what is older than the retention period that its institution has set for this kind of data. Kinds "
        "without a period are left alone, and so is what a legal hold, an open contest or an open session keeps. It "
        "can be interrupted and run again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--institution", metavar="ACRONYM", help="Of this one alone; case-sensitive.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be deleted, and delete nothing.")
        parser.add_argument("--json", action="store_true", help="As JSON, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        institution = None
        if options["institution"] is not None:
            institution = Institution.objects.filter(acronym=options["institution"]).first()
            if institution is None:
                raise CommandError(f"There is no institution with the acronym {options['institution']!r}.")
        outcomes = []
        for outcome in retention_applied(institution=institution, dry_run=options["dry_run"]):
            outcomes.append(outcome)
            if not options["json"]:
                self.stdout.write(_line(outcome, options["dry_run"]))
        if options["json"]:
            found = [outcome.as_dict() for outcome in outcomes]
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "outcomes": found}, indent=2))
        elif not outcomes:
            self.stdout.write("No retention period is set: nothing is deleted.")
        elif options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was deleted.")


def _line(outcome: Outcome, dry_run: bool) -> str:
    rows = ", ".join(f"{number} {word}" for word, number in outcome.deleted.items() if number) or "nothing"
    files = "" if outcome.files is None else f", {outcome.files} files"
    held = "".join(f"; held back: {number} {HELD_WORDS[why]}" for why, number in outcome.held.items() if number)
    verb = "would be deleted" if dry_run else "deleted"
    return f"{outcome.institution} {outcome.kind}, older than {outcome.days} days: {verb}: {rows}{files}{held}"
