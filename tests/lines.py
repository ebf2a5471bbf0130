"""What tests look for in the trail: readings of files, and what a line tells, opened."""

import json
from typing import Any, NamedTuple

from trail.models import Key, Line, Part
from trail.sealed import opened


class FileRead(NamedTuple):
    kind: str
    key: int
    owner: int | None
    reader_kind: str
    reader: int


def files_read() -> list[FileRead]:
    """Who has read which file, the latest last."""
    lines = Line.objects.filter(verb="read", resource__startswith="files/").order_by("pk")
    return [
        FileRead(
            line.resource.removeprefix("files/"), int(line.row_key), line.person_id, line.actor_kind, line.actor_id
        )
        for line in lines
    ]


def details_of(line: Line) -> Any:
    return json.loads(_text(line, Part.DETAILS, line.details) or "null")


def origin_of(line: Line) -> Any:
    return json.loads(_text(line, Part.ORIGIN, line.origin) or "null")


def _text(line: Line, part: Part, text: str) -> str | None:
    return opened(text, Key.objects.filter(line_id=line.pk, part=part).values_list("key", flat=True).first())
