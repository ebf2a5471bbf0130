"""/admin/ui/{id}/: UI options of all institutions, for global administrators."""

from institutions.models import UIOption
from tests.contract.declared import Resource

RESOURCE = Resource(
    "admin_ui",
    "admin/ui/{id}/",
    "route",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": {"route": "statistics", "enabled": True, "roles": "ADMIN,DATA"},
        "put": {"route": "statistics", "enabled": True, "roles": "ADMIN,DATA"},
        "patch": {"roles": None},
    },
    queries={"list": "global 1", "read": "global 1"},
    golden="global",
    orderable="id route enabled roles created_at updated_at",
    searched="route",
    model=UIOption,
)  # fmt: skip
