"""/institution/{institution}/ic/{ic}/: informed consents."""

from institutions.models import InformedConsent
from tests.contract.declared import Resource
from tests.contract.prepared import consent_of_nobody

NEWS = {"version": "3.0.0", "valid_from": "2030-01-01T00:00:00Z"}

RESOURCE = Resource(
    "ic",
    "institution/{parent_lookup_institution_id}/ic/{id}/",
    "i ic",
    matrix={
        #           glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":    (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create":  (403, 201, 201, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "current": (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "read":    (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "put":     (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":   (403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete":  (403, 204, 204, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": NEWS,
        "put": NEWS,
        "patch": {"version": "1.0.1"},
    },
    before={"delete": consent_of_nobody},
    actions={"current": "get {list}current/"},
    queries={
        "list": "global 2, admin 1, legal 1, member 1",
        "current": "global 2, admin 1, legal 1, member 1",
        "read": "global 2, admin 1, legal 1, member 1",
    },
    golden="global ann",
    orderable="id institution version valid_from created_at updated_at",
    searched="version",
    model=InformedConsent,
)  # fmt: skip
