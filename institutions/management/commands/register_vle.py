"""manage.py register_vle: registers a VLE of an institution and prints its credentials."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from institutions.models import VLE, Institution, VLEType
from institutions.services.vles import vle_create
from kernel.recording import Entry, record
from kernel.text import validate_line
from kernel.writes import one_transaction


class Command(BaseCommand):
    help = (
        "Register a VLE and print it with its credentials as JSON. The secrets are shown only this once: if they are "
        "lost, new ones must be issued through the API."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--institution",
            metavar="ACRONYM",
            required=True,
            help="Its acronym, case-sensitive.",
        )
        parser.add_argument("--name", required=True, help="Unique in the institution.")
        parser.add_argument("--url", help="Address of the VLE, as https://host/path.")
        parser.add_argument("--client-id", help="The VLE's name for this service as an LTI tool.")

    def handle(self, *args: Any, institution: str, name: str, url: str | None, client_id: str | None, **_: Any) -> None:
        owner = Institution.objects.filter(acronym=institution).first()
        if owner is None:
            raise CommandError(f"There is no institution with the acronym {institution!r}.")
        values = {"type": VLEType.MOODLE, "name": name.strip(), "url": url or None, "client_id": client_id or None}
        try:
            _validate(owner, values)
        except ValidationError as error:
            raise CommandError("; ".join(_messages(error))) from error
        with one_transaction():
            vle, issued = vle_create(institution=owner, **values)
            record(Entry("create", "institution/vle", vle.pk, owner.pk, details={"name": vle.name}))
        output = {"id": vle.pk, "name": vle.name, "url": vle.url, "institution_id": owner.pk, "credentials": issued}
        self.stdout.write(json.dumps(output, indent=2))


def _messages(error: ValidationError) -> Iterator[str]:
    for field, texts in error.message_dict.items():
        prefix = "" if field == NON_FIELD_ERRORS else f"{field}: "
        yield f"{prefix}{' '.join(texts)}"


def _validate(institution: Institution, values: dict[str, Any]) -> None:
    """Raise ValidationError for values that the API would refuse."""
    VLE(institution=institution, **values).full_clean()
    for name in ("name", "client_id"):
        try:
            validate_line(values[name] or "")
        except ValidationError as error:
            raise ValidationError({name: error}) from error
