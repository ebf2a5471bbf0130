"""/institution/{institution}/fairness/: rates with and without special needs."""

from tests.contract.declared import Resource

RESOURCE = Resource(
    "fairness",
    "institution/{institution_id}/fairness/",
    "i",
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "rates": (403, 200, 403, 200, 200, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"rates": "get {row}"},
    callers={"rates": "send"},
    queries={"rates": "send 2"},
)  # fmt: skip
