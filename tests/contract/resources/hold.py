"""/institution/{i}/hold/{hold}/: legal holds."""

from rights.models import LegalHold
from tests.contract.declared import Resource

RESOURCE = Resource(
    "hold",
    "institution/{parent_lookup_institution_id}/hold/{id}/",
    "i hold",
    matrix={
        #           glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create":  (403, 403, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "release": (403, 403, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    actions={"release": "post {row}release/"},
    bodies={
        "create": lambda world: {"person_id": world.people["bob"].pk, "reason": "A lawsuit.", "until": None},
        "release": {"reason": "It has been settled."},
    },
    callers={"create": "data", "release": "data"},
    queries={"list": "admin 2, data 2", "read": "admin 2, data 2"},
    golden="data",
    orderable="id person_id until released_at created_at",
    searched="reason release_reason",
    model=LegalHold,
)  # fmt: skip
