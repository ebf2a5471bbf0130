"""From the tree to addresses: the list of every resource and its first row, found by asking the service itself."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from kernel.access import ROOTS
from kernel.caller import PEOPLE
from kernel.routing import Resource
from tesla_api.tree import TREE

ROOT = "/api/v2/"
# Below the roots of modules there is no page: people are refused there.
# What only data administrators may read, what the sample data has none of, and what is a learner's own (tests/rights).
DATA_ONLY = {
    "institution-trail",
    "institution-contest",
    "institution-hold",
    "institution-erasure",
    "institution-retention",
    "institution-deletion",
    "me-report",
    "me-decision",
    "me-contest",
    "me-erasure",
    "me-trail",
    "me-bundle",
    "me-correction",
    "institution-correction",
}
FOR_PEOPLE = [resource for resource in TREE if ROOTS[resource.root].kinds & PEOPLE]


@dataclass(frozen=True)
class Place:
    resource: Resource
    listed: str  # address of the list
    rows: list[dict[str, Any]]

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def first(self) -> str | None:
        return self.at(self.rows[0]) if self.rows else None

    def at(self, row: dict[str, Any]) -> str:
        kwarg = self.resource.kwargs[-1]
        return f"{self.listed}{row.get(kwarg, row.get(kwarg.removesuffix('_id'), row['id']))}/"


def places(
    get: Callable[[str], Any], root: str = "institution", only: Collection[str] | None = None, *, data: bool = False
) -> Iterator[Place]:
    """`get(path)` is the JSON answer. Of the parents the first one with rows is taken; without parents, none.

    With `only`, the resources of these names and those above them: no other list is asked for. With `data` a data
    administrator asks; without, what only these may read is left out.
    """
    below = [
        resource
        for resource in TREE
        if resource.root == root
        and (only is None or _leads_to(resource, only))
        and (data or resource.name not in DATA_ONLY)
    ]
    above = {resource.prefix.strip("/"): [f"{ROOT}{resource.prefix}"] for resource in below}
    for resource in sorted(below, key=lambda resource: len(resource.segments)):
        name, _, word = resource.name.rpartition("-")
        place = None
        for parent in above.get(name, ()):
            listed = f"{parent}{word}/"
            body = get(f"{listed}?limit=1000")
            if "results" not in body:
                break  # who asks may not see it
            place = Place(resource, listed, body["results"])
            if place.rows:
                break
        if place is not None:
            yield place
            above[resource.name] = [place.at(row) for row in place.rows]


def _leads_to(resource: Resource, names: Collection[str]) -> bool:
    return any(f"{name}-".startswith(f"{resource.name}-") for name in names)
