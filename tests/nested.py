"""JSON of a given depth."""

import json
from typing import Any


def object_of(levels: int) -> dict[str, Any]:
    return json.loads('{"a":' * levels + "1" + "}" * levels)


def list_of(levels: int) -> list[Any]:
    return json.loads("[" * levels + "]" * levels)
