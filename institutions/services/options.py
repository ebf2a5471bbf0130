"""Options of instruments and providers, validated by JSON Schemas (draft 7)."""

from typing import Any

import jsonschema_rs

BROKEN_SCHEMA = "This is no JSON Schema of draft 7 that stands by itself."


def options_wrong(schema: dict[str, Any], options: Any) -> str | None:
    """The first error of these options, in words, or None. ValueError when the schema itself is broken."""
    # `offline`: schemas cannot make the server fetch addresses. `mask`: messages do not repeat values.
    compiled = jsonschema_rs.Draft7Validator(schema, offline=True, mask="the value")
    for wrong in compiled.iter_errors(options):
        where = ".".join(map(str, wrong.instance_path))
        return f"{where}: {wrong.message}" if where else wrong.message
    return None


def schema_is_broken(schema: dict[str, Any]) -> bool:
    try:
        options_wrong(schema, {})
    except ValueError:
        return True
    return False
