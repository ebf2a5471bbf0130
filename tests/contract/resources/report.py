"""/institution/{institution}/course/{course}/activity/{activity}/report/{report}/: reports of an activity."""

from institutions.models import User
from tests.contract.declared import Resource

RESOURCE = Resource(
    "report",
    "institution/{parent_lookup_activity__vle__institution_id}/course/"
    "{parent_lookup_activity__course_id}/activity/{parent_lookup_activity_id}/report/{id}/",
    "i course activity report",
    # ann's report, while the institution lets learners read nothing; otherwise: SWITCHED in test_access.py
    matrix={
        #        glob admi lega data send teac bob  ann  memb visi stra anon (COLUMNS in declared.py)
        "list": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
        "read": (200, 200, 403, 200, 403, 200, 403, 403, 403, 403, 404, 401),
    },
    queries={
        "list": "global 4, admin 4, data 4, teacher 4",
        "read": "global 6, admin 6, data 6, teacher 6",
    },
    golden="teacher",
    orderable="id learner identity_level content_level integrity_level",
    searched="first_name last_name email uid",
    model=User,
    key_of=lambda row: row["learner"]["id"],
)  # fmt: skip
