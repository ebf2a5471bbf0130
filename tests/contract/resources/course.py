"""/institution/{institution}/course/{course}/: courses."""

from courses.models import Course
from tests.contract.declared import Resource

RESOURCE = Resource(
    "course",
    "institution/{parent_lookup_vle__institution_id}/course/{id}/",
    "i course",
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404, 401),
        "read":   (200, 200, 404, 200, 404, 200, 200, 200, 404, 404, 404, 401),
        "delete": (403, 204, 403, 204, 403, 403, 403, 403, 403, 403, 404, 401),
    },
    queries={
        "list": "global 2, admin 1, data 1, teacher 1, ann 1",
        "read": "global 2, admin 1, data 1, teacher 1, ann 1",
    },
    golden="global ann",
    orderable="id vle vle_course_id code description start end created_at updated_at",
    searched="code vle_course_id description",
    model=Course,
    sees={
        "global": ("C1", "C2"),
        "admin": ("C1", "C2"),
        "data": ("C1", "C2"),
        "legal": (),
        "send": (),
        "member": (),
        "eve": (),
        "teacher": ("C1",),
        "bob": ("C1",),
        "ann": ("C1",),
        "visitor": ("C2",),
    },
    shown="code",
)  # fmt: skip
