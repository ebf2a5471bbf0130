"""What lines tell, for those who may read them: sealed texts are opened where their keys are still there."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict

from trail.models import NO_INSTITUTION, Cut, Key, Line, Part
from trail.sealed import opened


class Told(TypedDict):
    """Null: it told of somebody whose account is gone."""

    name: str | None  # of the actor
    address: str | None
    details: dict[str, Any] | None


def cut_until(institution_id: int | None) -> datetime | None:
    """When the last line was written that was cut: the lines up to it are deleted. None if all are there."""
    cuts = Cut.objects.filter(institution_id=institution_id or NO_INSTITUTION).order_by("-position")
    return cuts.values_list("last_at", flat=True).first()


def told(keys: Collection[int]) -> dict[int, Told]:
    """What these lines tell of people and values: {key of the line: what it tells}."""
    found = {(row.line_id, row.part): bytes(row.key) for row in Key.objects.filter(line_id__in=keys)}
    answer = {}
    for key, origin, details in Line.objects.filter(pk__in=keys).values_list("pk", "origin", "details"):
        who = json.loads(opened(origin, found.get((key, Part.ORIGIN))) or "{}")
        what = json.loads(opened(details, found.get((key, Part.DETAILS))) or "null")
        answer[key] = Told(name=who.get("name"), address=who.get("address"), details=what)
    return answer
