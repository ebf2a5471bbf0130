"""/institution/{institution}/course/{course}/activity/{activity}/: activities of a course."""

from courses.models import Activity
from tests.contract.declared import Resource

RESOURCE = Resource(
    "activity",
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_course_id}/activity/{id}/",
    "i course activity",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 204, 403, 204, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"name": "Oral exam", "enabled": True},
        "put": {"enabled": False},
        "patch": {"conf": "as agreed"},
    },
    queries={
        "list": "global 2, admin 2, data 2, teacher 2, ann 2",
        "read": "global 2, admin 2, data 2, teacher 2, ann 2",
    },
    golden="ann",
    orderable=(
        "id vle_activity_type vle_activity_id name start end description enabled conf created_at updated_at "
        "course_id vle_id"
    ),
    searched="name description vle_activity_type vle_activity_id",
    model=Activity,
)  # fmt: skip
