"""/institution/{institution}/vle/{vle}/: VLEs of an institution."""

from institutions.models import VLE
from tests.contract.declared import Resource

RESOURCE = Resource(
    "vle",
    "institution/{parent_lookup_institution_id}/vle/{id}/",
    "i vle",
    matrix={
        #               glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":        (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "create":      (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":        (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "put":         (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":       (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete":      (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "credentials": (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"type": 0, "name": "Second Moodle", "url": "https://second.example.org"},
        "put": {"type": 0, "name": "Renamed"},
        "patch": {"client_id": "client"},
        "credentials": {"overlap_minutes": 5},
    },
    actions={"credentials": "post {row}credentials/"},
    queries={
        "list": "global 2, admin 1",
        "read": "global 2, admin 1",
    },
    golden="global admin",
    orderable="id type name url client_id",
    searched="name url client_id",
    model=VLE,
)  # fmt: skip
