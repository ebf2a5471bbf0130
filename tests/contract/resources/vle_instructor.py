"""/vle/{vle}/course/{course}/instructor/{teacher}/: instructors of a course, as a VLE tells them."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import INSTRUCTOR_KEYS, PERSON

RESOURCE = Resource(
    "vle_instructor",
    "vle/{vle_id}/course/{course_id}/instructor/{id}/",
    "vle course teacher",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": PERSON,
        "put": {"uid": "teacher"},
        "patch": {"first_name": "Other"},
    },
    queries={"list": "vle 2", "read": "vle 2"},
    golden="vle",
    orderable=(
        "id uid username first_name last_name email locale last_login created_at updated_at inst_admin "
        "legal_admin send_admin data_admin"
    ),
    searched="uid username first_name last_name email",
    keys=INSTRUCTOR_KEYS,
)  # fmt: skip
