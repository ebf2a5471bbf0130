"""/institution/{institution}/group/{group}/course/{course}/: courses of a group."""

from courses.models import Course
from tests.contract.declared import Resource
from tests.contract.prepared import id_of_spare_course, spare_course
from tests.world import World


def body(world: World) -> dict[str, int]:
    return {"id": id_of_spare_course(world)}


RESOURCE = Resource(
    "group_course",
    "institution/{parent_lookup_institution_id}/group/{parent_lookup_id}/course/{id}/",
    "i group course",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "create": (403, 201, 403, 201, 403, 403, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "put":    (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 200, 403, 403, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    bodies=dict.fromkeys(("create", "put", "patch"), body),
    before={"create": spare_course, "put": spare_course, "patch": spare_course},
    queries={
        "list": "global 2, admin 2, data 2, member 2",
        "read": "global 2, admin 2, data 2, member 2",
    },
    golden="ann",
    orderable="id vle_id vle_course_id code description start end created_at updated_at",
    searched="code vle_course_id description",
    model=Course,
)  # fmt: skip
