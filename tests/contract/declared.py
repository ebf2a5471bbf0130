"""What a test of the contract declares of a resource, once, in a file of tests/contract/resources/.

All suites of this folder collect from these declarations: matrix, foreign rows, paths, budgets, lists, plans, schema.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from tests.world import World

# The callers whose answers stand in a matrix line, in this order, by the first word of the URL.
COLUMNS = {
    "institution": (
        "global", "admin", "legal", "data", "send", "teacher", "bob", "ann", "member", "visitor", "stranger",
        "anonymous",
    ),
    "admin": ("global",),
    "vle": ("vle",),
    "provider": ("desk",),
    "me": ("global", "admin", "teacher", "bob", "ann", "ann launched", "member", "stranger", "away ann"),
    "lapi": (
        "ann", "ann launched", "ann's token", "ann's session", "vle", "vle with ann's number", "away vle",
    ),
}  # fmt: skip
# What everybody else is answered there, whatever the operation.
OTHERS: dict[str, dict[str, int]] = {
    "institution": {"vle": 403, "provider": 403, "session": 403, "revoked vle": 401},
    "admin": {
        "admin": 403, "legal": 403, "data": 403, "send": 403, "teacher": 403, "ann": 403, "member": 403,
        "stranger": 403, "global launched": 403, "admin launched": 403, "vle": 403, "provider": 403, "session": 403,
        "anonymous": 401, "revoked vle": 401,
    },
    "vle": {
        "sister vle": 403, "away vle": 403, "provider": 403, "session": 403, "admin": 403, "global": 403,
        "teacher": 403, "ann": 403, "ann launched": 403, "teacher launched": 403, "stranger": 403, "anonymous": 401,
        "revoked vle": 401,
    },
    "provider": {
        "next desk": 403, "provider": 403, "vle": 403, "session": 403, "admin": 403, "data": 403, "global": 403,
        "teacher": 403, "bob": 403, "bob's token": 403, "stranger": 403, "anonymous": 401, "revoked vle": 401,
        "revoked desk": 401,
    },
    "me": {"vle": 403, "provider": 403, "session": 403, "anonymous": 401, "revoked vle": 401},
    "lapi": {
        "bob": 403, "bob's token": 403, "teacher": 403, "admin": 403, "global": 403, "provider": 403, "away ann": 404,
        "away ann's token": 404, "stranger": 404, "anonymous": 401, "revoked vle": 401,
    },
}  # fmt: skip
RIGHT_CALLERS = {
    "institution": "admin",
    "admin": "global",
    "vle": "vle",
    "provider": "desk",
    "lapi": "ann",
    "me": "ann",
}
# Operation -> its method, and whether it is about one row.
STANDARD = {
    "list": ("get", False), "create": ("post", False), "read": ("get", True), "put": ("put", True),
    "patch": ("patch", True), "delete": ("delete", True),
}  # fmt: skip


@dataclass(frozen=True)
class Resource:
    """`matrix`: operation -> the statuses of COLUMNS, typed by hand; there is one line for every operation."""

    name: str
    url: str  # the line of tesla_api/tree.py
    ids: str  # for each id in that URL the world's row: names of ids_of() in tests/contract/calls.py
    matrix: Mapping[str, tuple[int, ...] | int]
    bodies: Mapping[str, Any] = field(default_factory=dict)  # of an operation, or a function that makes it of the world
    before: Mapping[str, Callable[[World], None]] = field(default_factory=dict)  # what must be there first
    callers: Mapping[str, str] = field(default_factory=dict)  # the right caller, where it is not that of RIGHT_CALLERS
    # Operations beside those of STANDARD: "enrolment" -> "get {row}enrolment/"; {row} and {list} are their addresses.
    actions: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, str] = field(default_factory=dict)  # operation -> "admin 1, global 2": statements of reads
    golden: str = ""  # whose answers are kept in golden/
    # Of lists: the columns that order, the default order, the searched columns, and whose columns these are.
    orderable: str = ""
    default_order: str = "id"
    searched: str = ""
    model: type[Model] | None = None
    key_of: Callable[[dict[str, Any]], int] = lambda row: row["id"]  # the key of that model in a row of the list
    refused_for_good: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # callers whose 200 says "ERROR"
    # What names a row of an answer in addresses.
    name_of: Callable[[dict[str, Any]], Any] = lambda row: row["id"]
    is_single: bool = False  # its lists are always shorter than a page
    is_shared: bool = False  # rows that are no institution's own
    sees: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # caller -> `shown` of the rows of the list
    shown: str = "uid"
    keys: tuple[Any, ...] = ()  # what an answer holds, where the API document does not say it (see shapes.py)
    keys_of_read: tuple[Any, ...] = ()  # of one row, where it holds more

    @property
    def root(self) -> str:
        return self.url.partition("/")[0]

    @property
    def parents(self) -> list[str]:
        """The rows of the world between the root's own and the resource's, by their names."""
        return self.ids.split()[1:-1]

    @property
    def own(self) -> str:
        """The row of the world that is the resource's."""
        return self.ids.split()[-1] if self.ids else ""


@dataclass(frozen=True)
class Call:
    """One operation, ready to be sent."""

    name: str  # "learner.enrolment"
    resource: Resource
    verb: str  # "enrolment"
    method: str
    url: str  # as in the schema
    path: str  # the same with the world's rows in place of the ids: "/api/v2/institution/{i}/learner/{ann}/"
    body: Any
    before: Callable[[World], None] | None
    by: str
    answers: Mapping[str, int]  # who -> status, for everybody
    queries: Mapping[str, int]

    @property
    def status(self) -> int:
        return self.answers[self.by]

    @property
    def is_list(self) -> bool:
        return self.verb == "list" and self.status == 200

    @property
    def is_of_row(self) -> bool:
        """The address holds the id of the resource's row."""
        return f"{{{self.resource.own}}}/" in self.path.removeprefix(self.path_above)

    @property
    def path_above(self) -> str:
        return _filled(self.resource).rpartition("{")[0]


def _filled(resource: Resource) -> str:
    ids = iter(resource.ids.split())
    return _prefix(resource) + re.sub(r"\{\w+\}", lambda _: f"{{{next(ids)}}}", resource.url)


def _prefix(resource: Resource) -> str:
    return "/" if resource.root == "lapi" else "/api/v2/"


def calls_of(resource: Resource) -> dict[str, Call]:
    strangers = {*resource.bodies, *resource.before, *resource.callers, *resource.queries, *resource.actions}
    if unknown := strangers - resource.matrix.keys():
        raise ValueError(f"{resource.name}: no matrix line for {sorted(unknown)}")
    calls = (_call(resource, verb) for verb in resource.matrix)
    return {call.name: call for call in calls}


def _call(resource: Resource, verb: str) -> Call:
    addresses = []
    for row in (_prefix(resource) + resource.url, _filled(resource)):
        places = {"row": row, "list": row.rpartition("{")[0]}
        if verb in resource.actions:
            method, _, where = resource.actions[verb].partition(" ")
            addresses.append(where.replace("{row}", places["row"]).replace("{list}", places["list"]))
        else:
            method, is_row = STANDARD[verb]
            addresses.append(places["row" if is_row else "list"])
    line = resource.matrix[verb]
    statuses = line if isinstance(line, tuple) else (line,)
    answers = dict(zip(COLUMNS[resource.root], statuses, strict=True)) | OTHERS[resource.root]
    budgets = (part.split(" ") for part in resource.queries.get(verb, "").split(", ") if part)
    return Call(
        f"{resource.name}.{verb}", resource, verb, method, *addresses, resource.bodies.get(verb),
        resource.before.get(verb), resource.callers.get(verb, RIGHT_CALLERS[resource.root]), answers,
        {who: int(number) for who, number in budgets},
    )  # fmt: skip
