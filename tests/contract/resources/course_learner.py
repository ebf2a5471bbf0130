"""/institution/{institution}/course/{course}/learner/{ann}/: learners of a course."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "course_learner",
    "institution/{parent_lookup_vle__institution_id}/course/{parent_lookup_id}/learner/{id}/",
    "i course ann",
    # the learners of the course read only themselves
    matrix={
        #          glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list":   (200, 200, 403, 200, 403, 200, 200, 200, 403, 403, 404, 401),
        "create": (403, 201, 403, 403, 403, 201, 403, 403, 403, 403, 404, 401),
        "read":   (200, 200, 403, 200, 403, 200, 404, 200, 403, 403, 404, 401),
        "put":    (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "patch":  (403, 200, 403, 403, 403, 200, 403, 403, 403, 403, 404, 401),
        "delete": (403, 204, 403, 403, 403, 204, 403, 403, 403, 403, 404, 401),
    },
    bodies={
        "create": {"uid": "eve"},
        "put": {"uid": "ann"},
        "patch": {"uid": "ann"},
    },
    queries={
        "list": "global 6, admin 5, data 5, teacher 5, ann 5",
        "read": "global 6, admin 5, data 5, teacher 5, ann 5",
    },
    golden="data ann",
    orderable=(
        "id username last_login first_name last_name email locale created_at updated_at uid institution "
        "consent consent_accepted consent_rejected learner_id login_allowed joined_at"
    ),
    searched="uid username first_name last_name email",
    model=User,
    sees={
        "global": ("ann", "bob"),
        "admin": ("ann", "bob"),
        "data": ("ann", "bob"),
        "teacher": ("ann", "bob"),
        "ann": ("ann",),
        "bob": ("bob",),
    },
)  # fmt: skip
