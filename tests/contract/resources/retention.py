"""/institution/{i}/retention/{kind}/: how long an institution keeps each kind of data."""

from retention.models import Period
from tests.contract.declared import Resource

RESOURCE = Resource(
    "retention",
    "institution/{parent_lookup_institution_id}/retention/{kind}/",
    "i kept",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create": (403, 403, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "put":    (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 403, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"kind": "alerts", "days": 90},
        "put": {"kind": "captures", "days": 100},
        "patch": {"days": 100},
    },
    callers={"list": "data", "create": "data", "put": "data", "patch": "data", "delete": "data"},
    queries={"list": "admin 1, data 1", "read": "admin 1, data 1"},
    golden="data",
    orderable="id kind days created_at updated_at",
    model=Period,
    is_single=True,
    name_of=lambda row: row["kind"],
)  # fmt: skip
