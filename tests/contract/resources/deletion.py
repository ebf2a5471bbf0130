"""/institution/{i}/deletion/{deletion}/: deletions in bulk."""

from retention.models import Deletion
from retention.services.bulk import preview
from tests.contract.declared import Resource


def _seen(world):
    found = preview(institution=world.home.institution, course_id=world.home.course.pk)
    return {"course": world.home.course.pk, "state": found.state}


RESOURCE = Resource(
    "deletion",
    "institution/{parent_lookup_institution_id}/deletion/{id}/",
    "i deletion",
    matrix={
        #           glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "create":  (403, 201, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "preview": (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": _seen,
        "preview": lambda world: {"course": world.home.course.pk},
    },
    actions={"preview": "post {list}preview/"},
    queries={"list": "admin 1, data 1", "read": "admin 1, data 1"},
    golden="data",
    orderable="id status before files created_at updated_at",
    model=Deletion,
)  # fmt: skip
