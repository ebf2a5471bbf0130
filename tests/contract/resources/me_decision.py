"""/me/decision/{decision}/: the caller's own decisions about consents."""

from learners.models import ConsentDecision
from tests.contract.declared import Resource

RESOURCE = Resource(
    "me_decision",
    "me/decision/{id}/",
    "decision",
    matrix={
        #        glob admi teac bob  ann  annL memb stra away (COLUMNS in declared.py)
        "list": (403, 403, 403, 200, 200, 200, 403, 403, 200),
        "read": (403, 403, 403, 404, 200, 200, 403, 403, 404),
    },
    queries={"list": "ann 3", "read": "ann 3"},
    golden="ann",
    orderable="id decision version language at signed_in",
    searched="version",
    model=ConsentDecision,
)  # fmt: skip
