"""/institution/{institution}/course/{course}/instructor/{teacher}/: instructors of a course."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "course_instructor",
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/instructor/{id}/",
    "i course teacher",
    # the learners of the course read its instructors
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"uid": "visitor"},
        "put": {"uid": "teacher"},
        "patch": {"uid": "teacher"},
    },
    queries={
        "list": "global 2, admin 2, data 2, teacher 2, ann 2",
        "read": "global 2, admin 2, data 2, teacher 2, ann 2",
    },
    golden="ann",
    orderable="id username uid first_name last_name email created_at updated_at",
    searched="uid username first_name last_name email",
    model=User,
    sees={
        "global": ("teacher",),
        "admin": ("teacher",),
        "data": ("teacher",),
        "teacher": ("teacher",),
        "bob": ("teacher",),
        "ann": ("teacher",),
    },
)  # fmt: skip
