"""manage.py pipeline_status: what waits, what is being done, and what is stuck."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pipeline.status import as_text, status


class Command(BaseCommand):
    help = "Show how much background work waits, how old the oldest is, what is stuck, and what was given up and why."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="As JSON, for programs.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = status(broker=settings.BROKER_URL)
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else as_text(found))
