"""/vle/{vle}/course/{course}/activity/{activity}/: activities of a course, as a VLE tells them."""

from tests.contract.declared import Resource
from tests.contract.vle_calls import ACTIVITY_KEYS, MOODLE_ACTIVITY

RESOURCE = Resource(
    "vle_activity",
    "vle/{vle_id}/course/{course_id}/activity/{id}/",
    "vle course activity",
    matrix={"list": 200, "create": 201, "read": 200, "put": 200, "patch": 200, "delete": 204},
    bodies={
        "create": MOODLE_ACTIVITY,
        "put": MOODLE_ACTIVITY | {"enabled": True},
        "patch": {"name": "Other"},
    },
    queries={"list": "vle 3", "read": "vle 3"},
    golden="vle",
    orderable=(
        "id course vle_activity_type vle_activity_id name description enabled start end conf created_at "
        "updated_at"
    ),
    searched="name description vle_activity_type vle_activity_id",
    keys=ACTIVITY_KEYS,
)  # fmt: skip
