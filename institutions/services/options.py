"""Options of instruments and providers, and the JSON Schemas (draft 7) that say what they may be."""

from typing import Any

import jsonschema_rs

BROKEN_SCHEMA = "This is no JSON Schema of draft 7 that stands by itself."


def options_wrong(schema: dict[str, Any], options: Any) -> str | None:
    """What is wrong with these options, in words; None when nothing is. ValueError when the schema itself is broken."""
    # Nothing is fetched for a schema, and no value comes back in a message.
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
