"""/institution/{institution}/group/{group}/: groups of courses."""

from courses.models import CourseGroup
from tests.contract.declared import Resource

RESOURCE = Resource(
    "group",
    "institution/{parent_lookup_institution_id}/group/{id}/",
    "i group",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create": (403, 201, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "put":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"name": "Department"},
        "put": {"name": "Renamed"},
        "patch": {"description": "All of it."},
    },
    queries={
        "list": "global 2, admin 1, data 1, member 1",
        "read": "global 2, admin 1, data 1, member 1",
    },
    golden="global ann",
    orderable="id institution parent name description created_at updated_at",
    searched="name description",
    model=CourseGroup,
)  # fmt: skip
