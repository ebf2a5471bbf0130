"""/me/trail/{own_line}/: who changed or looked at what is held about the caller."""

from tests.contract.declared import Resource
from trail.models import Line

RESOURCE = Resource(
    "me_trail",
    "me/trail/{id}/",
    "own_line",
    matrix={
        #        glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list": (200, 200, 200, 200, 200, 200, 200, 200, 200),
        "read": (404, 404, 404, 404, 200, 200, 404, 404, 404),
        "lists": (200, 200, 200, 200, 200, 200, 200, 200, 200),
    },
    actions={"lists": "get {list}lists/"},
    queries={"list": "ann 1", "read": "ann 3", "lists": "ann 1"},
    golden="ann",
    orderable="id written_at",
    searched="verb resource",
    model=Line,
)  # fmt: skip
