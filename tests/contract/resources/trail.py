"""/institution/{institution}/trail/{line}/: what was done and seen."""

from tests.contract.declared import Resource
from trail.models import Line

RESOURCE = Resource(
    "trail",
    "institution/{parent_lookup_institution_id}/trail/{id}/",
    "i line",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "export": (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    callers={"list": "data", "read": "data", "export": "data"},
    actions={"export": "get {list}export/"},
    queries={"list": "data 4", "read": "data 4", "export": "data 3"},
    golden="data",
    orderable="id written_at",
    searched="verb resource row_key",
    model=Line,
)  # fmt: skip
