"""/institution/{institution}/transparency/: which instruments are used, and what became of contests."""

from tests.contract.declared import Resource

RESOURCE = Resource(
    "transparency",
    "institution/{institution_id}/transparency/",
    "i",
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "told":  (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
    },
    actions={"told": "get {row}"},
    callers={"told": "ann"},
    queries={"told": "ann 3"},
)  # fmt: skip
