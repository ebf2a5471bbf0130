"""manage.py register_provider: registers a provider, or changes one that there is, from a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from institutions.models import Instrument, Provider
from institutions.services.instruments import provider_create, provider_update
from kernel.domain import Invalid
from kernel.recording import Entry, record
from kernel.writes import one_transaction

REQUIRED = ("instrument", "acronym", "name", "version")
OPTIONAL = (
    "queue", "description", "url", "enabled", "allow_validation", "validation_active", "alert_below", "warning_below",
    "inverted_polarity", "image", "has_service", "service_port", "options_schema", "options",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Register the provider that a JSON file describes, and print it with its credentials as JSON. The secret is "
        "shown only this once. A provider with the same acronym is changed instead: what the file leaves out stays as "
        "it is, and the credentials stay valid. "
        f"Keys: {', '.join(REQUIRED)}; may be left out: {', '.join(OPTIONAL)}. `instrument` is an acronym."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="A JSON object in UTF-8.")

    def handle(self, *args: Any, file: str, **_: Any) -> None:
        values = _read(file)
        stored = Provider.objects.filter(acronym=values.get("acronym") or "").first()
        if stored is None and (missing := [name for name in REQUIRED if values.get(name) in (None, "")]):
            raise CommandError(f"{', '.join(missing)}: missing")
        try:
            with one_transaction():
                provider, issued = _registered(stored, values)
                record(Entry("create" if stored is None else "update", "admin/provider", provider.pk))
        except ValidationError as error:
            raise CommandError("; ".join(_messages(error))) from error
        except Invalid as error:
            raise CommandError(str(error)) from error
        output = {
            "id": provider.pk,
            "acronym": provider.acronym,
            "instrument": provider.instrument.acronym if provider.instrument else None,
            "queue": provider.queue,
            "enabled": provider.enabled,
            "credentials": issued,
        }
        self.stdout.write(json.dumps(output, indent=2))


def _read(file: str) -> dict[str, Any]:
    try:
        values = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as JSON: {error}") from error
    if not isinstance(values, dict):
        raise CommandError(f"{file} is no JSON object.")
    if unknown := sorted({*values} - {*REQUIRED, *OPTIONAL}):
        raise CommandError(f"{', '.join(unknown)}: unknown")
    return {name: _clean(name, value) for name, value in values.items()}


def _clean(name: str, value: Any) -> Any:
    """The value as the column keeps it, so that it is compared and printed as it is stored."""
    if name == "instrument":
        instrument = Instrument.objects.filter(acronym=value).first() if isinstance(value, str) else None
        if instrument is None:
            raise CommandError(f"instrument: there is none with the acronym {value!r}")
        return instrument
    if name in ("alert_below", "warning_below") and isinstance(value, float):
        value = str(value)  # exactly what was written
    try:
        field: Any = Provider._meta.get_field(name)
        return field.clean(value, None)
    except ValidationError as error:
        raise CommandError(f"{name}: {' '.join(error.messages)}") from error


def _registered(stored: Provider | None, values: dict[str, Any]) -> tuple[Provider, dict[str, str] | None]:
    if stored is None:
        return provider_create(**values)
    return provider_update(provider=stored, **values), None


def _messages(error: ValidationError) -> Iterator[str]:
    for field, texts in error.message_dict.items():
        prefix = "" if field == NON_FIELD_ERRORS else f"{field}: "
        yield f"{prefix}{' '.join(texts)}"
