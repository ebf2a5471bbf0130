"""/institution/{institution}/ui/{ui}/: UI options."""

from institutions.models import UIOption
from tests.contract.declared import Resource

RESOURCE = Resource(
    "ui",
    "institution/{parent_lookup_institution_id}/ui/{id}/",
    "i ui",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"route": "dashboard", "enabled": False, "user": None},
        "put": {"route": "dashboard", "enabled": True},
        "patch": {"enabled": True},
    },
    queries={
        "list": "global 2, admin 1",
        "read": "global 2, admin 1",
    },
    golden="admin",
    orderable="id route enabled roles user",
    searched="route",
    model=UIOption,
)  # fmt: skip
