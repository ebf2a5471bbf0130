"""Sample data for a local start: two universities with people, courses, consents, reports and audits."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kernel.domain import DomainError
from kernel.text import validate_line

LONGEST = 128  # as in the sign-in form


class Command(BaseCommand):
    help = (
        "Make the sample data, or what is missing of it, and print accounts and ids. Running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--password", help="Password of all sample accounts; without it one is made and kept.")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="How to print (default: text).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Sample data is made with DEMO=1 only: accounts with known passwords are no good elsewhere."
            )
        from demo.seed import seed_demo

        try:
            data = seed_demo(password=self._password(options["password"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(data) if options["format"] == "json" else _table(data))

    def _password(self, password: str | None) -> str | None:
        if password is not None:
            validate_line(password)
            validate_password(password)
            if len(password) > LONGEST:
                raise CommandError(f"A password has at most {LONGEST} characters.")
        return password


def _table(data: dict[str, Any]) -> str:
    acronyms = {row["id"]: row["acronym"] for row in data["institutions"]}
    rows = [("Role", "Institution", "E-mail", "Password")]
    for account in data["accounts"]:
        home = f"{acronyms[account['institution']]} ({account['institution']})" if account["institution"] else "all"
        rows.append((account["role"], home, account["email"], account["password"]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *_addresses(data)])


def _addresses(data: dict[str, Any]) -> list[str]:
    """URLs to start with, with ids that exist."""
    base = f"http://127.0.0.1:{settings.WEB_PORT}"
    api = f"{base}/api/v2/institution/{data['institutions'][0]['id']}"
    return [
        f"VLE {data['vle']['id']}: role_id {data['vle']['role_id']}, secret_id {data['vle']['secret_id']}",
        "",
        f"  {api}/learner/  learners with consent and special needs",
        f"  {api}/ic/       informed consents",
        f"  {api}/course/{data['course']}/  a course",
    ]
