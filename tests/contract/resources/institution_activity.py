"""/institution/{i}/activity/{activity}/: activities of all courses."""

from courses.models import Activity
from tests.contract.declared import Resource

RESOURCE = Resource(
    "institution_activity",
    "institution/{parent_lookup_institution_id}/activity/{id}/",
    "i activity",
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 403, 200, 403, 200, 403, 403, 403, 200, 404, 401),
        "read": (200, 200, 403, 200, 403, 200, 403, 403, 403, 404, 404, 401),
    },
    queries={"list": "global 2, admin 1, data 1, teacher 1", "read": "global 2, admin 1, data 1, teacher 1"},
    golden="data",
    orderable="id course vle_activity_type vle_activity_id name start end enabled created_at updated_at",
    searched="name description vle_activity_type vle_activity_id",
    model=Activity,
)  # fmt: skip
