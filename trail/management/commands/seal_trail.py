"""manage.py seal_trail: put what was written into the chains and sign them. The service does it once a minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from trail import chain
from trail.sealing import seal


class Command(BaseCommand):
    help = "Give each line of the trail its place in the chain of its institution, and sign what has grown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--public-keys", action="store_true", help="Show the keys that verify heads, and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["public_keys"]:
            for name, key in chain.public_keys().items():
                self.stdout.write(f"{name} {key}")
            return
        lines, heads = seal(sign_now=True)
        self.stdout.write(f"sealed: {lines} lines; signed: {heads} heads")
